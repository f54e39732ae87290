"""The stores against the server that the tests run on: what they keep, and that docs/mongodb.md lists what they ask."""

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
from services.consistency.store.conflicts import Wanted
from services.consistency.store.counting import FEW
from services.consistency.store.events import Arrival
from services.ingest.identities import Identities
from services.journey.domain.mark import Mark
from services.journey.domain.touchpoint import touchpoint
from services.journey.store import CONSENT, Filters
from services.journey.store import Store as Journey
from shared.events import CustomerEvent, identity_of
from shared.mongo import Database, connect, ping
from shared.retention import shipped
from shared.settings import MongoSettings
from tests.feed import until
from tests.integration.servers import DatabaseAlone
from tests.unit.consistency.told import NOW, delivery, embargo, message, stored

PAGE = Path(__file__).parents[2] / "docs" / "mongodb.md"
BY_CUSTOMER = {"touchpoints", "conflict_marks", "events", "conflicts"}
"""Collections that a sharded cluster has split by customer."""
MORE_THAN_A_BATCH = 110
"""Documents, so that a cursor has to ask for more."""


def told(customer: str, number: int, text: str = "words") -> CustomerEvent:
    return message(f"{customer}-{number}", hour=number, customer={"id": customer}, text=text)


def pair(number: int, customer: str, alert: str = "a1") -> StoredConflict:
    return replace(stored(customer), id=f"k{number:05d}", customer=customer, alert=alert, found_at=NOW + number)


# ---- what the stores keep


async def test_an_event_is_stored_once_and_other_content_is_told(database: Database) -> None:
    events = Events(database, shipped(), now)
    await events.prepare()
    first, second = told("c1", 1), told("c1", 2)
    assert await events.store([Arrival(first, 0), Arrival(second, 0), Arrival(first, 0)]) == frozenset()
    changed, elsewhere = told("c1", 1, "other"), message("c1-2", hour=2, customer={"id": "c9"})
    again = [Arrival(second, 0), Arrival(changed, 0), Arrival(told("c1", 3), 0), Arrival(elsewhere, 0)]
    assert await events.store(again) == frozenset({1, 3})
    bodies = await events.histories(["c1", "c9"])
    assert set(bodies["c1"]) == {identity_of(event) for event in (first, second, told("c1", 3))}
    assert bodies["c9"] == {}
    assert not any("other" in body for body in bodies["c1"].values())


async def test_a_touchpoint_is_stored_once_and_other_content_is_told(database: Database) -> None:
    journey = Journey(database, shipped())
    await journey.prepare()
    first, second = touchpoint(told("c1", 1)), touchpoint(told("c1", 2))
    assert await journey.append([first, second]) == frozenset()
    changed = touchpoint(told("c1", 1, "other"))
    assert await journey.append([touchpoint(told("c1", 3)), second, changed]) == frozenset({first.id})
    page = await journey.page("c1", Filters(), None, 10, newest_first=True)
    assert [row["event_id"] for row in page] == ["c1-3", "c1-2", "c1-1"]
    assert page[-1]["digest"] == first.digest
    customer = await journey.customer("c1")
    assert customer is not None
    assert (customer["first"], customer["last"]) == (page[-1]["moment"], page[0]["moment"])


async def test_the_newest_mark_stays_in_whatever_order_they_come(database: Database) -> None:
    journey = Journey(database, shipped())
    await journey.prepare()

    def mark(number: int, revision: int) -> Mark:
        return Mark(f"k{number}", "c1", ("e1", f"f{number}"), "open", revision, b"%d" % revision)

    await journey.mark([mark(1, 2), mark(2, 1)])
    await journey.mark([mark(1, 1), mark(2, 3), mark(3, 1), mark(2, 2)])
    found = await journey.marks_of(["e1"])
    assert [(row["_id"], row["revision"], bytes(row["conflict"])) for row in found] == [
        ("k1", 2, b"2"),
        ("k2", 3, b"3"),
        ("k3", 1, b"1"),
    ]


async def test_a_revision_is_written_over_the_one_before_alone(database: Database) -> None:
    conflicts = Conflicts(database, shipped())
    await conflicts.prepare()
    one, two = pair(1, "c1"), pair(2, "c2")
    assert await conflicts.write([one], {})
    assert not await conflicts.write([one, two], {}), "another instance was first with one"
    assert [found.id for found in await conflicts.by_id([two.id])] == [two.id], "the others are written all the same"
    moved = replace(one, state="resolved", revision=2)
    assert await conflicts.write([moved, pair(3, "c3")], {})
    assert not await conflicts.write([moved], {})
    assert await conflicts.by_id([one.id]) == [moved]
    await conflicts.published([two])
    assert {found.id for found in await conflicts.pending(NOW * 2, 10)} == {one.id, "k00003"}


@pytest.mark.parametrize("few", [FEW, 10], ids=["read", "counted by the server"])
async def test_alerts_are_counted_from_their_open_pairs(
    database: Database, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """The same whether the pairs are few or many."""
    monkeypatch.setattr("services.consistency.store.counting.FEW", few)
    conflicts = Conflicts(database, shipped())
    await conflicts.prepare()
    written = [pair(number, f"c{number % 4}") for number in range(20)]
    written += [replace(pair(number, "c9"), pair="withdrawn", state="withdrawn") for number in (20, 21)]
    written += [replace(pair(number, "often"), fresh=False) for number in range(30, 50)]
    written += [replace(pair(number, f"d{number}", "a2"), fresh=False) for number in range(60, 67)]
    assert await conflicts.write(written, {})
    facts = await conflicts.facts(["a1", "a2", "nothing"])
    assert set(facts) == {"a1", "a2"}
    one, two = facts["a1"], facts["a2"]
    assert (one.customers, one.conflicts, one.first, one.last) == (5, 40, NOW, NOW + 49)
    assert one.fresh
    assert [conflict.id for conflict in one.newest] == ["k00049", "k00019", "k00018", "k00017", "k00016"]
    assert (two.customers, two.conflicts, two.first, two.last, two.fresh) == (7, 7, NOW + 60, NOW + 66, False)
    assert [conflict.id for conflict in two.newest] == [f"k000{number}" for number in range(66, 66 - EXAMPLES, -1)]


# ---- what they ask of the server


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
        alert = recounted(None, "a1", (await self.conflicts.facts(["a1"]))["a1"], NOW)
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
    "conflicts.facts": lambda stores: stores.conflicts.facts(["a1"]),
    "conflicts.spread": lambda stores: stores.conflicts.spread("a1", "dismissed", ("open",), 10, NOW),
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
    "alerts.page": lambda stores: stores.alerts.page(WantedAlerts("open", "contradiction", "sales"), AFTER, 10),
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
