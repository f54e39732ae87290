"""Ingest beside a bare route with the same acknowledgement, and beside one that does nothing."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpx
import stamina

from deploy.local.ports import choose_ports
from deploy.local.stack import ROOT
from tests.bench.bench import SECONDS, Bench
from tests.bench.cores import MEASURED, pin
from tests.bench.figure import Aim, Figure
from tests.bench.wrk import posting

SIZES = {1: "single events", 50: "batches of 50", 1_000: "batches of 1,000"}
MANY = 64
CONNECTIONS = (1, 8, MANY)
BESIDE = "FastAPI + aiokafka"
STRUCTURED, BATCHED = "application/cloudevents+json", "application/cloudevents-batch+json"


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
        pin(process.pid, MEASURED)
        yield port
    finally:
        process.terminate()
        process.wait()


async def ingest(bench: Bench) -> AsyncIterator[Figure]:
    bench.only("ingest")
    ours, key = bench.stack.at.ports["ingest"], bench.stack.keys.publish
    seconds = 2 if bench.quick else SECONDS
    with bare_route(bench.stack.at.kafka) as bare:
        for size, what in SIZES.items():
            content, route = (STRUCTURED, "/single") if size == 1 else (BATCHED, "/batch")
            for connections in (8,) if bench.quick else CONNECTIONS:
                mine, theirs, nothing = [], [], []
                for _ in range(bench.runs):
                    one = await posting(ours, "/v1/events", content, key, size, connections, seconds)
                    mine.append(one.per_second * size)
                    one = await posting(bare, route, "application/json", key, size, connections, seconds)
                    theirs.append(one.per_second * size)
                    one = await posting(bare, "/nothing", "application/json", key, size, connections, seconds)
                    nothing.append(one.per_second * size)
                many = f"{what}, {connections} connection{'s' if connections > 1 else ''}"
                aim = Aim(0.7) if size in (1, 50) else None
                yield Figure("ingest", many, "events/s", tuple(mine), tuple(theirs), BESIDE, aim)
                yield Figure("ingest", f"{many}: the bare route", "events/s", tuple(theirs), tuple(nothing), "nothing")
    async for figure in two_workers(bench, seconds):
        yield figure


async def two_workers(bench: Bench, seconds: int) -> AsyncIterator[Figure]:
    """Behind one port, the second on the core of load, broker and database: it gains what these leave it."""
    port, key = bench.stack.at.ports["ingest"], bench.stack.keys.publish
    for size, content in ((1, STRUCTURED), (50, BATCHED)):
        one, two = [], []
        for _ in range(bench.runs):
            found = await posting(port, "/v1/events", content, key, size, MANY, seconds)
            one.append(found.per_second * size)
            with bench.replica("ingest", port):
                found = await posting(port, "/v1/events", content, key, size, MANY, seconds)
            two.append(found.per_second * size)
        what = f"{SIZES[size]}, {MANY} connections, two workers"
        yield Figure("ingest", what, "events/s", tuple(two), tuple(one), "one worker")
