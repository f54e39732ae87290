"""The stack with its faults, started once; skipped where Apache Kafka cannot be had."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from deploy.local import apache_kafka
from deploy.local.fetching import missing
from deploy.local.ports import PORT_SETTINGS
from tests.faults.counts import Stored
from tests.faults.stack import FaultStack


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultStack]:
    if lacking := missing(apache_kafka.PROGRAMS):
        pytest.skip(f"three brokers of Apache Kafka need {' and '.join(lacking)}, not installed here")
    free_ports = os.environ | {setting.variable: "0" for setting in PORT_SETTINGS}
    with FaultStack(tmp_path_factory.mktemp("faults"), free_ports) as stack:
        stack.up()
        yield stack


@pytest.fixture(scope="session")
async def stored(faulty: FaultStack) -> AsyncIterator[Stored]:
    stored = Stored(faulty.direct_mongodb)
    yield stored
    await stored.close()
