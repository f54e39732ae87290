"""A database for tests of the stores alone."""

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest

from shared.mongo import Database, connect
from shared.settings import MongoSettings
from tests.integration.servers import DatabaseAlone


@pytest.fixture(scope="session")
def mongodb(tmp_path_factory: pytest.TempPathFactory, free_ports: dict[str, str]) -> Iterator[DatabaseAlone]:
    with DatabaseAlone(tmp_path_factory.mktemp("mongodb"), free_ports) as alone:
        alone.up()
        yield alone


@pytest.fixture
async def database(mongodb: DatabaseAlone) -> AsyncIterator[Database]:
    """Empty, and gone after the test."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    async with connect(MongoSettings(uri=mongodb.at.mongodb, database=name), "test") as opened:
        yield opened
        await opened.client.drop_database(name)
