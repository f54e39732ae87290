"""Collection `alerts`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne

from services.consistency.domain.stored import Alert, Verdict
from services.consistency.store.documents import (
    CUSTOMER,
    PAIR,
    RANKS,
    Row,
    alert_of,
    alert_row,
    chunks,
    following,
    mark_published,
    write_revisions,
)
from shared.mongo import Database, ensure_indexes

Order = Literal["last_seen", "severity", "customers"]
ORDERS: dict[Order, tuple[str, ...]] = {
    "last_seen": ("last_seen", "_id"),
    "severity": ("rank", "last_seen", "_id"),
    "customers": ("customers", "last_seen", "_id"),
}
"""Fields that each order of the list falls by."""
Key = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class WantedAlerts:
    """None and nothing let everything pass; without `state`, all but the merged. One of `departments` is on either
    side, two are both sides; `assigned` is as `str(assignee)`. `judged`: from which day to which (since 1970)."""

    state: str | None = None
    kind: str | None = None
    departments: Sequence[str] = ()
    severity: str | None = None
    assigned: str | None = None
    rule: str | None = None
    language: str | None = None
    verdict: Verdict | None = None
    judged: tuple[int, int] | None = None

    def condition(self) -> Row:
        return {**self.narrowing(), "state": {"$ne": "merged"} if self.state is None else self.state}

    def narrowing(self) -> Row:
        """All but the state."""
        chosen = {
            "kind": self.kind,
            "severity": self.severity,
            "assigned": self.assigned,
            "rules": self.rule,
            "languages": self.language,
            "verdict": self.verdict,
        }
        condition: Row = {name: value for name, value in chosen.items() if value is not None}
        if self.judged is not None:
            condition["judged_on"] = {"$gte": self.judged[0], "$lte": self.judged[1]}
        if len(self.departments) == 1:
            condition["departments"] = self.departments[0]
        elif self.departments:
            condition["pair"] = PAIR.join(sorted(self.departments))
        return condition


def key_of(alert: Alert, order: Order) -> Key:
    """Where a page that ends with this alert is gone on from."""
    values: dict[str, int | str] = {
        "_id": alert.id,
        "last_seen": alert.last_seen,
        "rank": RANKS[alert.severity],
        "customers": alert.customers,
    }
    return tuple(values[field] for field in ORDERS[order])


@dataclass(frozen=True, slots=True)
class Tally:
    """How many alerts have this state and severity between these departments."""

    state: str
    severity: str
    departments: tuple[str, ...]
    count: int


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
                IndexModel([("pair", ASCENDING), *newest]),
                IndexModel([("assigned", ASCENDING), *newest]),
                IndexModel([("rules", ASCENDING), *newest]),
                IndexModel([("state", ASCENDING), ("rank", DESCENDING), *newest]),
                IndexModel([("state", ASCENDING), ("customers", DESCENDING), *newest]),
                IndexModel([(field, ASCENDING) for field in ("state", "severity", "pair", "kind")]),
                IndexModel([("spreading", ASCENDING)], partialFilterExpression={"spreading": True}),
                IndexModel([("due", ASCENDING)], partialFilterExpression={"due": True}),
                IndexModel([("merged_into", ASCENDING)], partialFilterExpression={"state": "merged"}),
                IndexModel([("until", ASCENDING)], partialFilterExpression={"state": "acknowledged"}),
                IndexModel([("severity_until", ASCENDING)]),
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

    async def members(self, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The alerts that are merged into each, also by way of others; without those into which none is."""
        root = {one: one for one in ids}
        found: dict[str, list[str]] = {}
        fresh = list(ids)
        while fresh:
            into: dict[str, str] = {}
            for some in chunks(fresh):
                merged = self._alerts.find({"state": "merged", "merged_into": {"$in": list(some)}}, {"merged_into": 1})
                into |= {row["_id"]: row["merged_into"] async for row in merged if row["_id"] not in root}
            for one, target in into.items():
                root[one] = root[target]
                found.setdefault(root[target], []).append(one)
            fresh = list(into)
        return {one: tuple(sorted(its)) for one, its in found.items()}

    async def lapsed(self, now: int, limit: int) -> list[str]:
        """Acknowledged until a time that has passed."""
        return await self._ids({"state": "acknowledged", "until": {"$lte": now}}, limit)

    async def to_judge(self, now: int, limit: int) -> list[str]:
        """Alerts whose severity time may have changed."""
        return await self._ids({"severity_until": {"$lte": now}}, limit)

    async def judged_otherwise(self, scale: str, limit: int) -> list[str]:
        """Alerts that were judged by another scale, or by none; reads all where there are none."""
        return await self._ids({"scale": {"$ne": scale}}, limit)

    async def without_rules(self, limit: int) -> list[str]:
        """Alerts that were stored before they kept what found them; a merged one is counted when it is split off."""
        return await self._ids({"rules": None, "state": {"$ne": "merged"}}, limit)

    async def _ids(self, condition: Row, limit: int) -> list[str]:
        return [row["_id"] async for row in self._alerts.find(condition, {"_id": 1}).limit(limit)]

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
        return await self._ids({"pending": True, "updated_at": {"$lt": before}}, limit)

    async def page(self, wanted: WantedAlerts, order: Order, key: Key | None, limit: int) -> list[Alert]:
        """In falling order, after `key`."""
        fields = ORDERS[order]
        condition = wanted.condition() if key is None else {**wanted.condition(), **following(fields, key)}
        cursor = self._alerts.find(condition).sort([(field, DESCENDING) for field in fields]).limit(limit)
        return [alert_of(row) async for row in cursor]

    async def tallies(self, wanted: WantedAlerts) -> list[Tally]:
        """Of every combination that there is, in whatever state."""
        pipeline: list[Row] = [
            {"$match": wanted.narrowing()},
            {
                "$group": {
                    "_id": {"state": "$state", "severity": "$severity", "pair": "$pair"},
                    "count": {"$sum": 1},
                }
            },
        ]
        rows = [(row["_id"], row["count"]) async for row in self._alerts.aggregate(pipeline)]
        return [
            Tally(one["state"], one.get("severity", "medium"), tuple((one.get("pair") or CUSTOMER).split(PAIR)), count)
            for one, count in rows
        ]

    async def totals(self) -> dict[str, int]:
        """Alerts by state."""
        pipeline = [{"$group": {"_id": "$state", "count": {"$sum": 1}}}]
        return {row["_id"]: row["count"] async for row in self._alerts.aggregate(pipeline)}
