"""What the conflicts of some days come to, counted by the server where an index has all that is counted."""

from collections.abc import Sequence

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.consistency.domain.trends import Cell, SubjectCount
from services.consistency.store.documents import Row
from shared.mongo import Database, ensure_indexes
from shared.reserved import not_reserved

COUNTED = ("kind", "a_department", "b_department", "channel")
MAX_CORRECTIONS = 10_000
"""Corrected pairs, the newest, of which the time that it took is told."""


class Trends:
    """Reads the collection `conflicts`; days are days since 1970, both included. Without the withdrawn."""

    def __init__(self, database: Database) -> None:
        self._conflicts = database["conflicts"]

    async def prepare(self) -> None:
        names = ("day", "pair", *COUNTED, "customer")
        await ensure_indexes(self._conflicts, [IndexModel([(name, ASCENDING) for name in names])])

    async def cells(self, first: int, last: int) -> list[Cell]:
        group = {name: f"${name}" for name in ("day", "pair", *COUNTED)}
        pipeline: list[Row] = [{"$match": told(first, last)}, {"$group": {"_id": group, "count": {"$sum": 1}}}]
        return [
            Cell(
                day=row["_id"]["day"],
                kind=row["_id"]["kind"],
                earlier=row["_id"].get("a_department"),
                later=row["_id"].get("b_department"),
                channel=row["_id"].get("channel"),
                settled=row["_id"]["pair"] == "settled",
                count=row["count"],
            )
            async for row in self._conflicts.aggregate(pipeline)
        ]

    async def subjects(self, first: int, last: int, limit: int) -> list[SubjectCount]:
        """What the company contradicted itself about most often, at most `limit`."""
        pipeline: list[Row] = [
            {"$match": {**told(first, last), "kind": "contradiction", "subject": {"$ne": ""}}},
            {"$group": {"_id": {"subject": "$subject", "attribute": "$attribute"}, "count": {"$sum": 1}}},
            {"$sort": {"count": DESCENDING}},
            {"$limit": limit},
        ]
        rows = await self._conflicts.aggregate(pipeline).to_list(limit)
        return [SubjectCount(row["_id"]["subject"], row["_id"]["attribute"], row["count"]) for row in rows]

    async def corrections(self, first: int, last: int) -> Sequence[int]:
        """How long it took from the later message until the correction, in microseconds; of the newest
        `MAX_CORRECTIONS`."""
        corrected = {**told(first, last), "pair": "settled"}
        rows = self._conflicts.find(corrected, {"b_time": 1, "corrected_at": 1}).sort("day", DESCENDING)
        found = await rows.limit(MAX_CORRECTIONS).to_list(MAX_CORRECTIONS)
        return [row["corrected_at"] - row["b_time"] for row in found if row.get("corrected_at") is not None]


def told(first: int, last: int) -> Row:
    return {
        "day": {"$gte": first, "$lte": last},
        "pair": {"$in": ["open", "settled"]},
        **not_reserved("customer"),
    }
