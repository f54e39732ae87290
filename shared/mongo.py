"""The one place that opens MongoDB connections (Motor is in its last maintenance year)."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo.errors import AutoReconnect, ConnectionFailure, ExecutionTimeout, WTimeoutError
from pymongo.write_concern import WriteConcern

from shared.settings import MongoSettings

Document = Mapping[str, Any]
Database = AsyncIOMotorDatabase[dict[str, Any]]
Collection = AsyncIOMotorCollection[dict[str, Any]]

TRANSIENT: tuple[type[Exception], ...] = (AutoReconnect, ConnectionFailure, ExecutionTimeout, WTimeoutError)
"""What may pass when tried again: server away, not primary, timed out."""


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
