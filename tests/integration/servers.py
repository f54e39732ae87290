"""The embedded servers and single services of the local stack, for tests that take one of them away."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson

from deploy.local.processes import stop
from deploy.local.servers import mongodb_parts
from deploy.local.stack import Stack
from shared.web.keys import hash_key
from tests.topics import records_of

SALES_KEY = "a-key-of-sales"


class Servers(Stack):
    """Kafka and MongoDB, and of the services those that are asked for."""

    def up(self) -> None:
        self.start_servers()

    def take_away(self, name: str) -> None:
        """Ends a part as its operator would; it may save its data."""
        stop([self.children.pop(name)])

    def bring_back(self, name: str) -> None:
        self.start(name)


class DatabaseAlone(Stack):
    """MongoDB, and nothing else."""

    def up(self) -> None:
        self.servers = {part.name: part for part in mongodb_parts(self.choice, self.at, self.state_dir, self.report)}
        for name in self.servers:
            self.start(name)
        if not self.servers:
            self.wait_for_other_mongodb()


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


async def events_on(servers: Servers, topic: str) -> list[tuple[bytes, dict[str, Any]]]:
    """Key and event of every record that the topic has by now."""
    return [(key, orjson.loads(value)) for key, value in await records_of(servers.at.kafka, topic)]
