"""The consumers, each by itself: records that wait on the topic, until all are stored or compared."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pymongo import IndexModel

from tests.bench.bench import Bench
from tests.bench.figure import Aim, Figure
from tests.bench.records import Told, always_new, bare_consumption, ends, publish, seen_before
from tests.feed import until

RECORDS = 20_000
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """`per_second` from the first record on; `cpu` in milliseconds an event."""

    per_second: float
    cpu: float
    memory: float


async def taken(bench: Bench, service: str, told: Told) -> Taken:
    """The service, running alone, takes what is published faster than it can."""
    bench.only(service)
    async with bench.asked(service) as client:

        async def consumed() -> int:
            known = (await client.get("/v1/consumers")).json()["consumers"]
            return int(next(one["consumed"] for one in known if one["group"].startswith(service)))

        before, there = await bench.used(service), await consumed()

        async def begun() -> bool:
            return await consumed() > there

        async def over() -> bool:
            return await consumed() >= there + told.count

        publishing = asyncio.create_task(publish(bench.stack.at.kafka, told))
        await until(begun, f"{service}'s first record", pause=0.02)
        began = time.perf_counter()
        await until(over, f"{service}'s work on {told.count:,} records", pause=0.02)
        seconds = time.perf_counter() - began
        await publishing
        after = await bench.used(service)
    return Taken(told.count / seconds, (after.cpu - before.cpu) * 1_000 / told.count, after.memory)


async def journey(bench: Bench) -> AsyncIterator[Figure]:
    runs, inserts, consumptions = [], [], []
    count = bench.some(RECORDS)
    for number in range(bench.runs):
        since = await ends(bench.stack.at.kafka)
        told = Told(f"journey{number}", count // 10, 10, seen_before)
        runs.append(await taken(bench, "journey", told))
        consumptions.append(await bare_consumption(bench.stack.at.kafka, since, told.count))
        inserts.append(await bare_insert(bench, told))
    speeds = tuple(one.per_second for one in runs)
    what = "records to stored touchpoints"
    yield Figure("journey", what, "records/s", speeds, tuple(inserts), "insert_many, same documents", Aim(0.6))
    yield Figure("journey", f"{what} ", "records/s", speeds, tuple(consumptions), "bare consumption")
    yield Figure("journey", "CPU", "ms an event", tuple(one.cpu for one in runs))
    yield Figure("journey", "memory", "MiB", tuple(one.memory for one in runs))


async def bare_insert(bench: Bench, told: Told) -> float:
    """The documents that were stored, into another collection with the same indexes."""
    async with bench.database() as database:
        touchpoints, bare = database["touchpoints"], database["bare"]
        await bare.drop()
        indexes = [index async for index in await touchpoints.list_indexes()]
        await bare.create_indexes([IndexModel(list(one["key"].items())) for one in indexes if one["name"] != "_id_"])
        named = {"customer": {"$gte": f"{told.name}-", "$lt": f"{told.name}."}}
        documents = await touchpoints.find(named).to_list()
        if len(documents) != told.count:
            raise RuntimeError(f"{len(documents):,} of {told.count:,} touchpoints are stored")
        began = time.perf_counter()
        for at in range(0, len(documents), CHUNK):
            await bare.insert_many(documents[at : at + CHUNK], ordered=False)
        seconds = time.perf_counter() - began
        await bare.drop()
    return told.count / seconds


async def consistency(bench: Bench) -> AsyncIterator[Figure]:
    count = bench.some(RECORDS)
    new = count if bench.quick else count // 10
    cases: tuple[tuple[str, str, Callable[[str], Told]], ...] = (
        ("texts seen before", "on", lambda name: Told(name, count // 10, 10, seen_before)),
        ("texts seen before, without comparer", "off", lambda name: Told(name, count // 10, 10, seen_before)),
        ("new texts", "on", lambda name: Told(name, new, 1, always_new(name))),
        ("new texts, without comparer", "off", lambda name: Told(name, count // 5, 5, always_new(name))),
    )
    for number, (what, comparer, told_by) in enumerate(cases):
        runs, limits = [], []
        with comparer_is(bench, comparer):
            for run in range(bench.runs):
                since, told = await ends(bench.stack.at.kafka), told_by(f"told{number}x{run}")
                runs.append(await taken(bench, "consistency", told))
                limits.append(await bare_consumption(bench.stack.at.kafka, since, told.count))
        speeds = tuple(one.per_second for one in runs)
        yield Figure("consistency", what, "messages/s", speeds, tuple(limits), "bare consumption")
        yield Figure("consistency", f"{what}: CPU", "ms an event", tuple(one.cpu for one in runs))
        yield Figure("consistency", f"{what}: memory", "MiB", tuple(one.memory for one in runs))


@contextmanager
def comparer_is(bench: Bench, setting: str) -> Iterator[None]:
    bench.only()
    bench.stack.environ["ONEVOICE_COMPARER"] = setting
    yield
    bench.only()
    del bench.stack.environ["ONEVOICE_COMPARER"]
