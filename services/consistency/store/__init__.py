"""The service's only MongoDB code, a module a collection."""

from services.consistency.clock import Clock, now
from services.consistency.store.alerts import Alerts
from services.consistency.store.conflicts import Conflicts
from services.consistency.store.courses import Courses
from services.consistency.store.events import Events
from services.consistency.store.policies import Policies
from services.consistency.store.trends import Trends
from shared.mongo import Database
from shared.retention import Retention

__all__ = ["COLLECTIONS", "Alerts", "Conflicts", "Courses", "Events", "Policies", "Store", "Trends"]

COLLECTIONS = ("events", "conflicts", "alerts", "policies", "policy_progress", "policies_refused")


class Store:
    def __init__(self, database: Database, retention: Retention, clock: Clock = now) -> None:
        self.events = Events(database, retention, clock)
        self.conflicts = Conflicts(database, retention)
        self.alerts = Alerts(database)
        self.policies = Policies(database)
        self.trends = Trends(database)
        self.courses = Courses(database)

    async def prepare(self) -> None:
        """Creates the indexes that are missing."""
        await self.events.prepare()
        await self.conflicts.prepare()
        await self.alerts.prepare()
        await self.trends.prepare()
        await self.courses.prepare()
