"""How many alerts were judged right or wrong, and how many are undecided, counted by the server."""

import asyncio
from dataclasses import replace

from pymongo import ASCENDING, IndexModel

from services.consistency.domain.precision import Cell, Counts, DayCount
from services.consistency.store.alerts import WantedAlerts
from services.consistency.store.documents import CUSTOMER, PAIR, Row
from shared.mongo import Database, ensure_indexes

COUNTED = ("verdict", "found_by", "pair", "spoken")


JUDGED: Row = {"$in": ["right", "wrong"]}


class Feedback:
    """Reads the collection `alerts`. What is merged counts with the alert that it is merged into."""

    def __init__(self, database: Database) -> None:
        self._alerts = database["alerts"]

    async def prepare(self) -> None:
        for names in (("judged_on", *COUNTED), COUNTED):
            await ensure_indexes(self._alerts, [IndexModel([(name, ASCENDING) for name in names])])

    async def counts(self, wanted: WantedAlerts) -> Counts:
        """Of the alerts judged on the days that are wanted, and of all that are undecided. As many cells as there are
        combinations of rules, departments and languages."""
        judged, undecided, days = await asyncio.gather(
            self._count({**wanted.narrowing(), "verdict": JUDGED}, COUNTED),
            self._count({**replace(wanted, judged=None).narrowing(), "verdict": "undecided"}, COUNTED),
            self._count({**wanted.narrowing(), "verdict": JUDGED}, ("judged_on", "verdict")),
        )
        cells = [
            Cell(
                rules=parts(alike.get("found_by")),
                departments=parts(alike.get("pair") or CUSTOMER),
                languages=parts(alike.get("spoken")),
                verdict=alike["verdict"],
                count=count,
            )
            for alike, count in (*judged, *undecided)
        ]
        return Counts(cells, [DayCount(alike["judged_on"], alike["verdict"], count) for alike, count in days])

    async def _count(self, condition: Row, names: tuple[str, ...]) -> list[tuple[Row, int]]:
        by = {name: f"${name}" for name in names}
        pipeline: list[Row] = [{"$match": condition}, {"$group": {"_id": by, "count": {"$sum": 1}}}]
        return [(row["_id"], row["count"]) async for row in self._alerts.aggregate(pipeline)]


def parts(joined: str | None) -> tuple[str, ...]:
    return tuple(joined.split(PAIR)) if joined else ()
