"""Servers, a database alone, and the gateway as ops ask it."""

import uuid
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from deploy.local.stack import Stack
from shared.mongo import Database, connect
from shared.settings import MongoSettings
from tests.integration.gateway import client_of
from tests.integration.servers import DatabaseAlone, Servers


@pytest.fixture(scope="session")
def mongodb(tmp_path_factory: pytest.TempPathFactory, free_ports: dict[str, str]) -> Iterator[DatabaseAlone]:
    folder = tmp_path_factory.mktemp("mongodb")
    (folder / "secantusd.toml").write_text("[storage]\nttl_sweep_seconds = 10\n")  # a test waits for what it deletes
    with DatabaseAlone(folder, free_ports) as alone:
        alone.up()
        yield alone


@pytest.fixture
async def database(mongodb: DatabaseAlone) -> AsyncIterator[Database]:
    """Empty, and gone after the test."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    async with connect(MongoSettings(uri=mongodb.at.mongodb, database=name), "test") as opened:
        yield opened
        await opened.client.drop_database(name)


@pytest.fixture
async def ops(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(stack, stack.keys.ops) as client:
        yield client


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, free_ports: dict[str, str]) -> Iterator[Stack]:
    """Kafka and MongoDB of the module's own, with their topics; a service is started by whoever needs it."""
    with Servers(tmp_path_factory.mktemp("servers"), free_ports) as stack:
        stack.up()
        yield stack
