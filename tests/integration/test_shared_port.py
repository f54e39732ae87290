"""Two processes of ingest behind one port."""

from collections.abc import Iterator

import httpx
import orjson
import pytest

from shared.events.schema import example
from tests.integration.servers import Servers, client, ingest_alone
from tests.replicas import replica_part

pytestmark = pytest.mark.stack
CONNECTIONS = 40
OTHER = "ingest-2"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, free_ports: dict[str, str]) -> Iterator[Servers]:
    with ingest_alone(tmp_path_factory.mktemp("shared"), free_ports | {"ONEVOICE_SHARED_PORT": "on"}) as running:
        running.launch(replica_part(running, "ingest", OTHER, running.at.ports["ingest"]))
        running.wait_until_ready(OTHER)
        yield running


async def answered(servers: Servers, name: str) -> list[int]:
    """Each on a connection of its own."""
    statuses = []
    for number in range(CONNECTIONS):
        event = example("touchpoint.message.v1") | {"id": f"{name}-{number}"}
        async with client(servers) as door:
            headers = {"Content-Type": "application/cloudevents+json"}
            statuses.append((await door.post("/v1/events", content=orjson.dumps(event), headers=headers)).status_code)
    return statuses


async def started(servers: Servers) -> set[float]:
    """When the processes started that answer."""
    found = set()
    for _ in range(CONNECTIONS):
        async with httpx.AsyncClient(base_url=servers.urls["ingest"]) as door:
            lines = (await door.get("/metrics")).text.splitlines()
        found |= {float(line.split()[1]) for line in lines if line.startswith("process_start_time_seconds ")}
    return found


async def test_both_answer_and_one_goes_on_alone(servers: Servers) -> None:
    assert len(await started(servers)) == 2
    assert await answered(servers, "both") == [202] * CONNECTIONS
    servers.end("ingest")
    assert len(await started(servers)) == 1
    assert await answered(servers, "alone") == [202] * CONNECTIONS
