"""What the stores ask of the server: docs/mongodb.md lists it, and it says to which shard a write goes."""

import asyncio
import inspect
import re
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pymongo import monitoring

from services.consistency.clock import now
from services.consistency.domain.alerts import EXAMPLES, recounted
from services.consistency.domain.stored import Alert, StoredConflict, moment_of
from services.consistency.store import Alerts, Conflicts, Events, Policies
from services.consistency.store.alerts import WantedAlerts
from services.consistency.store.conflicts import Told, Wanted
from services.consistency.store.events import Arrival
from services.ingest.identities import Identities
from services.journey.domain.mark import Mark
from services.journey.domain.touchpoint import touchpoint
from services.journey.store import CONSENT, Filters
from services.journey.store import Store as Journey
from shared.events import identity_of
from shared.mongo import Database, connect, ping
from shared.retention import shipped
from shared.settings import MongoSettings
from tests.feed import until
from tests.integration.examples import pair, told
from tests.integration.servers import DatabaseAlone
from tests.unit.consistency.told import NOW, delivery, embargo

PAGE = Path(__file__).parents[2] / "docs" / "mongodb.md"
BY_CUSTOMER = {"touchpoints", "conflict_marks", "events", "conflicts"}
"""Collections that a sharded cluster has split by customer."""
MORE_THAN_A_BATCH = 110
"""Documents, so that a cursor has to ask for more."""


@dataclass
class Stores:
    database: Database
    journey: Journey
    events: Events
    conflicts: Conflicts
    alerts: Alerts
    policies: Policies
    identities: Identities

    @property
    def conflict(self) -> StoredConflict:
        return pair(1, "c1")

    async def alert(self) -> Alert:
        alert = recounted(None, "a1", (await self.conflicts.facts(["a1"], {}))["a1"], NOW)
        assert alert is not None
        return alert


async def note_and_recall(stores: Stores) -> None:
    for _ in range(2):
        stores.identities.note("e1", "digest")
    writing = asyncio.create_task(stores.identities.write_down())
    await until(lambda: stores.identities.recall(["e1"]))
    stores.identities.stop()
    await writing


async def append(stores: Stores) -> None:
    points = [touchpoint(told("c1", 1)), touchpoint(told("c1", 2)), touchpoint(delivery("c1-1", "bounced"))]
    for some in (points, points):
        await stores.journey.append(some)


async def write_conflicts(stores: Stores) -> None:
    many = [pair(number, f"c{number}") for number in range(2 * EXAMPLES)]
    await stores.conflicts.write(many, {})
    await stores.conflicts.write([replace(stores.conflict, revision=2)], {})


async def write_alert(stores: Stores) -> None:
    await stores.alerts.write([await stores.alert()])
    await stores.alerts.write([replace(await stores.alert(), revision=2)])


async def mark(stores: Stores) -> None:
    for revision in (1, 2):
        await stores.journey.mark([Mark("k1", "c1", ("e1", "e2"), "open", revision, b"{}")])


async def store_events(stores: Stores) -> None:
    arrivals = [Arrival(told("c1", number), 0) for number in range(MORE_THAN_A_BATCH)]
    for some in (arrivals, arrivals[:1]):
        await stores.events.store(some)


EVERYTHING = Filters(
    ("sales",), ("email",), ("outbound",), ("service",), ("touchpoint.message.v1",), 0, NOW * 2, ("some", "words")
)
AFTER = (NOW, "k")
TOLD = Told({"a1": 0, "a2": 1}, channel="email")
EVERY_ALERT = WantedAlerts("open", "contradiction", ("sales", "support"), "high", "person:Ada")

CALLS: dict[str, Callable[[Stores], Awaitable[Any]]] = {
    "ping": lambda stores: ping(stores.database),
    "identities.write_down": note_and_recall,
    "identities.recall": lambda stores: stores.identities.recall(["e1"]),
    "journey.prepare": lambda stores: stores.journey.prepare(),
    "journey.append": append,
    "journey.mark": mark,
    "journey.page": lambda stores: stores.journey.page("c1", EVERYTHING, AFTER, 10, newest_first=True),
    "journey.by_event_ids": lambda stores: stores.journey.by_event_ids("c1", ["c1-1"]),
    "journey.deliveries": lambda stores: stores.journey.deliveries("c1", ["c1-1"]),
    "journey.marks_of": lambda stores: stores.journey.marks_of(["e1"]),
    "journey.customer": lambda stores: stores.journey.customer("c1"),
    "journey.customers": lambda stores: stores.journey.customers("C", AFTER, 10),
    "journey.counts": lambda stores: stores.journey.counts("c1"),
    "journey.steps": lambda stores: stores.journey.steps("c1", CONSENT),
    "journey.open_conflicts": lambda stores: stores.journey.open_conflicts(["c1"]),
    "journey.totals": lambda stores: stores.journey.totals(),
    "events.prepare": lambda stores: stores.events.prepare(),
    "events.store": store_events,
    "events.histories": lambda stores: stores.events.histories(["c1"]),
    "events.counts": lambda stores: stores.events.counts(["c1"]),
    "events.told": lambda stores: stores.events.told(0, 0, NOW * 2, AFTER, 10),
    "events.ends": lambda stores: stores.events.ends([identity_of(told("c1", 1))]),
    "events.totals": lambda stores: stores.events.totals(),
    "conflicts.prepare": lambda stores: stores.conflicts.prepare(),
    "conflicts.write": write_conflicts,
    "conflicts.of_customers": lambda stores: stores.conflicts.of_customers(["c1"]),
    "conflicts.by_id": lambda stores: stores.conflicts.by_id(["k00001"]),
    "conflicts.facts": lambda stores: stores.conflicts.facts(["a1"], {"a1": ["a2"]}),
    "conflicts.spread": lambda stores: stores.conflicts.spread(["a1"], "dismissed", ("open",), 10, NOW),
    "conflicts.heard": lambda stores: stores.conflicts.heard(TOLD, "c", 10),
    "conflicts.customers": lambda stores: stores.conflicts.customers(TOLD),
    "conflicts.channels": lambda stores: stores.conflicts.channels(TOLD),
    "conflicts.published": lambda stores: stores.conflicts.published([stores.conflict]),
    "conflicts.pending": lambda stores: stores.conflicts.pending(NOW * 2, 10),
    "conflicts.page": lambda stores: stores.conflicts.page(Wanted(customer="c1"), AFTER, 10),
    "conflicts.ended": lambda stores: stores.conflicts.ended(moment_of(NOW), 10),
    "conflicts.set_ends": lambda stores: stores.conflicts.set_ends({"k00001": moment_of(NOW)}),
    "conflicts.totals": lambda stores: stores.conflicts.totals(),
    "alerts.prepare": lambda stores: stores.alerts.prepare(),
    "alerts.write": write_alert,
    "alerts.by_id": lambda stores: stores.alerts.by_id(["a1"]),
    "alerts.defer": lambda stores: stores.alerts.defer(["a1"]),
    "alerts.due": lambda stores: stores.alerts.due(10),
    "alerts.counted": lambda stores: stores.alerts.counted({"a1": 1}),
    "alerts.spreading": lambda stores: stores.alerts.spreading(10),
    "alerts.published": lambda stores: published(stores),
    "alerts.spread": lambda stores: spread(stores),
    "alerts.pending": lambda stores: stores.alerts.pending(NOW * 2, 10),
    "alerts.page": lambda stores: stores.alerts.page(EVERY_ALERT, "severity", (1, *AFTER), 10),
    "alerts.tallies": lambda stores: stores.alerts.tallies("contradiction"),
    "alerts.members": lambda stores: stores.alerts.members(["a1"]),
    "alerts.lapsed": lambda stores: stores.alerts.lapsed(NOW, 10),
    "alerts.to_judge": lambda stores: stores.alerts.to_judge(NOW, 10),
    "alerts.judged_otherwise": lambda stores: stores.alerts.judged_otherwise("scale", 10),
    "alerts.totals": lambda stores: stores.alerts.totals(),
    "policies.store": lambda stores: stores.policies.store(embargo("p1")),
    "policies.all": lambda stores: stores.policies.all(),
    "policies.applied": lambda stores: stores.policies.applied([0]),
    "policies.advance": lambda stores: stores.policies.advance(0, 1),
    "policies.restart": lambda stores: stores.policies.restart(0),
    "policies.is_refused": lambda stores: stores.policies.is_refused("p:0"),
    "policies.refuse": lambda stores: stores.policies.refuse("p:0", "unreadable"),
    "policies.count": lambda stores: stores.policies.count(),
}
"""Every method of every store, in an order in which each finds something to do."""


async def published(stores: Stores) -> None:
    await stores.alerts.published(list((await stores.alerts.by_id(["a1"])).values()))


async def spread(stores: Stores) -> None:
    await stores.alerts.spread((await stores.alerts.by_id(["a1"]))["a1"])


class Listener(monitoring.CommandListener):
    """Hears what every client of this process sends, while `listening`."""

    def __init__(self) -> None:
        self.listening = False
        self.commands: list[dict[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if self.listening:
            self.commands.append(dict(event.command))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


LISTENER = Listener()
monitoring.register(LISTENER)


@contextmanager
def listening() -> Iterator[list[dict[str, Any]]]:
    LISTENER.commands, LISTENER.listening = [], True
    try:
        yield LISTENER.commands
    finally:
        LISTENER.listening = False


@pytest.fixture(scope="module")
async def heard(mongodb: DatabaseAlone) -> list[dict[str, Any]]:
    """Every command that the stores send for `CALLS`."""
    settings = MongoSettings(uri=mongodb.at.mongodb, database=f"test_{uuid.uuid4().hex[:12]}")
    async with connect(settings, "test") as database:
        stores = Stores(
            database,
            Journey(database, shipped()),
            Events(database, shipped(), now),
            Conflicts(database, shipped()),
            Alerts(database),
            Policies(database),
            Identities(database, days=7),
        )
        with pytest.MonkeyPatch.context() as patch, listening() as commands:
            patch.setattr("services.consistency.store.counting.FEW", EXAMPLES)
            for bound in ("ANSWER_SECONDS", "QUERY_SECONDS"):  # a busy machine is no finding
                patch.setattr(f"services.ingest.identities.{bound}", 60.0)
            for call in CALLS.values():
                await call(stores)
        await database.client.drop_database(database.name)
    return commands


def operators(part: Any) -> set[str]:
    """Names that begin with `$`, at whatever depth."""
    if isinstance(part, dict):
        own = {name for name in part if name.startswith("$")}
        return own | {name for value in part.values() for name in operators(value)}
    return {name for one in part for name in operators(one)} if isinstance(part, list | tuple) else set()


def section(title: str) -> set[str]:
    """First cells, in code, of the table under that heading of docs/mongodb.md."""
    [text] = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    first_cells = re.findall(r"^\|([^|]*)\|", text, re.MULTILINE)
    return {name for cell in first_cells for name in re.findall(r"`([^`]+)`", cell)}


def test_every_method_of_the_stores_is_listened_to() -> None:
    stores = {
        "journey": Journey,
        "events": Events,
        "conflicts": Conflicts,
        "alerts": Alerts,
        "policies": Policies,
        "identities": Identities,
    }
    methods = {
        f"{name}.{method}"
        for name, store in stores.items()
        for method, _ in inspect.getmembers(store, inspect.iscoroutinefunction)
        if not method.startswith("_")
    }
    assert methods == set(CALLS) - {"ping"}


async def test_the_page_lists_what_is_asked_of_the_server(heard: list[dict[str, Any]]) -> None:
    commands = {next(iter(command)) for command in heard}
    assert commands == section("Commands")
    parts = ("filter", "query", "updates", "pipeline")
    assert {name for one in heard for part in parts for name in operators(one.get(part))} == section("Operators")
    indexes = [index for one in heard for index in one.get("indexes", ())]
    assert {option for index in indexes for option in index} - {"key", "name"} == section("Indexes")
    assert {direction for index in indexes for direction in index["key"].values()} == {1, -1}


async def test_writes_say_to_which_shard_they_go(heard: list[dict[str, Any]]) -> None:
    """An upsert on a collection that is split by customer has to name the customer in MongoDB 7; an update of one
    document has to name it or the _id."""
    for one in heard:
        if one.get("insert") in BY_CUSTOMER:
            assert all("customer" in document for document in one["documents"])
        if one.get("update") in BY_CUSTOMER:
            assert all("customer" in write["q"] for write in one["updates"] if write.get("upsert"))
            assert all({"customer", "_id"} & set(write["q"]) for write in one["updates"] if not write.get("multi"))


async def test_every_write_waits_for_a_majority_but_the_help(heard: list[dict[str, Any]]) -> None:
    writes = [one for one in heard if {"insert", "update"} & set(one)]
    waited = {next(iter(one.values())): one["writeConcern"]["w"] for one in writes if "writeConcern" in one}
    assert waited.pop("identities", 1) == 1
    assert set(waited.values()) == {"majority"}
    assert {next(iter(one.values())) for one in writes} - set(waited) <= {"identities"}
