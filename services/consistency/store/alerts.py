"""Collection `alerts`. Lists and counts of them are taken from the register."""

from collections.abc import Mapping, Sequence

from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne

from services.consistency.domain.precision import Counts
from services.consistency.domain.stored import Alert
from services.consistency.domain.wanted import Key, Order, Tally, WantedAlerts
from services.consistency.store.documents import (
    Row,
    alert_of,
    alert_row,
    chunks,
    mark_published,
    touched,
    write_revisions,
)
from services.consistency.store.register import Register, card_of
from shared.mongo import Database, ensure_indexes

LOOKS = 3
"""Times that a page is read where its alerts change meanwhile."""


class Alerts:
    def __init__(self, database: Database) -> None:
        self._alerts = database["alerts"]
        self.register = Register(self._alerts)

    async def prepare(self) -> None:
        newest = [("last_seen", DESCENDING), ("_id", DESCENDING)]
        await ensure_indexes(
            self._alerts,
            [
                IndexModel(newest),
                IndexModel([("touched", ASCENDING)]),
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
        return await self._ids({"state": "acknowledged", "until": passed(now)}, limit)

    async def to_judge(self, now: int, limit: int) -> list[str]:
        """Alerts whose severity time may have changed."""
        return await self._ids({"severity_until": passed(now)}, limit)

    async def judged_otherwise(self, scale: str, limit: int) -> list[str]:
        """Alerts that were judged by another scale, or by none."""
        return (await self.register.roll()).judged_otherwise(scale, limit)

    async def without_rules(self, limit: int) -> list[str]:
        """Alerts that were stored before they kept what found them; a merged one is counted when it is split off."""
        return (await self.register.roll()).without_rules(limit)

    async def _ids(self, condition: Row, limit: int) -> list[str]:
        return [row["_id"] async for row in self._alerts.find(condition, {"_id": 1}).limit(limit)]

    async def write(self, alerts: Sequence[Alert]) -> bool:
        """False where another instance was first with any of them."""
        rows = [{**alert_row(alert), **touched()} for alert in alerts]
        written = await write_revisions(self._alerts, rows)
        if written:
            self.register.note(rows)
        return written

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
        """In falling order, after `key`. What changed since the register was read is looked up again; an alert that
        changes each time is left out."""
        roll = await self.register.roll()
        found: dict[str, Alert] = {}
        ids: list[str] = []
        for _ in range(LOOKS):
            ids = roll.page(wanted, order, key, limit)
            found = {}
            moved = False
            for some in chunks(ids):
                rows = await self._alerts.find({"_id": {"$in": list(some)}}).to_list(None)
                moved |= roll.put(card_of(row) for row in rows) > 0
                found |= {row["_id"]: alert_of(row) for row in rows}
            gone = [one for one in ids if one not in found]
            roll.drop(gone)
            if not moved and not gone:
                break
        still = roll.page(wanted, order, key, limit)
        return [found[one] for one in ids if one in still]

    async def tallies(self, wanted: WantedAlerts) -> list[Tally]:
        """Of every combination that there is, in whatever state."""
        return (await self.register.roll()).tallies(wanted)

    async def totals(self) -> dict[str, int]:
        """Alerts by state."""
        return (await self.register.roll()).totals()

    async def judged(self, wanted: WantedAlerts) -> Counts:
        """Of the alerts judged on the days that are wanted, and of all that are undecided. What is merged counts with
        the alert that it is merged into."""
        return (await self.register.roll()).counts(wanted)


def passed(now: int) -> Row:
    """Of a moment that may be none: with a lower end, so that no server reads those that are none on its way."""
    return {"$gt": 0, "$lte": now}
