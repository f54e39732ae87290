"""Collection `notifications`."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.consistency.domain.stored import moment_of
from services.consistency.notify.notification import Cover, Notification, NotificationState, Try
from services.consistency.store.documents import Row, after
from shared.mongo import Database, ensure_indexes, insert_new
from shared.retention import Retention
from shared.retention.documents import expire, kept


def notification_row(notification: Notification) -> Row:
    row = asdict(notification)
    return {"_id": row.pop("id"), **row}


def notification_of(row: Row) -> Notification:
    fields = {name: row[name] for name in Notification.__dataclass_fields__.keys() - {"id"}}
    fields |= {
        "covers": tuple(Cover(**cover) for cover in row["covers"]),
        "tries": tuple(Try(**one) for one in row["tries"]),
    }
    return Notification(id=row["_id"], **fields)


class Notifications:
    def __init__(self, database: Database, retention: Retention) -> None:
        self._notifications = database["notifications"]
        self._retention = retention

    async def prepare(self) -> None:
        newest = [("created_at", DESCENDING), ("_id", DESCENDING)]
        await ensure_indexes(
            self._notifications,
            [
                IndexModel(newest),
                IndexModel([("state", ASCENDING), *newest]),
                IndexModel([("receiver", ASCENDING), *newest]),
                IndexModel([("state", ASCENDING), ("due", ASCENDING)]),
            ],
        )
        await expire(self._notifications)

    def _row(self, notification: Notification) -> Row:
        days = None if notification.state == "pending" else self._retention.derived.notifications
        return {**notification_row(notification), **kept(moment_of(notification.created_at), days)}

    async def add(self, notification: Notification) -> Notification:
        """The notification as it is stored: one of that id may have been made before, and stays."""
        if not await insert_new(self._notifications, [self._row(notification)]):
            return notification
        return await self.by_id(notification.id) or notification

    async def by_id(self, notification: str) -> Notification | None:
        row = await self._notifications.find_one({"_id": notification})
        return None if row is None else notification_of(row)

    async def due(self, now: int, busy: Sequence[str], limit: int) -> list[Notification]:
        """The longest due first, without those to the receivers that are `busy`."""
        wanted = {"state": "pending", "due": {"$lte": now}, "receiver": {"$nin": list(busy)}}
        cursor = self._notifications.find(wanted).sort("due", ASCENDING).limit(limit)
        return [notification_of(row) async for row in cursor]

    async def write(self, before: Notification, after: Notification) -> Notification | None:
        """None where another instance was first."""
        written = replace(after, version=before.version + 1)
        fields = {name: value for name, value in self._row(written).items() if name != "_id"}
        result = await self._notifications.update_one({"_id": before.id, "version": before.version}, {"$set": fields})
        return written if result.matched_count else None

    async def page(
        self, state: NotificationState | None, receiver: str | None, key: tuple[int, str] | None, limit: int
    ) -> list[Notification]:
        """The newest first, after `key` (created_at, id)."""
        chosen = {"state": state, "receiver": receiver}
        wanted = {name: value for name, value in chosen.items() if value is not None}
        cursor = (
            self._notifications.find({**wanted, **after("created_at", key)})
            .sort([("created_at", DESCENDING), ("_id", DESCENDING)])
            .limit(limit)
        )
        return [notification_of(row) async for row in cursor]

    async def totals(self) -> dict[str, dict[str, int]]:
        """By receiver, how many there are in each state."""
        pipeline = [{"$group": {"_id": {"receiver": "$receiver", "state": "$state"}, "count": {"$sum": 1}}}]
        found: dict[str, dict[str, int]] = {}
        async for row in self._notifications.aggregate(pipeline):
            found.setdefault(row["_id"]["receiver"], {})[row["_id"]["state"]] = row["count"]
        return found
