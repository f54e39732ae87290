"""How the conflicts of an alert spread over time, counted by the server from an index alone."""

from collections.abc import Sequence

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.consistency.store.documents import Row
from shared.mongo import Database, ensure_indexes

MOST_HOURS = 10_000
"""Hours in which anything happened that are told of, the newest: more than a year has."""


class Courses:
    """Reads the collection `conflicts`; hours are hours since 1970. Without the withdrawn.

    `alerts`: one with all that are merged into it.
    """

    def __init__(self, database: Database) -> None:
        self._conflicts = database["conflicts"]

    async def prepare(self) -> None:
        names = ("alert", "pair", "told_hour", "corrected_hour")
        await ensure_indexes(self._conflicts, [IndexModel([(name, ASCENDING) for name in names])])

    async def told(self, alerts: Sequence[str]) -> dict[int, int]:
        """Conflicts by the hour of the later event."""
        return await self._by_hour("told_hour", counting(alerts))

    async def corrected(self, alerts: Sequence[str]) -> dict[int, int]:
        """Conflicts by the hour of their correction."""
        return await self._by_hour("corrected_hour", {**counting(alerts), "pair": "settled"})

    async def _by_hour(self, field: str, condition: Row) -> dict[int, int]:
        pipeline: list[Row] = [
            {"$match": condition},
            {"$group": {"_id": f"${field}", "count": {"$sum": 1}}},
            {"$sort": {"_id": DESCENDING}},
            {"$limit": MOST_HOURS},
        ]
        rows = self._conflicts.aggregate(pipeline)
        return {row["_id"]: row["count"] async for row in rows if row["_id"] is not None}  # stored before it was kept

    async def found_since(self, alerts: Sequence[str], moment: int) -> int:
        """Conflicts found then (microseconds) or later."""
        return await self._conflicts.count_documents({**counting(alerts), "found_at": {"$gte": moment}})


def counting(alerts: Sequence[str]) -> Row:
    return {"alert": {"$in": list(alerts)}, "pair": {"$in": ["open", "settled"]}}
