"""What agents and departments ask the gateway, beside the query in MongoDB that is at the bottom of it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from typing import Any

import httpx

from tests.bench.bench import SECONDS, Bench, compared, stored
from tests.bench.figure import Aim, Figure
from tests.bench.records import TEXTS, Told, publish, seen_before
from tests.bench.wrk import asking

CLIENTS = (1, 16, 64)
LONG, DEEP = 10_000, 9_000
"""Messages of the customer with most of them, and how many stand before the deep page."""
CUSTOMERS = 200
PAGE = 50
NEWEST = [("moment", -1), ("_id", -1)]

Query = Callable[[Any, int], Awaitable[object]]
Asked = tuple[str, str, str]


async def gateway(bench: Bench) -> AsyncIterator[Figure]:
    long = bench.some(LONG)
    deep = long * DEEP // LONG
    bench.only("journey", "consistency", "gateway")
    some = Told("reader", CUSTOMERS, 20, seen_before)
    one, thousand = Told("long", 1, long, seen_before), Told("thousand", 1, bench.some(1_000), seen_before)
    for told in (some, one, thousand):
        await publish(bench.stack.at.kafka, told)
    await stored(bench, "touchpoints", some.count + one.count + thousand.count)
    await compared(bench)
    cursor = await cursor_behind(bench, "long-0", deep)
    timeline = "/v1/customers/{}/timeline"
    text = json.dumps({"customer": {"id": "thousand-0"}, "department": "sales", "channel": "email", "text": TEXTS[6]})
    asked: dict[str, tuple[list[Asked], Query | None, Aim | None]] = {
        "first page": (gets(f"{timeline.format(f'reader-{n}')}" for n in range(CUSTOMERS)), first_page, Aim(2, False)),
        "first page of the longest": (gets([timeline.format("long-0")]), first_of_long, Aim(2, False)),
        "deep page of the longest": (
            gets([f"{timeline.format('long-0')}?cursor={cursor}"]),
            deep_page(deep),
            Aim(2, False),
        ),
        "summary": (gets(f"/v1/customers/reader-{n}" for n in range(CUSTOMERS)), first_page, None),
        "search of customers": (gets(f"/v1/customers?query=reader-{n}" for n in range(CUSTOMERS)), by_name, None),
        "alerts": (gets(["/v1/alerts"]), first_alerts, None),
        "pre-flight against 1,000 messages": ([("POST", "/v1/preflight", text)], None, None),
    }
    for what, (requests, query, aim) in asked.items():
        for clients in (1,) if bench.quick else CLIENTS:
            async for figure in delays_of(bench, what, requests, query, aim, clients):
                yield figure


def gets(paths: Any) -> list[Asked]:
    return [("GET", path, "") for path in paths]


async def delays_of(
    bench: Bench, what: str, requests: list[Asked], query: Query | None, aim: Aim | None, clients: int
) -> AsyncIterator[Figure]:
    port, key = bench.stack.at.ports["gateway"], bench.stack.keys.agent
    medians, highest, rates = [], [], []
    bare_medians, bare_highest = [], []
    seconds = 2 if bench.quick else SECONDS
    for _ in range(bench.runs):
        load = await asking(port, requests, key, clients, seconds)
        medians.append(load.median)
        highest.append(load.p99)
        rates.append(load.per_second)
        if query is not None:
            bare = await bare_delays(bench, query, clients, seconds)
            bare_medians.append(bare[len(bare) // 2])
            bare_highest.append(bare[int(len(bare) * 0.99)])
    many = f"{what}, {clients} client{'s' if clients > 1 else ''}"
    beside = "the query alone" if query is not None else ""
    yield Figure("gateway", f"{many}: median", "ms", tuple(medians), tuple(bare_medians), beside)
    yield Figure(
        "gateway", f"{many}: p99", "ms", tuple(highest), tuple(bare_highest), beside, aim if clients == 1 else None
    )
    yield Figure("gateway", f"{many}: rate", "requests/s", tuple(rates))


async def bare_delays(bench: Bench, query: Query, clients: int, seconds: float) -> list[float]:
    """Milliseconds of each query, so many at once, sorted."""
    found: list[float] = []
    numbers = count()
    async with bench.database() as database:
        end = time.perf_counter() + seconds

        async def one_client() -> None:
            while (began := time.perf_counter()) < end:
                await query(database, next(numbers))
                found.append((time.perf_counter() - began) * 1_000)

        await asyncio.gather(*(one_client() for _ in range(clients)))
    return sorted(found)


async def first_page(database: Any, number: int) -> object:
    return (
        await database["touchpoints"]
        .find({"customer": f"reader-{number % CUSTOMERS}"})
        .sort(NEWEST)
        .limit(PAGE + 1)
        .to_list()
    )


async def first_of_long(database: Any, _: int) -> object:
    return await database["touchpoints"].find({"customer": "long-0"}).sort(NEWEST).limit(PAGE + 1).to_list()


def deep_page(deep: int) -> Query:
    places: list[Any] = []

    async def query(database: Any, _: int) -> object:
        touchpoints = database["touchpoints"]
        if not places:
            places.extend(await touchpoints.find({"customer": "long-0"}).sort(NEWEST).skip(deep).limit(1).to_list())
        place = places[0]
        behind = [{"moment": {"$lt": place["moment"]}}, {"moment": place["moment"], "_id": {"$lt": place["_id"]}}]
        return await touchpoints.find({"customer": "long-0", "$or": behind}).sort(NEWEST).limit(PAGE + 1).to_list()

    return query


async def by_name(database: Any, number: int) -> object:
    return (
        await database["customers"].find({"_id": {"$regex": f"reader-{number % CUSTOMERS}"}}).limit(PAGE + 1).to_list()
    )


async def first_alerts(database: Any, _: int) -> object:
    return await database["alerts"].find({}).sort("_id", -1).limit(PAGE + 1).to_list()


async def cursor_behind(bench: Bench, customer: str, messages: int) -> str:
    """The timeline's own cursor behind so many messages."""
    headers = {"authorization": f"Bearer {bench.stack.keys.agent}"}
    async with httpx.AsyncClient(base_url=bench.stack.urls["gateway"], headers=headers, timeout=60) as client:
        cursor, seen = None, 0
        while cursor is None or seen < messages:
            params = {"limit": 200} | ({} if cursor is None else {"cursor": cursor})
            page = (await client.get(f"/v1/customers/{customer}/timeline", params=params)).raise_for_status().json()
            cursor, seen = page["next"], seen + len(page["items"])
    return str(cursor)
