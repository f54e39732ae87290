"""What the stores ask of the server: docs/mongodb.md lists it, and it says to which shard a write goes."""

import inspect
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import monitoring

from services.consistency.clock import now
from services.consistency.domain.alerts import EXAMPLES
from services.consistency.notify.store import Groups, Notifications, NotifyStore, Silences, WatchedAlerts
from services.consistency.store import Alerts, Conflicts, Courses, Events, Policies, Trends
from services.ingest.identities import Identities
from services.journey.finding import Finder
from services.journey.store import Store as Journey
from shared.mongo import connect
from shared.retention import shipped
from shared.settings import MongoSettings
from tests.integration.servers import DatabaseAlone
from tests.integration.store_calls import CALLS, Stores

PAGE = Path(__file__).parents[2] / "docs" / "mongodb.md"
BY_CUSTOMER = {"touchpoints", "conflict_marks", "events", "conflicts"}
"""Collections that a sharded cluster has split by customer."""


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
            Finder(database),
            Events(database, shipped(), now),
            Conflicts(database, shipped()),
            Alerts(database),
            Policies(database),
            Trends(database),
            Courses(database),
            Identities(database, days=7),
            NotifyStore(database, shipped()),
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
        "finder": Finder,
        "events": Events,
        "conflicts": Conflicts,
        "alerts": Alerts,
        "policies": Policies,
        "trends": Trends,
        "courses": Courses,
        "identities": Identities,
        "silences": Silences,
        "watched": WatchedAlerts,
        "groups": Groups,
        "notifications": Notifications,
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
