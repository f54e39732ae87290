"""Collection `conflicts`: the pairs found, also those withdrawn since."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne

from services.consistency.domain.alerts import Facts
from services.consistency.domain.correction import Place
from services.consistency.domain.stored import ConflictState, PairState, StoredConflict, moment_of
from services.consistency.store.counting import count, newest_settled
from services.consistency.store.documents import (
    Row,
    after,
    chunks,
    conflict_of,
    conflict_row,
    mark_published,
    touched,
    write_revisions,
)
from shared.events import identity
from shared.mongo import Database, ensure_indexes
from shared.reserved import not_reserved
from shared.retention import Retention
from shared.retention.documents import NEVER, expire, kept

GONE = datetime(1970, 1, 1, tzinfo=UTC)
"""The end of an event that is not there any more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """None lets everything pass; without `state`, all but the withdrawn; without `customer`, no reserved ones;
    `alerts`: of any of them."""

    customer: str | None = None
    kind: str | None = None
    state: str | None = None
    alerts: Sequence[str] | None = None
    days: tuple[int, int] | None = None
    """Days since 1970, both included, of the later event."""
    earlier: str | None = None
    """Department of the earlier side."""
    later: str | None = None
    channel: str | None = None
    subject: str | None = None
    attribute: str | None = None

    def condition(self) -> Row:
        chosen = {
            "customer": self.customer,
            "kind": self.kind,
            "alert": None if self.alerts is None else one_or_any(self.alerts),
            "state": self.state,
            "a_department": self.earlier,
            "b_department": self.later,
            "channel": self.channel,
            "subject": self.subject,
            "attribute": self.attribute,
        }
        condition: Row = {name: value for name, value in chosen.items() if value is not None}
        if self.days is not None:
            condition["day"] = {"$gte": self.days[0], "$lte": self.days[1]}
        if self.customer is None and self.alerts is None:  # reserved customers' conflicts have no alert
            condition |= not_reserved("customer")
        if self.state is not None:
            return condition
        # What the events say, which stands beside the alert in an index.
        unless = {"pair": {"$in": ["open", "settled"]}} if self.alerts is not None else {"state": {"$ne": "withdrawn"}}
        return {**condition, **unless}


def one_or_any(values: Sequence[str]) -> Any:
    """Servers go through an index in its order where one value is named."""
    return values[0] if len(values) == 1 else {"$in": list(values)}


@dataclass(frozen=True, slots=True)
class Told:
    """Pairs of alerts, by the side that is wrong: 0 or 1 in the order of the cause. `channel`: on which it was told."""

    wrong: Mapping[str, Place]
    pairs: Sequence[PairState] = ("open", "settled")
    channel: str | None = None

    def sides(self) -> list["Told"]:
        """One for each place that is wrong in any alert."""
        by_place = [{one: place for one, place in self.wrong.items() if place == wrong} for wrong in (0, 1)]
        return [replace(self, wrong=alerts) for alerts in by_place if alerts]

    @property
    def names(self) -> list[str]:
        return [("first", "second")[place] for place in sorted(set(self.wrong.values()))]

    def condition(self) -> Row:
        pairs = {"pair": {"$in": list(self.pairs)}}
        if self.channel is None:
            return {"alert": {"$in": list(self.wrong)}, **pairs}
        either = [
            {"alert": {"$in": list(side.wrong)}, f"channels.{side.names[0]}": self.channel} for side in self.sides()
        ]
        return {**either[0], **pairs} if len(either) == 1 else {"$or": either, **pairs}


class Conflicts:
    """Beside what `documents` says, a document carries `ends`: when the first of its events expires, until it is
    withdrawn. What is withdrawn expires itself."""

    def __init__(self, database: Database, retention: Retention) -> None:
        self._conflicts = database["conflicts"]
        self._retention = retention

    async def prepare(self) -> None:
        newest = [("found_at", DESCENDING), ("_id", DESCENDING)]
        await ensure_indexes(
            self._conflicts,
            [
                IndexModel(newest),
                IndexModel([("customer", ASCENDING), *newest]),
                IndexModel([("customer", ASCENDING), ("b_time", ASCENDING)]),
                IndexModel(
                    [
                        *(("alert", ASCENDING), ("pair", ASCENDING), *newest),
                        *(("customer", ASCENDING), ("fresh", ASCENDING)),  # so that counting reads the index alone
                    ]
                ),
                IndexModel([("alert", ASCENDING), ("customer", ASCENDING), ("_id", ASCENDING)]),
                IndexModel([("kind", ASCENDING), *newest]),
                IndexModel([("state", ASCENDING), *newest]),
                IndexModel(
                    [("pending", ASCENDING), ("updated_at", ASCENDING)], partialFilterExpression={"pending": True}
                ),
                IndexModel([("ends", ASCENDING)]),
            ],
        )
        await expire(self._conflicts)

    async def of_customers(
        self, customers: Sequence[str], since: Mapping[str, int | None] = MappingProxyType({})
    ) -> dict[str, list[StoredConflict]]:
        """By customer; of one that `since` has, those whose later event came then (microseconds) or after."""
        found: dict[str, list[StoredConflict]] = {customer: [] for customer in customers}

        async def read(wanted: Row) -> None:
            async for row in self._conflicts.find(wanted):
                found[row["customer"]].append(conflict_of(row))

        whole = [customer for customer in customers if since.get(customer) is None]
        wanted: list[Row] = [{"customer": {"$in": list(some)}} for some in chunks(whole)]
        wanted += [
            {"customer": customer, "b_time": {"$gte": since[customer]}}
            for customer in customers
            if since.get(customer) is not None
        ]
        await asyncio.gather(*map(read, wanted))
        return found

    async def by_id(self, ids: Sequence[str]) -> list[StoredConflict]:
        found = []
        for some in chunks(ids):
            found += [conflict_of(row) async for row in self._conflicts.find({"_id": {"$in": list(some)}})]
        return found

    async def write(self, conflicts: Sequence[StoredConflict], ends: Mapping[str, datetime]) -> bool:
        """False where another instance was first with any of them. `ends` has when events expire, by identity."""
        return await write_revisions(self._conflicts, [self._row(conflict, ends) for conflict in conflicts])

    def _row(self, conflict: StoredConflict, ends: Mapping[str, datetime]) -> Row:
        changed = moment_of(conflict.updated_at)
        if conflict.pair == "withdrawn":
            times = {"ends": NEVER, **kept(changed, self._retention.of_withdrawn(conflict.customer))}
        else:
            times = {"ends": first_end(conflict, ends), **kept(changed, None)}
        return {**conflict_row(conflict), **touched(), **times}

    async def ended(self, at: datetime, limit: int) -> list[StoredConflict]:
        """Conflicts not withdrawn of which an event has expired, or whose end is to be looked up again."""
        return [conflict_of(row) async for row in self._conflicts.find({"ends": {"$lte": at}}).limit(limit)]

    async def set_ends(self, ends: Mapping[str, datetime]) -> None:
        """By conflict; one that was withdrawn meanwhile is left alone."""
        writes = [
            UpdateOne({"_id": conflict, "pair": {"$ne": "withdrawn"}}, {"$set": {"ends": at}})
            for conflict, at in ends.items()
        ]
        if writes:
            await self._conflicts.bulk_write(writes, ordered=False)

    async def facts(self, alerts: Sequence[str], members: Mapping[str, Sequence[str]]) -> dict[str, Facts]:
        """Of the alerts that have open pairs, with those of the alerts that are merged into them."""
        counted = await count(self._conflicts, alerts, members)
        shown = [conflict for one in counted.values() for conflict in one.newest]
        by_id = {conflict.id: conflict for conflict in await self.by_id(shown)}
        facts: dict[str, Facts] = {}
        for alert, one in counted.items():
            newest = tuple(by_id[conflict] for conflict in one.newest)
            facts[alert] = Facts(
                customers=one.customers,
                conflicts=one.conflicts,
                first=one.first,
                last=one.last,
                fresh=one.fresh,
                newest=newest,
                trace=max(newest, key=lambda conflict: conflict.updated_at).trace,
            )
        return facts

    async def corrected(
        self, alerts: Sequence[str], members: Mapping[str, Sequence[str]]
    ) -> dict[str, tuple[StoredConflict, ...]]:
        """The newest settled pairs of each, with those of the alerts that are merged into them."""
        found: dict[str, tuple[StoredConflict, ...]] = {}
        for some in chunks(alerts):
            families = [(alert, *members.get(alert, ())) for alert in some]
            rows = await asyncio.gather(*(newest_settled(self._conflicts, family) for family in families))
            found |= {alert: tuple(map(conflict_of, its)) for alert, its in zip(some, rows, strict=True)}
        return found

    async def spread(
        self, alerts: Sequence[str], shown: ConflictState, from_states: Sequence[ConflictState], limit: int, now: int
    ) -> list[str]:
        """Lets open pairs of the alerts show another state, at most `limit`; answers their ids.

        What came after an alert was resolved is left alone, for it reopens the alert.
        """
        condition: Row = {"alert": {"$in": list(alerts)}, "pair": "open", "state": {"$in": list(from_states)}}
        if shown == "resolved":
            condition["fresh"] = False
        rows = [row async for row in self._conflicts.find(condition, {"revision": 1}).limit(limit)]
        writes = [
            UpdateOne(
                {"_id": row["_id"], "revision": row["revision"]},
                {"$set": {"state": shown, "updated_at": now, "pending": True, **touched()}, "$inc": {"revision": 1}},
            )
            for row in rows
        ]
        if writes:
            await self._conflicts.bulk_write(writes, ordered=False)
        return [row["_id"] for row in rows]

    async def heard(self, told: Told, after: str | None, limit: int) -> list[tuple[str, list[StoredConflict]]]:
        """Customers in order, after that one, each with all of their pairs that are wanted."""
        condition = told.condition() if after is None else {**told.condition(), "customer": {"$gt": after}}
        cursor = self._conflicts.find(condition, batch_size=2 * limit)
        found: list[tuple[str, list[StoredConflict]]] = []
        async for row in cursor.sort([("customer", ASCENDING), ("_id", ASCENDING)]):
            if not found or found[-1][0] != row["customer"]:
                if len(found) == limit:
                    break
                found.append((row["customer"], []))
            found[-1][1].append(conflict_of(row))
        return found

    async def customers(self, told: Told) -> int:
        """How many customers there are with such pairs."""
        grouped: list[Row] = [{"$match": told.condition()}, {"$group": {"_id": "$customer"}}, {"$count": "customers"}]
        rows = await self._conflicts.aggregate(grouped).to_list(1)
        return rows[0]["customers"] if rows else 0

    async def channels(self, told: Told) -> dict[str | None, int]:
        """Customers by the channel of the wrong message; one that heard it on two is counted on both."""
        counts: dict[str | None, int] = {}
        for side in told.sides():
            grouped: list[Row] = [
                {"$match": side.condition()},
                {"$group": {"_id": {"customer": "$customer", "channel": f"$channels.{side.names[0]}"}}},
                {"$group": {"_id": "$_id.channel", "customers": {"$sum": 1}}},
            ]
            async for row in self._conflicts.aggregate(grouped):
                counts[row["_id"]] = counts.get(row["_id"], 0) + row["customers"]
        return counts

    async def published(self, conflicts: Sequence[StoredConflict]) -> None:
        revisions = [(conflict.id, conflict.revision) for conflict in conflicts]
        await mark_published(self._conflicts, revisions, {"fresh": False, "left": []})

    async def pending(self, before: int, limit: int) -> list[StoredConflict]:
        """Unpublished and not changed since `before` (microseconds)."""
        condition = {"pending": True, "updated_at": {"$lt": before}}
        return [conflict_of(row) async for row in self._conflicts.find(condition).limit(limit)]

    async def page(self, wanted: Wanted, key: tuple[int, str] | None, limit: int) -> list[StoredConflict]:
        """The newest found first, after `key` (found_at, id)."""
        cursor = (
            self._conflicts.find({**wanted.condition(), **after("found_at", key)})
            .sort([("found_at", DESCENDING), ("_id", DESCENDING)])
            .limit(limit)
        )
        return [conflict_of(row) async for row in cursor]


def sides(conflict: StoredConflict) -> tuple[str, str]:
    """The identities of both events."""
    return identity(conflict.a.source, conflict.a.id), identity(conflict.b.source, conflict.b.id)


def first_end(conflict: StoredConflict, ends: Mapping[str, datetime]) -> datetime:
    """When the first of its events expires; an embargo, which is not among the events, does not."""
    return min(
        NEVER if sender.policy is not None else ends.get(side, GONE)
        for side, sender in zip(sides(conflict), conflict.senders, strict=True)
    )
