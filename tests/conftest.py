"""Fixtures that more than one kind of test uses."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from deploy.local import apache_kafka, ferretdb
from deploy.local.fetching import missing
from deploy.local.ports import PORT_SETTINGS
from deploy.local.servers import chosen
from deploy.local.stack import Stack

# No test asserts a time, and a busy machine is no finding; the same examples each run, so that red means changed.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


@pytest.fixture(scope="session")
def free_ports() -> dict[str, str]:
    """An environment in which every part takes any free port, so that stacks can run side by side."""
    choice = chosen(os.environ)
    if choice.kafka == "apache" and (lacking := missing(apache_kafka.PROGRAMS)):
        pytest.skip(f"Apache Kafka needs {' and '.join(lacking)}, not installed here")
    if choice.mongodb == "ferretdb" and (lacking := missing(ferretdb.PROGRAMS)):
        pytest.skip(f"FerretDB needs {' and '.join(lacking)} to be built, not installed here")
    ports = {setting.variable: "0" for setting in PORT_SETTINGS}
    return {"ONEVOICE_CANARY": "off"} | os.environ | ports  # tests that count events want no others among them


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, free_ports: dict[str, str]) -> Iterator[Stack]:
    """The whole local stack, started once; uses `KAFKA_BOOTSTRAP_SERVERS` and `MONGODB_URI` where they are set.

    `stack.urls["ingest"]`, `stack.keys.publish`, `stack.at.kafka`, `stack.at.mongodb`;
    `stack.kill("journey")` as a crash would, `stack.start("journey")` returns when it is ready again.
    """
    with Stack(tmp_path_factory.mktemp("stack"), free_ports) as running:
        running.up()
        yield running
