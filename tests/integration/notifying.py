"""Two instances of the notifier over one database, and a clock that tests move on."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from services.consistency.notify.following import follow_alerts
from services.consistency.notify.notifier import Notifier
from services.consistency.notify.receivers import MICROSECONDS
from services.consistency.notify.routes import Routes, read
from services.consistency.notify.sending import Sender
from services.consistency.notify.store import NotifyStore
from shared.kafka.records import Record
from shared.kafka.topics import ALERTS
from shared.mongo import Database
from shared.retention import shipped
from tests.unit.consistency.notify.alerts import published

CONSOLE = "https://onevoice.example.com"
ROUTES = """
[defaults]
group_wait = "10s"
group_interval = "30s"
repeat_interval = "2m"

[[route]]
name = "all"
to = ["hook"]

[[inhibit]]
source = ["kind = embargo"]
target = ["kind = contradiction"]
equal = ["subject"]

[receiver.hook]
type = "webhook"
url = "URL"
secret_env = "TEST_HOOK_SECRET"
timeout = "2s"
attempts = 3
"""


@dataclass
class Clock:
    """Goes on by itself, and further where a test says so."""

    ahead: int = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000 + self.ahead

    def forward(self, seconds: float) -> None:
        self.ahead += int(seconds * MICROSECONDS)


@dataclass
class Desk:
    """Two instances over one database."""

    store: NotifyStore
    notifiers: tuple[Notifier, Notifier]
    clock: Clock
    revisions: dict[str, int] = field(default_factory=dict)

    async def say(self, alert: str, state: str = "open", **fields: Any) -> None:
        """As the topic says it."""
        self.revisions[alert] = self.revisions.get(alert, 0) + 1
        plain = published(alert, state, revision=self.revisions[alert], **fields)
        record = Record(ALERTS, 0, 0, 0, alert.encode(), orjson.dumps(plain))
        assert await follow_alerts([record, record], self.store.watched) == []

    async def go(self, seconds: float = 0) -> None:
        """Both instances do what is due, at the same time; then the time passes, and they do so again."""
        await self.do_what_is_due()
        self.clock.forward(seconds)
        await self.do_what_is_due()

    async def do_what_is_due(self) -> None:
        for _ in range(2):
            await asyncio.gather(*(one.step() for one in self.notifiers))
            await asyncio.gather(*(one.settle() for one in self.notifiers))

    async def states(self) -> list[str]:
        return [one.state for one in await self.store.notifications.page(None, None, None, 100)]


@asynccontextmanager
async def desk_with(database: Database, folder: Path, text: str) -> AsyncIterator[Desk]:
    store, clock, routes = NotifyStore(database, shipped()), Clock(), routes_in(folder, text)
    await store.prepare()
    senders = Sender(), Sender()
    first, second = (Notifier(store, routes, CONSOLE, sender, clock) for sender in senders)
    yield Desk(store, (first, second), clock)
    for sender in senders:
        await sender.close()


def routes_in(folder: Path, text: str) -> Routes:
    file = folder / "routes.toml"
    file.write_text(text)
    return read(file)
