"""One cause for very many customers: a campaign that contradicts what support told each of them."""

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import orjson
from httpx_sse import aconnect_sse

from tests.bench.bench import Bench, compared
from tests.bench.figure import Figure
from tests.bench.records import START, event
from tests.bench.steps.delays import client, post, seen
from tests.bench.wrk import prefix

CUSTOMERS = 10_000
BATCH = 50
TOLD = "Hello, you can send the Kestrel bike back within 30 days and get all your money."
CAMPAIGN = "The Kestrel bike: send it back within 14 days and get all your money."


async def one_cause(bench: Bench) -> AsyncIterator[Figure]:
    bench.only("ingest", "journey", "consistency", "gateway")
    await compared(bench)
    customers, name = bench.some(CUSTOMERS), prefix()
    headers = {"authorization": f"Bearer {bench.stack.keys.ops}"}
    async with (
        client(bench) as door,
        httpx.AsyncClient(base_url=bench.stack.urls["gateway"], headers=headers, timeout=None) as reader,
    ):
        for at in range(0, customers, BATCH):
            await post(door, [told(name, n) for n in range(at, min(at + BATCH, customers))])
        await seen(bench, name, customers)
        began = time.perf_counter()
        async with aconnect_sse(reader, "GET", "/v1/alerts/stream") as stream:
            sent = stream.aiter_sse()
            await anext(sent)
            began = time.perf_counter()
            await post(door, [advertised(name, n) for n in range(BATCH)])
            first, changes, raised = None, 0, set()
            for at in range(BATCH, customers, BATCH):
                await post(door, [advertised(name, n) for n in range(at, min(at + BATCH, customers))])
            async for change in sent:
                if change.event != "alert":
                    continue
                alert = orjson.loads(change.data)
                changes += 1
                raised.add(alert["id"])
                first = first or time.perf_counter() - began
                if alert["customers"] >= customers:
                    break
        whole = time.perf_counter() - began
    what = f"one campaign against what {customers:,} customers were told"
    yield Figure("one cause", f"{what}: alerts", "alerts", (len(raised),))
    yield Figure("one cause", f"{what}: until the first alert is on the stream", "s", (first or whole,))
    yield Figure("one cause", f"{what}: until it counts all of them", "s", (whole,))
    yield Figure("one cause", f"{what}: changes told on the way", "changes", (changes,))


def told(name: str, number: int) -> dict[str, Any]:
    return event(f"{name}-{number}", f"{name}-told-{number}", TOLD, department="support", template="returns")


def advertised(name: str, number: int) -> dict[str, Any]:
    later, more = START + timedelta(days=1), {"department": "marketing", "campaign": "spring"}
    return event(f"{name}-{number}", f"{name}-spring-{number}", CAMPAIGN, later, **more)
