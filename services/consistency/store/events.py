"""Collection `events`: each touchpoint once, as it came."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ASCENDING, IndexModel

from services.consistency.domain.stored import microseconds
from services.consistency.store.documents import chunks
from shared.events import CustomerEvent, customer_of, digest, identity_of, to_json
from shared.mongo import Database, ensure_indexes, insert_new

MESSAGE = "touchpoint.message.v1"


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event to store and the partition it came from."""

    event: CustomerEvent
    partition: int


class Events:
    def __init__(self, database: Database) -> None:
        self._events = database["events"]

    async def prepare(self) -> None:
        await ensure_indexes(
            self._events,
            [
                IndexModel([("customer", ASCENDING)]),
                IndexModel([("partition", ASCENDING), ("type", ASCENDING), ("time", ASCENDING), ("_id", ASCENDING)]),
            ],
        )

    async def store(self, arrivals: Sequence[Arrival]) -> frozenset[int]:
        """Stores each once, the first of an identity; answers the places of those whose identity has other
        content."""
        rows = [_row(arrival) for arrival in arrivals]
        known = {place: rows[place] for place in await insert_new(self._events, rows)}
        if not known:
            return frozenset()
        cursor = self._events.find({"_id": {"$in": [row["_id"] for row in known.values()]}}, {"digest": 1})
        stored = {row["_id"]: row["digest"] async for row in cursor}
        return frozenset(place for place, row in known.items() if stored[row["_id"]] != row["digest"])

    async def histories(self, customers: Sequence[str]) -> dict[str, dict[str, str]]:
        """For each customer, identity -> event as JSON."""
        found: dict[str, dict[str, str]] = {customer: {} for customer in customers}

        async def read(some: Sequence[str]) -> None:
            cursor = self._events.find({"customer": {"$in": list(some)}}, {"customer": 1, "body": 1}, batch_size=10_000)
            async for row in cursor:
                found[row["customer"]][row["_id"]] = row["body"]

        await asyncio.gather(*(read(some) for some in chunks(customers)))
        return found

    async def counts(self, customers: Sequence[str]) -> Mapping[str, int]:
        """Events stored of each customer."""
        counts: dict[str, int] = defaultdict(int)
        for some in chunks(customers):
            async for row in self._events.find({"customer": {"$in": list(some)}}, {"customer": 1, "_id": 0}):
                counts[row["customer"]] += 1
        return counts

    async def told(
        self, partition: int, since: int, until: int, after: tuple[int, str] | None, limit: int
    ) -> list[tuple[str, tuple[int, str]]]:
        """Customers of the partition with messages of the time from `since` up to `until` (microseconds), in
        order of the messages' time: each with the place to go on from; a customer may come more than once."""
        place: dict[str, Any] = {"time": {"$gte": since, "$lt": until}}
        if after is not None:
            time, last = after
            place = {"$or": [{"time": {"$gt": time, "$lt": until}}, {"time": time, "_id": {"$gt": last}}]}
        cursor = (
            self._events.find({"partition": partition, "type": MESSAGE, **place}, {"customer": 1, "time": 1})
            .sort([("time", ASCENDING), ("_id", ASCENDING)])
            .limit(limit)
        )
        return [(row["customer"], (row["time"], row["_id"])) async for row in cursor]

    async def totals(self) -> tuple[int, int]:
        """Messages and customers."""
        messages = await self._events.count_documents({"type": MESSAGE})
        grouped = self._events.aggregate([{"$group": {"_id": "$customer"}}, {"$count": "customers"}])
        rows = await grouped.to_list(1)
        return messages, rows[0]["customers"] if rows else 0


def _row(arrival: Arrival) -> dict[str, Any]:
    event = arrival.event
    body = to_json(event)
    return {
        "_id": identity_of(event),
        "digest": digest(body),
        "customer": customer_of(event),
        "source": event.source,
        "event": event.id,
        "type": event.type,
        "time": microseconds(event.time),
        "partition": arrival.partition,
        "body": body.decode(),
    }
