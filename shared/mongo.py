"""The one place that opens MongoDB connections (Motor is in its last maintenance year)."""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo import IndexModel
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    WTimeoutError,
)
from pymongo.write_concern import WriteConcern

from shared.settings import MongoSettings

logger = logging.getLogger(__name__)

Document = Mapping[str, Any]
Database = AsyncIOMotorDatabase[dict[str, Any]]
Collection = AsyncIOMotorCollection[dict[str, Any]]

TRANSIENT: tuple[type[Exception], ...] = (AutoReconnect, ConnectionFailure, ExecutionTimeout, WTimeoutError)
"""What may pass when tried again: server away, not primary, timed out."""

DUPLICATE_KEY = 11_000
OTHER_OPTIONS = (85, 86)
"""The index is there with other options: `IndexOptionsConflict`, `IndexKeySpecsConflict`."""
NOT_IMPLEMENTED = 238

WITHOUT = {
    "partialFilterExpression": "the index holds every document and is bigger",
    "expireAfterSeconds": "documents do not expire by themselves",
}
"""Index options that can be done without, and what is lost. MongoDB has them; not every compatible server does."""


@asynccontextmanager
async def connect(settings: MongoSettings, app_name: str) -> AsyncIterator[Database]:
    """The database, written with majority acknowledgement; times are aware, in UTC."""
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        settings.uri,
        appname=app_name,
        tz_aware=True,
        serverSelectionTimeoutMS=5_000,
        connectTimeoutMS=5_000,
        socketTimeoutMS=20_000,
        retryWrites=False,
    )
    try:
        yield client.get_database(settings.database, write_concern=WriteConcern(w="majority", wtimeout=15_000))
    finally:
        client.close()


async def ping(database: Database) -> None:
    """Raises one of `TRANSIENT` where the server does not answer."""
    await database.command("ping")


async def ensure_indexes(collection: Collection, indexes: Sequence[IndexModel]) -> None:
    """Creates the indexes that are missing, and changes the expiry of those that have another one.

    A server that says it has not implemented an option of `WITHOUT` gets the index without it, and the log says what
    is lost. Raises `OperationFailure` for whatever else is refused. One command an index: FerretDB ends the connection
    where a command names several that are there.
    """
    lost = [option for index in indexes for option in await _ensure_index(collection, index)]
    if lost:
        losses = "; ".join(f"{option}: {WITHOUT[option]}" for option in sorted(set(lost)))
        logger.warning("%s: the server has no %s", collection.name, losses)


async def _ensure_index(collection: Collection, index: IndexModel) -> list[str]:
    """Answers the options that the server does not have."""
    wanted = index.document
    try:
        await collection.create_indexes([index])
    except OperationFailure as error:
        lost = [option for option in WITHOUT if option in wanted]
        if error.code in OTHER_OPTIONS and "expireAfterSeconds" in wanted:
            expiry = {"keyPattern": wanted["key"], "expireAfterSeconds": wanted["expireAfterSeconds"]}
            await collection.database.command("collMod", collection.name, index=expiry)
        elif error.code == NOT_IMPLEMENTED and lost:
            options = {name: value for name, value in wanted.items() if name not in ("key", *lost)}
            await collection.create_indexes([IndexModel(list(wanted["key"].items()), **options)])
            return lost
        else:
            raise
    return []


async def insert_new(collection: Collection, documents: Sequence[dict[str, Any]]) -> list[int]:
    """Inserts each document whose `_id` is not there yet; answers the places of the others.

    Raises one of `TRANSIENT` where what was written is not known to last: inserting again is safe.
    """
    if not documents:
        return []
    try:
        await collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        return _duplicates(error)
    return []


def _duplicates(error: BulkWriteError) -> list[int]:
    details = error.details
    if details["writeConcernErrors"]:
        first = details["writeConcernErrors"][0]
        raise WTimeoutError(first.get("errmsg", str(error)), first.get("code"), first) from error
    if any(one["code"] != DUPLICATE_KEY for one in details["writeErrors"]):
        raise error
    return [one["index"] for one in details["writeErrors"]]
