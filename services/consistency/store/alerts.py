"""Collection `alerts`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne

from services.consistency.domain.stored import Alert
from services.consistency.store.documents import (
    Row,
    after,
    alert_of,
    alert_row,
    chunks,
    mark_published,
    write_revisions,
)
from shared.mongo import Database, ensure_indexes


@dataclass(frozen=True, slots=True)
class WantedAlerts:
    """None lets everything pass; `department` on either side."""

    state: str | None = None
    kind: str | None = None
    department: str | None = None

    def condition(self) -> Row:
        chosen = {"state": self.state, "kind": self.kind, "departments": self.department}
        return {name: value for name, value in chosen.items() if value is not None}


class Alerts:
    def __init__(self, database: Database) -> None:
        self._alerts = database["alerts"]

    async def prepare(self) -> None:
        newest = [("last_seen", DESCENDING), ("_id", DESCENDING)]
        await ensure_indexes(
            self._alerts,
            [
                IndexModel(newest),
                IndexModel([("state", ASCENDING), *newest]),
                IndexModel([("kind", ASCENDING), *newest]),
                IndexModel([("departments", ASCENDING), *newest]),
                IndexModel([("spreading", ASCENDING)], partialFilterExpression={"spreading": True}),
                IndexModel([("due", ASCENDING)], partialFilterExpression={"due": True}),
                IndexModel(
                    [("pending", ASCENDING), ("updated_at", ASCENDING)], partialFilterExpression={"pending": True}
                ),
            ],
        )

    async def by_id(self, ids: Sequence[str]) -> dict[str, Alert]:
        found: dict[str, Alert] = {}
        for some in chunks(ids):
            found |= {row["_id"]: alert_of(row) async for row in self._alerts.find({"_id": {"$in": list(some)}})}
        return found

    async def write(self, alerts: Sequence[Alert]) -> bool:
        """False where another instance was first with any of them."""
        return await write_revisions(self._alerts, [alert_row(alert) for alert in alerts])

    async def spread(self, alert: Alert) -> None:
        """Notes that all conflicts show the alert's state, unless it moved on."""
        await self._alerts.update_one({"_id": alert.id, "state": alert.state}, {"$set": {"spreading": False}})

    async def spreading(self, limit: int) -> list[Alert]:
        return [alert_of(row) async for row in self._alerts.find({"spreading": True}).limit(limit)]

    async def defer(self, alerts: Sequence[str]) -> None:
        """Has them counted at the next sweep instead of now."""
        await self._alerts.update_many({"_id": {"$in": list(alerts)}}, {"$set": {"due": True}, "$inc": {"deferred": 1}})

    async def due(self, limit: int) -> dict[str, int | None]:
        """Alerts to count, each with how often it was deferred so far; they stay due until they are `counted`."""
        cursor = self._alerts.find({"due": True}, {"deferred": 1}).limit(limit)
        return {row["_id"]: row.get("deferred") async for row in cursor}

    async def counted(self, due: Mapping[str, int | None]) -> None:
        """What `due` answered was counted since; one that was deferred again meanwhile stays due."""
        writes = [
            UpdateOne({"_id": alert, "deferred": deferred}, {"$unset": {"due": ""}}) for alert, deferred in due.items()
        ]
        if writes:
            await self._alerts.bulk_write(writes, ordered=False)

    async def published(self, alerts: Sequence[Alert]) -> None:
        await mark_published(self._alerts, [(alert.id, alert.revision) for alert in alerts], {})

    async def pending(self, before: int, limit: int) -> list[str]:
        """Unpublished and not changed since `before` (microseconds)."""
        condition = {"pending": True, "updated_at": {"$lt": before}}
        return [row["_id"] async for row in self._alerts.find(condition, {"_id": 1}).limit(limit)]

    async def page(self, wanted: WantedAlerts, key: tuple[int, str] | None, limit: int) -> list[Alert]:
        """The last seen first, after `key` (last_seen, id)."""
        cursor = (
            self._alerts.find({**wanted.condition(), **after("last_seen", key)})
            .sort([("last_seen", DESCENDING), ("_id", DESCENDING)])
            .limit(limit)
        )
        return [alert_of(row) async for row in cursor]

    async def totals(self) -> dict[str, int]:
        """Alerts by state."""
        pipeline = [{"$group": {"_id": "$state", "count": {"$sum": 1}}}]
        return {row["_id"]: row["count"] async for row in self._alerts.aggregate(pipeline)}
