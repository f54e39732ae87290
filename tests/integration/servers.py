"""The embedded servers and single services of the local stack, for tests that take one of them away."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.parts import kafka_part, mongodb_part
from deploy.local.processes import stop
from deploy.local.stack import Stack
from shared.web.keys import hash_key

SALES_KEY = "a-key-of-sales"


class Servers(Stack):
    """Kafka and MongoDB, and of the services those that are asked for."""

    def up(self) -> None:
        for part in self.server_parts():
            self.launch(part)
        for name in self.embedded:
            self.wait_until_ready(name)
        self.create_topics()

    def take_away(self, name: str) -> None:
        """Ends a part as its operator would; it may save its data."""
        stop([self.children.pop(name)])

    def bring_back(self, name: str) -> None:
        server = {
            "kafka": lambda: kafka_part(self.at.ports["kafka"], self.state_dir),
            "mongodb": lambda: mongodb_part(self.at.ports["mongodb"], self.at.mongodb, self.state_dir),
        }[name]
        self.launch(server())
        self.wait_until_ready(name)


@contextmanager
def ingest_alone(state_dir: Path, environ: dict[str, str]) -> Iterator[Servers]:
    """The servers and ingest; one more key, `SALES_KEY`, publishes for sales and billing only."""
    with Servers(state_dir, environ) as servers:
        callers: list[dict[str, Any]] = orjson.loads(servers.keys.file.read_bytes())
        departments = ["sales", "billing"]
        callers.append(
            {"name": "sales", "role": "publisher", "departments": departments, "sha256": hash_key(SALES_KEY)}
        )
        servers.keys.file.write_bytes(orjson.dumps(callers))
        servers.up()
        servers.start("ingest")
        yield servers


def client(servers: Servers, key: str | None = None) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {key or servers.keys.publish}"}
    return httpx.AsyncClient(base_url=servers.urls["ingest"], headers=headers, timeout=30)


async def records_of(servers: Servers, topic: str) -> list[tuple[bytes, dict[str, Any]]]:
    """Key and event of every record that the topic has by now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers.at.kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        await consumer.topics()
        places = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        found = []
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [(record.key, orjson.loads(record.value)) for record in records]
        return found
    finally:
        await consumer.stop()
