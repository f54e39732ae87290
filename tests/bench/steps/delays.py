"""From a request to the alert on the stream, at a constant rate of arrivals.

An event is due at its time whether the one before it was answered or not, and its delay counts from when it was due:
what waits because the service is slow is not left out.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from httpx_sse import aconnect_sse

from tests.bench.bench import Bench, compared
from tests.bench.figure import Figure
from tests.bench.records import TEXTS, event
from tests.bench.wrk import prefix
from tests.feed import until

SECONDS = 20.0
SHARES = (0.25, 0.5, 0.75)
PROBES = 10
"""Of a second's arrivals that many, at the most, contradict what the same customer was told before."""
CONNECTIONS = 64


@dataclass
class Arrivals:
    """`due`: when each probe was to arrive, by its template; `alerted`: when its alert was on the stream; `answered`:
    seconds until each event was acknowledged."""

    due: dict[str, float] = field(default_factory=dict)
    alerted: dict[str, float] = field(default_factory=dict)
    answered: list[float] = field(default_factory=list)


async def delays(bench: Bench) -> AsyncIterator[Figure]:
    bench.only("ingest", "journey", "consistency", "gateway")
    await compared(bench)
    highest = await highest_rate(bench)
    yield Figure("delays", "highest rate of the whole way", "events/s", (highest,))
    for share in SHARES:
        seconds = 5.0 if bench.quick else SECONDS
        arrivals = await arriving(bench, highest * share, seconds)
        delays = sorted((arrivals.alerted[name] - due) * 1_000 for name, due in arrivals.due.items())
        answers = sorted(one * 1_000 for one in arrivals.answered)
        rate = f"at {share:.0%} of it"
        for what, found in (("request to acknowledgement", answers), ("request to alert on the stream", delays)):
            for name, place in (("median", 0.5), ("p99", 0.99)):
                yield Figure("delays", f"{what}, {rate}: {name}", "ms", (found[int(len(found) * place)],))
        await compared(bench)


async def highest_rate(bench: Bench) -> float:
    """Events a second, from the first request until both consumers have all."""
    count = bench.some(6_000)
    name, began = prefix(), time.perf_counter()
    events = [event(f"{name}-{n % (count // 5)}", f"{name}-{n}", TEXTS[n % len(TEXTS)]) for n in range(count)]
    async with client(bench) as door:
        batches = [events[at : at + 50] for at in range(0, count, 50)]
        await asyncio.gather(*(post(door, batch) for batch in batches))
    await seen(bench, name, count)
    return count / (time.perf_counter() - began)


async def seen(bench: Bench, name: str, count: int) -> None:
    async with bench.database() as database:

        async def there() -> bool:
            of_these = {"customer": {"$gte": f"{name}-", "$lt": f"{name}."}}
            counts = [await database[name].count_documents(of_these) for name in ("touchpoints", "events")]
            return bool(min(counts) >= count)

        await until(there, f"{count:,} events in both stores", 0.1)
    await compared(bench)


async def arriving(bench: Bench, rate: float, seconds: float) -> Arrivals:
    """Arrivals over so many seconds; returns when each probe's alert came."""
    arrivals, name = Arrivals(), prefix()
    count = int(rate * seconds)
    every = max(1, int(rate / PROBES))
    headers = {"authorization": f"Bearer {bench.stack.keys.ops}"}
    async with (
        client(bench) as door,
        httpx.AsyncClient(base_url=bench.stack.urls["gateway"], headers=headers, timeout=None) as reader,
        asyncio.TaskGroup() as group,
    ):
        listening = asyncio.create_task(listen(reader, name, arrivals))
        probes = range(0, count, every)
        await asyncio.gather(*(post(door, [quoted(name, n, 30)]) for n in probes))
        await seen_quotes(bench, name, len(probes))
        began = time.perf_counter()
        for number in range(count):
            due = began + number / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            if number % every == 0:
                arrivals.due[template(name, number)] = due
                group.create_task(answered(door, quoted(name, number, 36), due, arrivals))
            else:
                plain = event(f"{name}-plain-{number % 997}", f"{name}-plain-{number}", TEXTS[number % len(TEXTS)])
                group.create_task(answered(door, plain, due, arrivals))

        async def all_alerted() -> bool:
            return arrivals.alerted.keys() >= arrivals.due.keys()

        await until(all_alerted, f"{len(arrivals.due)} alerts on the stream", pause=0.02)
        listening.cancel()
        await asyncio.wait([listening])
    return arrivals


async def seen_quotes(bench: Bench, name: str, count: int) -> None:
    await seen(bench, f"{name}-probe", count)


async def listen(reader: httpx.AsyncClient, name: str, arrivals: Arrivals) -> None:
    async with aconnect_sse(reader, "GET", "/v1/alerts/stream") as stream:
        async for sent in stream.aiter_sse():
            if sent.event == "alert" and name in sent.data:
                sender = orjson.loads(sent.data)["senders"]["b"]
                arrivals.alerted.setdefault(sender["template"], time.perf_counter())


async def answered(door: httpx.AsyncClient, one: dict[str, object], due: float, arrivals: Arrivals) -> None:
    await post(door, [one])
    arrivals.answered.append(time.perf_counter() - due)


async def post(door: httpx.AsyncClient, events: list[dict[str, object]]) -> None:
    response = await door.post("/v1/events", content=orjson.dumps(events))
    if response.status_code != 202:
        raise RuntimeError(f"ingest answered {response.status_code}: {response.text[:300]}")


def client(bench: Bench) -> httpx.AsyncClient:
    headers = {
        "authorization": f"Bearer {bench.stack.keys.publish}",
        "content-type": "application/cloudevents-batch+json",
    }
    limits = httpx.Limits(max_connections=CONNECTIONS)
    return httpx.AsyncClient(base_url=bench.stack.urls["ingest"], headers=headers, limits=limits, timeout=60)


def template(name: str, number: int) -> str:
    """Of its own for each probe, so that each is a cause of its own."""
    return f"{name}-quote-{number}"


def quoted(name: str, number: int, price: int) -> dict[str, object]:
    claim = {"subject": "Harbour Pro", "attribute": "price", "value": price, "unit": "GBP/month"}
    more: dict[str, Any] = {"template": template(name, number), "claims": [claim]}
    return event(f"{name}-probe-{number}", f"{name}-probe-{number}-{price}", f"That is £{price} a month.", **more)
