"""Collection `events`: each touchpoint once, as it came."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel

from services.consistency.clock import Clock
from services.consistency.domain.stored import microseconds
from services.consistency.store.documents import chunks
from shared.events import CustomerEvent, digest, identity_of, to_json
from shared.mongo import Database, ensure_indexes, insert_new
from shared.reserved import not_reserved
from shared.retention import Retention
from shared.retention.documents import EXPIRES, NEVER, expire, kept, later_of

MESSAGE = "touchpoint.message.v1"


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event to store, the partition it came from, and when Kafka took it (milliseconds)."""

    event: CustomerEvent
    partition: int
    arrived: int = 0


class Events:
    """What has expired is not there any more for who asks, also where the server has not deleted it yet."""

    def __init__(self, database: Database, retention: Retention, clock: Clock) -> None:
        self._events = database["events"]
        self._retention = retention
        self._clock = clock

    async def prepare(self) -> None:
        await ensure_indexes(
            self._events,
            [
                IndexModel([("customer", ASCENDING)]),
                IndexModel([("partition", ASCENDING), ("type", ASCENDING), ("time", ASCENDING), ("_id", ASCENDING)]),
            ],
        )
        await expire(self._events)

    async def store(self, arrivals: Sequence[Arrival]) -> frozenset[int]:
        """Stores each once, the first of an identity; answers the places of those whose identity has other
        content."""
        rows = [self._row(arrival) for arrival in arrivals]
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
            fields = {"customer": 1, "body": 1, EXPIRES: 1}
            cursor = self._events.find({"customer": {"$in": list(some)}}, fields, batch_size=10_000)
            async for row in cursor:
                if not self._expired(row):
                    found[row["customer"]][row["_id"]] = row["body"]

        await asyncio.gather(*(read(some) for some in chunks(customers)))
        return found

    async def counts(self, customers: Sequence[str]) -> Mapping[str, int]:
        """Events stored of each customer."""
        counts: dict[str, int] = defaultdict(int)
        for some in chunks(customers):
            async for row in self._events.find({"customer": {"$in": list(some)}}, {"customer": 1, EXPIRES: 1}):
                counts[row["customer"]] += not self._expired(row)
        return counts

    async def ends(self, identities: Sequence[str]) -> dict[str, datetime]:
        """When each of the events expires; without those that are not there."""
        found: dict[str, datetime] = {}
        for some in chunks(sorted(set(identities))):
            async for row in self._events.find({"_id": {"$in": list(some)}}, {EXPIRES: 1}):
                found[row["_id"]] = row.get(EXPIRES, NEVER)
        return found

    def _expired(self, row: dict[str, Any]) -> bool:
        expires: datetime = row.get(EXPIRES, NEVER)
        return microseconds(expires) <= self._clock()

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
        """Messages and customers, without reserved ones."""
        messages = await self._events.count_documents({"type": MESSAGE, **not_reserved("customer")})
        grouped = self._events.aggregate(
            [{"$match": not_reserved("customer")}, {"$group": {"_id": "$customer"}}, {"$count": "customers"}]
        )
        rows = await grouped.to_list(1)
        return messages, rows[0]["customers"] if rows else 0

    def _row(self, arrival: Arrival) -> dict[str, Any]:
        event = arrival.event
        body = to_json(event)
        days = self._retention.of_event(event.type, event.data.customer.id)
        return {
            "_id": identity_of(event),
            "digest": digest(body),
            "customer": event.data.customer.id,
            "source": event.source,
            "event": event.id,
            "type": event.type,
            "time": microseconds(event.time),
            "partition": arrival.partition,
            "body": body.decode(),
            **kept(later_of(event.time, arrival.arrived), days),
        }
