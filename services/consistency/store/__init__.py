"""The service's only MongoDB code, a module a collection."""

from services.consistency.store.alerts import Alerts
from services.consistency.store.conflicts import Conflicts
from services.consistency.store.events import Events
from services.consistency.store.policies import Policies
from shared.mongo import Database

__all__ = ["COLLECTIONS", "Alerts", "Conflicts", "Events", "Policies", "Store"]

COLLECTIONS = ("events", "conflicts", "alerts", "policies", "policy_progress", "policies_refused")


class Store:
    def __init__(self, database: Database) -> None:
        self.events = Events(database)
        self.conflicts = Conflicts(database)
        self.alerts = Alerts(database)
        self.policies = Policies(database)

    async def prepare(self) -> None:
        """Creates the indexes that are missing."""
        await self.events.prepare()
        await self.conflicts.prepare()
        await self.alerts.prepare()
