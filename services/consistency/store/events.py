"""Collection `events`: each touchpoint once, as it came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.consistency.clock import Clock
from services.consistency.domain.bounds import HISTORY, REACH
from services.consistency.domain.stored import microseconds
from services.consistency.store.documents import Row, chunks
from shared.events import CustomerEvent, digest, identity_of, to_json
from shared.mongo import Database, ensure_indexes, insert_new
from shared.reserved import not_reserved
from shared.retention import Retention
from shared.retention.documents import EXPIRES, NEVER, expire, kept, later_of

MESSAGE = "touchpoint.message.v1"
FOREVER = microseconds(NEVER)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event to store, the partition it came from, and when Kafka took it (milliseconds)."""

    event: CustomerEvent
    partition: int
    arrived: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of events that were to be stored, by their places. `repeated`: stored before; `reused`: of these,
    those whose identity has other content; `ends` has when each expires (microseconds)."""

    repeated: frozenset[int]
    reused: frozenset[int]
    ends: Sequence[int]


@dataclass(frozen=True, slots=True)
class StoredHistory:
    """A customer's events as JSON, by identity, when those expire that do (microseconds), and the partitions they came
    from. `since` (microseconds) where only the newest messages are there: up to then what was found before stands as it
    is, for not all that it depends on is read."""

    bodies: Mapping[str, str]
    since: int | None = None
    ends: Mapping[str, int] = field(default_factory=dict)
    partitions: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Bounds:
    """`messages` of a customer are looked at, the newest, each compared with the `reach` before it. `at_once`: events
    of several customers read in one go; where there are more, each customer's newest are."""

    messages: int = HISTORY
    reach: int = REACH
    at_once: int = 10_000

    @cached_property
    def by_type(self) -> Mapping[str, int]:
        """Events of one customer, the newest."""
        return {
            MESSAGE: self.messages,
            "touchpoint.delivery.v1": 4 * self.messages,
            "touchpoint.case.v1": self.messages,
            "touchpoint.consent.v1": self.messages,
        }


USUAL = Bounds()


class Events:
    """What has expired is not there any more for who asks, also where the server has not deleted it yet."""

    def __init__(self, database: Database, retention: Retention, clock: Clock, bounds: Bounds = USUAL) -> None:
        self._events = database["events"]
        self._retention = retention
        self._clock = clock
        self.bounds = bounds

    async def prepare(self) -> None:
        await ensure_indexes(
            self._events,
            [
                IndexModel([("customer", ASCENDING), ("type", ASCENDING), ("time", DESCENDING), ("_id", DESCENDING)]),
                IndexModel([("partition", ASCENDING), ("type", ASCENDING), ("time", ASCENDING), ("_id", ASCENDING)]),
            ],
        )
        await expire(self._events)

    async def store(self, arrivals: Sequence[Arrival]) -> Taken:
        """Stores each once, the first of an identity."""
        rows = [self._row(arrival) for arrival in arrivals]
        known = {place: rows[place] for place in await insert_new(self._events, rows)}
        ends = [microseconds(row.get(EXPIRES, NEVER)) for row in rows]
        if not known:
            return Taken(frozenset(), frozenset(), ends)
        cursor = self._events.find({"_id": {"$in": [row["_id"] for row in known.values()]}}, {"digest": 1})
        stored = {row["_id"]: row["digest"] async for row in cursor}
        reused = frozenset(place for place, row in known.items() if stored[row["_id"]] != row["digest"])
        return Taken(frozenset(known), reused, ends)

    async def histories(self, customers: Sequence[str]) -> dict[str, StoredHistory]:
        """Of each customer the newest messages, as many as are compared, and what else is known."""
        rows = await self._newest(customers, {"body": 1, "partition": 1})
        return {
            customer: StoredHistory(
                {row["_id"]: row["body"] for row in some},
                since,
                {row["_id"]: microseconds(row[EXPIRES]) for row in some if EXPIRES in row},
                frozenset(row["partition"] for row in some),
            )
            for customer, (some, since) in rows.items()
        }

    async def identities(self, customers: Sequence[str]) -> dict[str, frozenset[str]]:
        """Of the events that `histories` answers."""
        rows = await self._newest(customers, {})
        return {customer: frozenset(row["_id"] for row in some) for customer, (some, _) in rows.items()}

    async def _newest(self, customers: Sequence[str], fields: Row) -> dict[str, tuple[list[Row], int | None]]:
        fields = {"customer": 1, "type": 1, "time": 1, EXPIRES: 1, **fields}
        found: dict[str, list[Row]] = {customer: [] for customer in customers}
        for some in chunks(customers):
            most = self.bounds.at_once
            rows = await self._events.find({"customer": {"$in": list(some)}}, fields).limit(most).to_list(most)
            if len(rows) == most:
                rows = [row for customer in some for row in await self._of_one(customer, fields)]
            for row in rows:
                if not self._expired(row):
                    found[row["customer"]].append(row)
        return {customer: cut(rows, self.bounds) for customer, rows in found.items()}

    async def _of_one(self, customer: str, fields: Row) -> list[Row]:
        """In bounded time, however many there are."""
        rows: list[Row] = []
        for kind, most in self.bounds.by_type.items():
            and_one = most + 1  # tells that there are more
            cursor = self._events.find({"customer": customer, "type": kind}, fields)
            rows += await cursor.sort([("time", DESCENDING), ("_id", DESCENDING)]).limit(and_one).to_list(and_one)
        return rows

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

    async def messages(self) -> int:
        """How many, without those of reserved customers; reads an index from one end to the other."""
        return await self._events.count_documents({"type": MESSAGE, **not_reserved("customer")})

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


def cut(rows: list[Row], bounds: Bounds) -> tuple[list[Row], int | None]:
    """Without the oldest of a type where there are more than are looked at; and, where these are messages, from when on
    what is left has all its reach."""
    if len(rows) <= min(bounds.by_type.values()):
        return rows, None
    kept: list[Row] = []
    since = None
    for kind, most in bounds.by_type.items():
        of_kind = sorted((row for row in rows if row["type"] == kind), key=lambda row: (row["time"], row["_id"]))
        kept += of_kind[-most:]
        if kind == MESSAGE and len(of_kind) > most:
            since = of_kind[-most:][bounds.reach]["time"]
    return kept, since
