"""What is measured, each figure beside the bare limit of the same step in the same run."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

import httpx
import stamina
from pymongo import AsyncMongoClient

from deploy.local.ports import choose_ports
from deploy.local.stack import ROOT, Stack
from tests.bench.events import batches, singles
from tests.bench.figure import Figure
from tests.bench.load import drive, request

CONNECTIONS = 32


@contextmanager
def bare_route(kafka: str) -> Iterator[int]:
    """The port of the bare route's own process."""
    port = choose_ports({"gateway"}, {"ONEVOICE_GATEWAY_PORT": "0"})["gateway"]
    environ = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": kafka}
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.bare", str(port)], cwd=ROOT, env=environ)
    try:
        for attempt in stamina.retry_context(on=httpx.TransportError, attempts=50, wait_max=0.5):
            with attempt:
                httpx.get(f"http://127.0.0.1:{port}/")
        yield port
    finally:
        process.terminate()
        process.wait()


async def ingest(stack: Stack) -> AsyncIterator[Figure]:
    """Events a second through the door, all consumers running, beside a route that does nothing else."""
    port, key = stack.at.ports["ingest"], stack.keys.publish
    with bare_route(stack.at.kafka) as bare:
        for what, ours, theirs, size in (
            ("single events", singles(2_000, "/v1/events", key), singles(2_000, "/single", key), 1),
            ("batches of 50", batches(100, 50, "/v1/events", key), batches(100, 50, "/batch", key), 50),
        ):
            await drive(bare, theirs[: len(theirs) // 10], CONNECTIONS)
            measured, limit = await drive(port, ours, CONNECTIONS), await drive(bare, theirs, CONNECTIONS)
            if measured.statuses != {202} or limit.statuses != {202}:
                raise RuntimeError(f"{what}: answered {measured.statuses} and {limit.statuses}, not 202 alone")
            yield Figure("ingest", what, measured.per_second * size, limit.per_second * size, "events/s")


async def journey(stack: Stack, records: int = 5_000) -> AsyncIterator[Figure]:
    """Records that wait on Kafka to stored touchpoints, the service starting in it, beside a bare insert."""
    headers = {"authorization": f"Bearer {stack.keys.service}"}
    async with httpx.AsyncClient(base_url=stack.urls["journey"], headers=headers, timeout=30) as client:

        async def stored() -> int:
            return int((await client.get("/v1/stats")).json()["touchpoints"])

        before = await settled(stored)
        await asyncio.to_thread(stack.kill, "journey")
        await drive(stack.at.ports["ingest"], batches(records // 50, 50, "/v1/events", stack.keys.publish), 8)
        await asyncio.to_thread(stack.start, "journey")
        started = time.perf_counter()
        first = await stored()
        await reached(stored, before + records)
        seconds = time.perf_counter() - started
    limit = await bare_insert(stack.at.mongodb, records)
    yield Figure("journey", "records to stored touchpoints", (before + records - first) / seconds, limit, "records/s")


async def reached(number: Callable[[], Awaitable[int]], goal: int) -> None:
    for _ in range(6_000):
        if await number() >= goal:
            return
        await asyncio.sleep(0.02)
    raise RuntimeError(f"{goal} was not reached within two minutes")


async def settled(number: Callable[[], Awaitable[int]]) -> int:
    """The number once it stays the same for a second."""
    last = await number()
    while True:
        await asyncio.sleep(1.0)
        now = await number()
        if now == last:
            return now
        last = now


async def bare_insert(uri: str, records: int) -> float:
    """`insert_many` of documents of the same size with the same number of indexes, a second."""
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(uri)
    collection = client["onevoice_bench"]["bare"]
    await collection.drop()
    await collection.create_index([("customer", 1), ("moment", -1), ("_id", -1)])
    await collection.create_index([("customer", 1), ("message", 1)])
    await collection.create_index([("customer", 1), ("event_id", 1)])
    documents = [
        {
            "_id": f"{n}",
            "customer": f"c{n % 1_000}",
            "moment": n,
            "event_id": f"{n}",
            "event": b"x" * 500,
            "words": "x" * 110,
        }
        for n in range(records)
    ]
    started = time.perf_counter()
    for start in range(0, records, 500):
        await collection.insert_many(documents[start : start + 500], ordered=False)
    seconds = time.perf_counter() - started
    await client.close()
    return records / seconds


async def gateway(stack: Stack) -> AsyncIterator[Figure]:
    """The first page of a timeline, beside the bare query for it."""
    headers = {"authorization": f"Bearer {stack.keys.agent}"}
    pages = [request("GET", f"/v1/customers/bench-{n % 100}/timeline", headers) for n in range(300)]
    measured = await drive(stack.at.ports["gateway"], pages, 1)
    if measured.statuses != {200}:
        raise RuntimeError(f"the timeline was answered with {measured.statuses}")
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(stack.at.mongodb)
    touchpoints = client["onevoice"]["touchpoints"]
    delays = []
    for n in range(300):
        asked = time.perf_counter()
        await touchpoints.find({"customer": f"bench-{n % 100}"}).sort([("moment", -1), ("_id", -1)]).limit(51).to_list()
        delays.append((time.perf_counter() - asked) * 1_000)
    await client.close()
    delays.sort()
    for name, share in (("median", 0.5), ("99th percentile", 0.99)):
        bare = delays[int(share * len(delays))]
        yield Figure("gateway", f"first page of a timeline, {name}", measured.percentile(share), bare, "ms")
