"""The consistency service as a process: killed and stopped in the middle of its work."""

import asyncio
import signal
from collections.abc import Iterator

import httpx
import orjson
import pytest

from shared.events import record_key, to_json
from shared.kafka.publisher import Outgoing, open_publisher
from shared.kafka.topics import CONFLICTS, TOUCHPOINTS
from shared.settings import KafkaSettings
from tests.feed import until
from tests.integration.consistency_service import Customer
from tests.integration.servers import Servers
from tests.topics import records_of

CUSTOMERS = 150


@pytest.fixture
def servers(tmp_path_factory: pytest.TempPathFactory, free_ports: dict[str, str]) -> Iterator[Servers]:
    # A replica with a name takes its place in the consumer group again at once.
    with Servers(tmp_path_factory.mktemp("process"), free_ports | {"ONEVOICE_INSTANCE": "one"}) as stack:
        stack.up()
        yield stack


async def publish(servers: Servers, customers: list[Customer]) -> None:
    settings = KafkaSettings(bootstrap_servers=servers.at.kafka)
    async with open_publisher(settings, "test") as publisher:
        for customer in customers:
            told = (customer.quote(20, "marketing", campaign="spring"), customer.quote(10, "sales"))
            await publisher.publish_all([Outgoing(TOUCHPOINTS, record_key(one), to_json(one)) for one in told])


async def test_killed_and_stopped_it_loses_and_doubles_nothing(servers: Servers) -> None:
    customers = [Customer() for _ in range(CUSTOMERS)]
    headers = {"Authorization": f"Bearer {servers.keys.service}"}
    await asyncio.to_thread(servers.start, "consistency")
    async with httpx.AsyncClient(base_url=servers.urls["consistency"], headers=headers, timeout=30) as http:

        async def counted() -> int:
            alerts = (await http.get("/v1/alerts")).json()["items"]
            return sum(alert["customers"] for alert in alerts)

        async def some() -> bool:
            return await counted() > 0

        async def everybody() -> bool:
            return await counted() == CUSTOMERS

        feed = asyncio.create_task(publish(servers, customers))
        await until(some)
        servers.kill("consistency")
        await feed
        await asyncio.to_thread(servers.start, "consistency")
        again = asyncio.create_task(publish(servers, [Customer(customer.id) for customer in customers[:50]]))
        stopped = servers.children.pop("consistency")
        stopped.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(stopped.process.wait, 30) in (0, -signal.SIGTERM)
        await again
        await asyncio.to_thread(servers.start, "consistency")
        await until(everybody)
        stats = (await http.get("/v1/stats")).json()
        assert stats["messages"] == 2 * CUSTOMERS
        assert stats["conflicts"]["by_state"] == {"open": CUSTOMERS}
        assert stats["alerts"]["by_state"] == {"open": 1}

        async def published() -> bool:
            records = [orjson.loads(value) for _, value in await records_of(servers.at.kafka, CONFLICTS)]
            return len({record["id"] for record in records}) == CUSTOMERS

        await until(published)
        await publish(servers, [Customer()])

        async def one_more() -> bool:
            return await counted() == CUSTOMERS + 1

        await until(one_more)
        metrics = (await http.get("/metrics")).text
        assert "onevoice_detection_seconds" in metrics
    log = servers.log_of("consistency").read_text()
    assert "Application shutdown complete" in log
    assert "off the Pro plan" not in log
    assert '"level": "CRITICAL"' not in log
