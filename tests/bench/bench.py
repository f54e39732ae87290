"""What every step is measured with: the stack, how often, and the services as they are asked from outside."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families
from pymongo import AsyncMongoClient

from deploy.local.ports import choose_ports
from deploy.local.stack import Stack
from tests.bench.cores import LOAD, MEASURED, pin
from tests.feed import until
from tests.replicas import replica_part

SECONDS = 4
"""Of each run of a load."""


@dataclass
class Bench:
    """`runs`: how often each figure is taken; `quick`: with less of everything, to see whether it works; `largest`: how
    many messages are stored at the most."""

    stack: Stack
    runs: int
    quick: bool
    largest: int
    replicas: dict[str, str] = field(default_factory=dict)
    """Addresses of further instances, by name."""

    def some(self, count: int) -> int:
        return max(count // 20, 100) if self.quick else count

    def only(self, *services: str) -> None:
        """Those services run, each with its core, and no other."""
        for name in ("gateway", "ingest", "journey", "consistency"):
            if name not in services and name in self.stack.children:
                self.stack.end(name)
        for name in services:
            if name not in self.stack.children:
                self.stack.start(name)
            pin(self.stack.children[name].process.pid, MEASURED)

    def pin_servers(self) -> None:
        for name in self.stack.servers:
            pin(self.stack.children[name].process.pid, LOAD)

    @contextmanager
    def replica(self, service: str, port: int | None = None) -> Iterator[str]:
        """A further instance of the service, on the other core, where no port is named on one of its own; gives its
        name."""
        name = f"{service}-2"
        port = port or choose_ports({name}, {})[name]
        self.stack.launch(replica_part(self.stack, service, name, port))
        try:
            self.stack.wait_until_ready(name)
            pin(self.stack.children[name].process.pid, LOAD)
            self.replicas[name] = f"http://127.0.0.1:{port}"
            yield name
        finally:
            self.replicas.pop(name, None)
            self.stack.end(name)

    @asynccontextmanager
    async def asked(self, service: str) -> AsyncIterator[httpx.AsyncClient]:
        headers = {"authorization": f"Bearer {self.stack.keys.service}"}
        url = self.replicas.get(service) or self.stack.urls[service]
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
            yield client

    async def used(self, service: str) -> "Used":
        async with self.asked(service) as client:
            text = (await client.get("/metrics")).text
        samples = {one.name: one.value for family in text_string_to_metric_families(text) for one in family.samples}
        return Used(samples["process_cpu_seconds_total"], samples["process_resident_memory_bytes"] / 2**20)

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Any]:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(self.stack.at.mongodb, tz_aware=True)
        try:
            yield client["onevoice"]
        finally:
            await client.close()


@dataclass(frozen=True, slots=True)
class Used:
    """Seconds of CPU since the process started, and MiB that it holds."""

    cpu: float
    memory: float


async def stored(bench: Bench, collection: str, least: int) -> None:
    async with bench.database() as database:

        async def there() -> bool:
            return int(await database[collection].estimated_document_count()) >= least

        await until(there, f"{least:,} in {collection}", 0.2)


async def compared(bench: Bench, *services: str) -> None:
    """Returns when the consumers of the services, of both where none is named, are not behind."""
    for service in services or ("journey", "consistency"):
        async with bench.asked(service) as client:

            async def idle(client: httpx.AsyncClient = client) -> bool:
                known = (await client.get("/v1/consumers")).json()["consumers"]
                return not any(one["lag_records"] for one in known)

            await until(idle, f"{service}'s end of the topic", 0.2)
