"""The MongoDB code of notifications, a module a collection.

The collections stand in the database of the first generation and belong to none: what people silenced and what
receivers were told holds whichever generation speaks.
"""

from services.consistency.notify.store.groups import Groups
from services.consistency.notify.store.notifications import Notifications
from services.consistency.notify.store.silences import Silences
from services.consistency.notify.store.watched import WatchedAlerts
from shared.mongo import Database
from shared.retention import Retention

__all__ = ["Groups", "Notifications", "NotifyStore", "Silences", "WatchedAlerts"]


class NotifyStore:
    """`first`: the database of the first generation."""

    def __init__(self, first: Database, retention: Retention) -> None:
        self.silences = Silences(first, retention)
        self.watched = WatchedAlerts(first)
        self.groups = Groups(first)
        self.notifications = Notifications(first, retention)

    async def prepare(self) -> None:
        """Creates the indexes that are missing."""
        await self.silences.prepare()
        await self.watched.prepare()
        await self.groups.prepare()
        await self.notifications.prepare()
