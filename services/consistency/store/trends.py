"""What the conflicts of some days come to, a day after the other.

What a day came to is kept until one of its conflicts is touched, and then counted anew from what is stored: so a
figure over a year costs the day that is under way, and nothing is ever added to or taken from a sum.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.consistency.clock import now
from services.consistency.domain.trends import Cell, SubjectCount
from services.consistency.store.documents import Row
from services.consistency.store.looking import LATE, LATER, Looks
from shared.mongo import Database, ensure_indexes
from shared.reserved import not_reserved
from shared.web.window import day_of

COUNTED = ("kind", "a_department", "b_department", "channel")
MAX_CORRECTIONS = 10_000
"""Corrected pairs, the newest, of which the time that it took is told."""
FAR = 1 << 31
FEW, MANY = 1_000, 4_000
"""Conflicts of some days when all are counted: of the next ones more days are counted at once where there were fewer,
and fewer days where there were more."""
AT_ONCE = 4_000
"""Conflicts of some days of which it is read what they were about; of one day that has more, the most frequent."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Conflicts of one day, in one state."""

    state: str
    cell: Cell


Days = dict[int, list[Alike]]


@dataclass(frozen=True, slots=True)
class Details:
    """Of one day: what the company contradicted itself about, and how long each correction took (microseconds)."""

    subjects: dict[tuple[str, str], int]
    corrections: list[int]


class Counting:
    """How far all have been counted: some days after the other, the newest first, as no server is asked for all at
    once. What changes meanwhile is touched, and looked at."""

    def __init__(self) -> None:
        self.days: Days = {}
        self.looks = Looks()
        self.looks.begin()
        self.until, self.since, self._length = FAR, day_of(now()), 1

    def go_on(self, found: int) -> None:
        longer, shorter = self._length * 4, max(1, self._length // 4)
        self._length = longer if found < FEW else shorter if found > MANY else self._length
        self.until, self.since = self.since, self.since - self._length if self.since > -self._length else -FAR


class Trends:
    """Reads the collection `conflicts`; days are days since 1970, both included."""

    def __init__(self, database: Database) -> None:
        self._conflicts = database["conflicts"]
        self._days: Days = {}
        self._details: dict[int, Details] = {}
        self._is_read = False
        self._counting: Counting | None = None
        self._looks = Looks()
        self._one_at_a_time = asyncio.Lock()
        self._details_once = asyncio.Lock()

    async def prepare(self) -> None:
        names = ("day", "state", *COUNTED, "customer")
        await ensure_indexes(self._conflicts, [IndexModel([(name, ASCENDING) for name in names])])
        await ensure_indexes(self._conflicts, [IndexModel([("touched", ASCENDING), ("day", ASCENDING)])])

    async def cells(self, first: int, last: int) -> list[Cell]:
        """Without the withdrawn."""
        await self._look()
        days = [self._days.get(day, []) for day in range(first, last + 1)]
        return [one.cell for alike in days for one in alike if one.state != "withdrawn"]

    async def totals(self) -> tuple[dict[str, int], dict[str, int]]:
        """Conflicts by kind (without the withdrawn) and by state; without reserved customers. That a withdrawn one has
        expired shows when all is counted anew."""
        await self._look()
        by_kind, by_state = Counter[str](), Counter[str]()
        for alike in self._days.values():
            for one in alike:
                by_state[one.state] += one.cell.count
                by_kind[one.cell.kind] += one.cell.count * (one.state != "withdrawn")
        return dict(+by_kind), dict(+by_state)

    async def subjects(self, first: int, last: int, limit: int) -> list[SubjectCount]:
        """What the company contradicted itself about most often, at most `limit`."""
        counts = Counter[tuple[str, str]]()
        for details in await self._details_of(first, last):
            counts.update(details.subjects)
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return [SubjectCount(subject, attribute, count) for (subject, attribute), count in ordered[:limit]]

    async def corrections(self, first: int, last: int) -> Sequence[int]:
        """How long it took from the later message until the correction, in microseconds; of the newest
        `MAX_CORRECTIONS`."""
        found: list[int] = []
        for details in reversed(await self._details_of(first, last)):
            found += details.corrections[: MAX_CORRECTIONS - len(found)]
        return found

    async def look_far_back(self) -> None:
        """For what came later than any look expected."""
        async with self._one_at_a_time:
            await self._known()
            await self._recount_touched(LATER)

    async def count_anew(self) -> None:
        """Everything; until then, answers are given from what was there before, if anything was."""
        if not self._is_read:
            await self._look()
            return
        anew, looks = await self._count_all()
        async with self._one_at_a_time:
            self._details = {day: one for day, one in self._details.items() if self._days.get(day) == anew.get(day)}
            self._days, self._looks = anew, looks

    async def _look(self) -> None:
        asked = monotonic()
        async with self._one_at_a_time:
            await self._known()
            if self._looks.is_due(asked):
                await self._recount_touched(LATE)

    async def _known(self) -> None:
        if not self._is_read:
            self._days, self._looks = await self._count_all()
            self._is_read = True

    async def _count_all(self) -> tuple[Days, Looks]:
        """Goes on where it broke off, when the database was away."""
        counting = self._counting = self._counting or Counting()
        while counting.until > -FAR:
            some = await self._count(counting.since, counting.until)
            counting.days |= some
            counting.go_on(sum(one.cell.count for alike in some.values() for one in alike))
        self._counting = None
        return counting.days, counting.looks

    async def _recount_touched(self, reach: int) -> None:
        with self._looks.look(reach) as condition:
            pipeline: list[Row] = [{"$match": condition}, {"$group": {"_id": "$day"}}]
            for day in [row["_id"] async for row in self._conflicts.aggregate(pipeline)]:
                if day is None:
                    continue  # stored before it was kept
                counted = await self._count(day, day + 1)
                self._days[day] = counted.get(day, [])
                self._details.pop(day, None)

    async def _count(self, first: int, end: int) -> Days:
        """All conflicts of these days, without `end`."""
        group = {name: f"${name}" for name in ("day", "state", *COUNTED)}
        condition = {"day": {"$gte": first, "$lt": end}, **not_reserved("customer")}
        pipeline: list[Row] = [{"$match": condition}, {"$group": {"_id": group, "count": {"$sum": 1}}}]
        found: Days = {}
        async for row in self._conflicts.aggregate(pipeline):
            alike = alike_in(row["_id"], row["count"])
            found.setdefault(alike.cell.day, []).append(alike)
        return found

    async def _details_of(self, first: int, last: int) -> list[Details]:
        """Of the days that have conflicts, in their order."""
        await self._look()
        async with self._details_once:
            days = [day for day in range(first, last + 1) if self._days.get(day)]
            for some in self._together([day for day in days if day not in self._details]):
                self._details |= await self._read_details(some)
            return [self._details[day] for day in days if day in self._details]

    def _together(self, days: list[int]) -> Iterator[list[int]]:
        """Days that have at most `AT_ONCE` conflicts together, or one that has more by itself."""
        some: list[int] = []
        count = 0
        for day in days:
            more = sum(one.cell.count for one in self._days.get(day, ()))
            if some and count + more > AT_ONCE:
                yield some
                some, count = [], 0
            some.append(day)
            count += more
        if some:
            yield some

    async def _read_details(self, days: list[int]) -> dict[int, Details]:
        """Of one day that has more than `AT_ONCE`, the subjects that are most frequent, and some corrections."""
        told: Row = {"day": {"$in": days}, **not_reserved("customer")}
        group = {name: f"${name}" for name in ("day", "subject", "attribute")}
        pipeline: list[Row] = [
            {"$match": {**told, "state": {"$ne": "withdrawn"}, "kind": "contradiction", "subject": {"$ne": ""}}},
            {"$group": {"_id": group, "count": {"$sum": 1}}},
            {"$sort": {"count": DESCENDING}},
            {"$limit": AT_ONCE},
        ]
        found = {day: Details({}, []) for day in days}
        for row in await self._conflicts.aggregate(pipeline).to_list(AT_ONCE):
            if row["_id"]["day"] in found:
                found[row["_id"]["day"]].subjects[row["_id"]["subject"], row["_id"]["attribute"]] = row["count"]
        settled = self._conflicts.find({**told, "state": "settled"}, {"day": 1, "b_time": 1, "corrected_at": 1})
        for row in await settled.limit(AT_ONCE).to_list(AT_ONCE):
            if row["day"] in found and row.get("corrected_at") is not None:
                found[row["day"]].corrections.append(row["corrected_at"] - row["b_time"])
        return found


def alike_in(group: Row, count: int) -> Alike:
    cell = Cell(
        day=group["day"],
        kind=group["kind"],
        earlier=group.get("a_department"),
        later=group.get("b_department"),
        channel=group.get("channel"),
        settled=group["state"] == "settled",
        count=count,
    )
    return Alike(group["state"], cell)
