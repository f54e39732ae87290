"""Collection `conflicts`: the pairs found, also those withdrawn since."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne

from services.consistency.domain.alerts import Facts
from services.consistency.domain.stored import ConflictState, StoredConflict
from services.consistency.store.counting import count
from services.consistency.store.documents import (
    Row,
    after,
    chunks,
    conflict_of,
    conflict_row,
    mark_published,
    write_revisions,
)
from shared.mongo import Database, ensure_indexes


@dataclass(frozen=True, slots=True)
class Wanted:
    """None lets everything pass; without `state`, all but the withdrawn."""

    customer: str | None = None
    kind: str | None = None
    state: str | None = None
    alert: str | None = None

    def condition(self) -> Row:
        chosen = {"customer": self.customer, "kind": self.kind, "alert": self.alert, "state": self.state}
        condition: Row = {name: value for name, value in chosen.items() if value is not None}
        return condition if self.state is not None else {**condition, "state": {"$ne": "withdrawn"}}


class Conflicts:
    def __init__(self, database: Database) -> None:
        self._conflicts = database["conflicts"]

    async def prepare(self) -> None:
        newest = [("found_at", DESCENDING), ("_id", DESCENDING)]
        await ensure_indexes(
            self._conflicts,
            [
                IndexModel(newest),
                IndexModel([("customer", ASCENDING), *newest]),
                IndexModel(
                    [
                        *(("alert", ASCENDING), ("pair", ASCENDING), *newest),
                        *(("customer", ASCENDING), ("fresh", ASCENDING)),  # so that counting reads the index alone
                    ]
                ),
                IndexModel([("kind", ASCENDING), *newest]),
                IndexModel([("state", ASCENDING), *newest]),
                IndexModel(
                    [("pending", ASCENDING), ("updated_at", ASCENDING)], partialFilterExpression={"pending": True}
                ),
            ],
        )

    async def of_customers(self, customers: Sequence[str]) -> dict[str, list[StoredConflict]]:
        found: dict[str, list[StoredConflict]] = {customer: [] for customer in customers}

        async def read(some: Sequence[str]) -> None:
            async for row in self._conflicts.find({"customer": {"$in": list(some)}}):
                found[row["customer"]].append(conflict_of(row))

        await asyncio.gather(*(read(some) for some in chunks(customers)))
        return found

    async def by_id(self, ids: Sequence[str]) -> list[StoredConflict]:
        found = []
        for some in chunks(ids):
            found += [conflict_of(row) async for row in self._conflicts.find({"_id": {"$in": list(some)}})]
        return found

    async def write(self, conflicts: Sequence[StoredConflict]) -> bool:
        """False where another instance was first with any of them."""
        return await write_revisions(self._conflicts, [conflict_row(conflict) for conflict in conflicts])

    async def facts(self, alerts: Sequence[str]) -> dict[str, Facts]:
        """Of the alerts that have open pairs."""
        counted = await count(self._conflicts, alerts)
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

    async def spread(
        self, alert: str, shown: ConflictState, from_states: Sequence[ConflictState], limit: int, now: int
    ) -> list[str]:
        """Lets open pairs of the alert show another state, at most `limit`; answers their ids.

        What came after an alert was resolved is left alone, for it reopens the alert.
        """
        condition: Row = {"alert": alert, "pair": "open", "state": {"$in": list(from_states)}}
        if shown == "resolved":
            condition["fresh"] = False
        rows = [row async for row in self._conflicts.find(condition, {"revision": 1}).limit(limit)]
        writes = [
            UpdateOne(
                {"_id": row["_id"], "revision": row["revision"]},
                {"$set": {"state": shown, "updated_at": now, "pending": True}, "$inc": {"revision": 1}},
            )
            for row in rows
        ]
        if writes:
            await self._conflicts.bulk_write(writes, ordered=False)
        return [row["_id"] for row in rows]

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

    async def totals(self) -> tuple[dict[str, int], dict[str, int]]:
        """Conflicts by kind (without the withdrawn) and by state."""
        by_kind: dict[str, int] = {}
        by_state: dict[str, int] = {}
        pipeline = [{"$group": {"_id": {"kind": "$kind", "state": "$state"}, "count": {"$sum": 1}}}]
        async for row in self._conflicts.aggregate(pipeline):
            kind, state = row["_id"]["kind"], row["_id"]["state"]
            by_state[state] = by_state.get(state, 0) + row["count"]
            if state != "withdrawn":
                by_kind[kind] = by_kind.get(kind, 0) + row["count"]
        return by_kind, by_state
