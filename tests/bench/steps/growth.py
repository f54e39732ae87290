"""Whether an event costs the same where much is stored already, and for a customer with a long history."""

from collections.abc import AsyncIterator
from dataclasses import replace

from tests.bench.bench import Bench, compared, stored
from tests.bench.figure import Aim, Figure
from tests.bench.records import Told, publish, seen_before
from tests.bench.steps.consuming import Taken, taken
from tests.bench.steps.gateway import delays_of, first_page, gets

MORE = 4_000
"""Events that are measured at each size."""
LATER = 500
"""Of one customer."""
APART = 10_000
"""What one service is measured with the other meets later: each has messages of its own."""
LONG = (10, 1_000, 100_000)
SERVICES = ("journey", "consistency")


async def growth(bench: Bench) -> AsyncIterator[Figure]:
    at_first: dict[str, tuple[float, ...]] = {}
    there = 0
    for size in sizes(bench):
        await fill(bench, Told(f"grow{size}", (size - there) // 10, 10, seen_before))
        there = size
        more = [Told(f"more{size}x{run}", bench.some(MORE) // 10, 10, seen_before) for run in range(bench.runs)]
        async for figure in costs(bench, f"{size:,} stored", more, at_first, Aim(1.15, least=False)):
            yield figure
        pages = gets(f"/v1/customers/grow{size}-{n}/timeline" for n in range(100))
        bench.only("journey", "consistency", "gateway")
        await compared(bench)
        async for figure in delays_of(bench, f"first page, {size:,} stored", pages, first_page, None, 1):
            if figure.what.endswith("median"):
                first = at_first.setdefault("page", figure.runs)
                yield Figure("growth", figure.what, "ms", figure.runs, first, "at the smallest", Aim(1.15, least=False))
    at_first = {}
    for messages in LONG[: 2 if bench.quick else None]:
        await fill(bench, Told(f"one{messages}", 1, messages, seen_before))
        more = [Told(f"one{messages}", 1, LATER, seen_before, messages + LATER * run) for run in range(bench.runs)]
        what = f"a customer with {messages:,} messages"
        async for figure in costs(bench, what, more, at_first, Aim(1.15, least=False)):
            yield figure


def sizes(bench: Bench) -> list[int]:
    return [2_000, 4_000] if bench.quick else [size for size in (10_000, 100_000, 1_000_000) if size <= bench.largest]


async def fill(bench: Bench, told: Told) -> None:
    bench.only(*SERVICES)
    await compared(bench)
    await publish(bench.stack.at.kafka, told)
    await stored(bench, "events", told.count)
    await compared(bench)


async def costs(
    bench: Bench, what: str, more: list[Told], at_first: dict[str, tuple[float, ...]], aim: Aim
) -> AsyncIterator[Figure]:
    """CPU an event of each consumer, beside what it was where least was stored."""
    found: dict[str, list[Taken]] = {service: [] for service in SERVICES}
    for place, service in enumerate(SERVICES):
        bench.only(service)
        await compared(bench, service)
        for told in more:
            found[service].append(await taken(bench, service, replace(told, told=told.told + APART * place)))
    for service, runs in found.items():
        cpu = tuple(one.cpu for one in runs)
        first = at_first.setdefault(service, cpu)
        yield Figure("growth", f"{service}, {what}: CPU", "ms an event", cpu, first, "at the smallest", aim)
        yield Figure("growth", f"{service}, {what}: memory", "MiB", tuple(one.memory for one in runs))
