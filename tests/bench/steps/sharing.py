"""Whether two instances of a consumer share anything: what both spend together on an event, beside what one spends."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from tests.bench.bench import Bench
from tests.bench.figure import Aim, Figure
from tests.bench.records import Told, publish, seen_before
from tests.feed import until

RECORDS = 20_000


async def sharing(bench: Bench) -> AsyncIterator[Figure]:
    count = bench.some(RECORDS)
    for service in ("journey", "consistency"):
        alone, together = [], []
        for run in range(bench.runs):
            bench.only(service)
            alone.append(await spent(bench, [service], Told(f"alone-{service}{run}", count // 10, 10, seen_before)))
            with bench.replica(service) as other:
                told = Told(f"together-{service}{run}", count // 10, 10, seen_before)
                together.append(await spent(bench, [service, other], told))
        yield Figure(
            "sharing",
            f"{service}, two instances: CPU of both",
            "ms an event",
            tuple(together),
            tuple(alone),
            "one instance",
            Aim(1.1, least=False),
        )


async def spent(bench: Bench, instances: Sequence[str], told: Told) -> float:
    """Milliseconds of CPU an event, of all instances together, which have shared the partitions out before."""
    service = instances[0]

    async def known(instance: str) -> tuple[int, int]:
        async with bench.asked(instance) as client:
            consumers = (await client.get("/v1/consumers")).json()["consumers"]
        one = next(one for one in consumers if one["group"].startswith(service))
        return int(one["consumed"]), len(one["assigned"])

    async def consumed() -> int:
        return sum([(await known(instance))[0] for instance in instances])

    async def shared_out() -> bool:
        return all([(await known(instance))[1] for instance in instances])

    await until(shared_out, "partitions for each instance", 0.2)
    there, before = await consumed(), [(await bench.used(instance)).cpu for instance in instances]

    async def over() -> bool:
        return await consumed() >= there + told.count

    publishing = asyncio.create_task(publish(bench.stack.at.kafka, told))
    await until(over, f"{told.count:,} records at {' and '.join(instances)}", 0.1)
    await publishing
    after = [(await bench.used(instance)).cpu for instance in instances]
    return (sum(after) - sum(before)) * 1_000 / told.count
