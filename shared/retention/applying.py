"""Brings what is stored in line with changed days, in bounded batches; the servers do the deleting."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import ASCENDING, UpdateOne

from shared.mongo import Collection, Database
from shared.retention.documents import EXPIRES, KEPT_FROM, NEVER, expire, kept
from shared.retention.table import Retention

AT_ONCE = 1_000
AGGREGATED_AT_ONCE = 50
WITHDRAWN = "withdrawn"
Row = dict[str, Any]
Report = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """Documents of one collection: the fields that decide, and the days they give.

    `unchanged`: fields that services change, so that what one wrote meanwhile is not overwritten.
    """

    collection: str
    fields: tuple[str, ...]
    days: Callable[[Row, Retention], int | None]
    unchanged: tuple[str, ...] = ()


def of_event(row: Row, retention: Retention) -> int | None:
    return retention.of_event(row["type"], row["customer"])


def of_mark(row: Row, retention: Retention) -> int | None:
    # The first half of writing a mark has no more than a revision.
    return retention.of_withdrawn(row["customer"]) if row.get("state") == WITHDRAWN else None


def of_conflict(row: Row, retention: Retention) -> int | None:
    return retention.of_withdrawn(row["customer"]) if row["pair"] == WITHDRAWN else None


def of_identity(_: Row, retention: Retention) -> int | None:
    return retention.derived.identities


def of_notification(row: Row, retention: Retention) -> int | None:
    return None if row["state"] == "pending" else retention.derived.notifications


def of_silence(row: Row, retention: Retention) -> int | None:
    return retention.derived.notifications if row["released"] else None


KINDS: tuple[Kind, ...] = (
    Kind("touchpoints", ("type", "customer"), of_event),
    Kind("events", ("type", "customer"), of_event),
    Kind("conflict_marks", ("state", "customer", "revision"), of_mark, unchanged=("revision",)),
    Kind("conflicts", ("pair", "customer", "revision"), of_conflict, unchanged=("revision",)),
    Kind("identities", (), of_identity),
    Kind("notifications", ("state", "version"), of_notification, unchanged=("version",)),
    Kind("silences", ("released",), of_silence, unchanged=("released",)),
)
CUSTOMERS, TOUCHPOINTS, CONFLICTS = "customers", "touchpoints", "conflicts"
COLLECTIONS: tuple[str, ...] = (*(kind.collection for kind in KINDS), CUSTOMERS)


async def apply_to_documents(database: Database, retention: Retention, now: datetime, report: Report) -> dict[str, int]:
    """Documents changed, by collection; `report` is told how many were looked at. Raises `PyMongoError`.

    What was stored before documents had dates is kept as if it came `now`. Interrupted, it can be run again.
    """
    changed = {kind.collection: await apply_kind(database, kind, retention, now, report) for kind in KINDS}
    changed[CUSTOMERS] = await apply_customers(database, now, report)
    return changed


async def apply_kind(database: Database, kind: Kind, retention: Retention, now: datetime, report: Report) -> int:
    collection = database[kind.collection]
    await expire(collection)
    changed = 0
    async for rows in batches(collection, kind.fields):
        writes = [write for row in rows if (write := new_dates(kind, row, retention, now)) is not None]
        changed += await written(collection, writes)
        report(len(rows))
    return changed


def new_dates(kind: Kind, row: Row, retention: Retention, now: datetime) -> UpdateOne | None:
    dates = kept(row.get(KEPT_FROM, now), kind.days(row, retention))
    if kind.collection == CONFLICTS and row["pair"] != WITHDRAWN:
        dates["ends"] = now  # the owner looks up when its events end
    elif dates[EXPIRES] == row.get(EXPIRES):
        return None
    return UpdateOne({"_id": row["_id"], **{name: row[name] for name in kind.unchanged}}, {"$set": dates})


async def apply_customers(database: Database, now: datetime, report: Report) -> int:
    """A customer is known as long as the last of its touchpoints."""
    customers = database[CUSTOMERS]
    await expire(customers)
    changed = 0
    async for rows in batches(customers, ()):
        last = await last_ends(database[TOUCHPOINTS], [row["_id"] for row in rows])
        writes = []
        for row in rows:
            expires = last.get(row["_id"], now)
            if expires != row.get(EXPIRES):
                # A touchpoint that came meanwhile has moved the date.
                known = {EXPIRES: row.get(EXPIRES, {"$exists": False})}
                writes.append(UpdateOne({"_id": row["_id"], **known}, {"$set": {EXPIRES: expires}}))
        changed += await written(customers, writes)
        report(len(rows))
    return changed


async def last_ends(touchpoints: Collection, customers: Sequence[str]) -> Mapping[str, datetime]:
    found: dict[str, datetime] = {}
    for at in range(0, len(customers), AGGREGATED_AT_ONCE):
        some = {"customer": {"$in": list(customers[at : at + AGGREGATED_AT_ONCE])}}
        group = {"_id": "$customer", "last": {"$max": f"${EXPIRES}"}}
        async for row in touchpoints.aggregate([{"$match": some}, {"$group": group}]):
            found[row["_id"]] = row["last"] or NEVER
    return found


async def batches(collection: Collection, fields: Sequence[str]) -> AsyncIterator[list[Row]]:
    """All documents in order of their ids, `AT_ONCE` at a time."""
    wanted = dict.fromkeys((*fields, KEPT_FROM, EXPIRES), 1)
    place: Row = {}
    while True:
        rows = await collection.find(place, wanted).sort("_id", ASCENDING).limit(AT_ONCE).to_list(AT_ONCE)
        if not rows:
            return
        yield rows
        place = {"_id": {"$gt": rows[-1]["_id"]}}


async def written(collection: Collection, writes: Sequence[UpdateOne]) -> int:
    if not writes:
        return 0
    return (await collection.bulk_write(writes, ordered=False)).modified_count


async def documents_in(database: Database) -> int:
    """About how many documents there are to look at."""
    return sum([await database[name].estimated_document_count() for name in COLLECTIONS])


def now() -> datetime:
    """In milliseconds, as MongoDB keeps it."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
