"""Runs the stack on three brokers for a long time at half of the highest rate, and watches memory and lag.

python -m tests.faults.soak --minutes 30
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.local.parts import SERVICES
from deploy.local.ports import PORT_SETTINGS
from shared.telemetry.metrics import LAG_RECORDS
from tests.faults.counts import Stored, outcome
from tests.faults.load import Load, conflicts_in, events_of
from tests.faults.stack import FaultStack

MEMORY = "process_resident_memory_bytes"
CONSUMING = ("journey", "consistency")


@dataclass(frozen=True, slots=True)
class Look:
    """`memory`: resident MiB by service; `lag`: records that wait, by service."""

    minute: float
    memory: dict[str, float]
    lag: dict[str, int]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0, help="%(default)s")
    parser.add_argument("--rate", type=float, help="events a second; default: half of what a first minute can do")
    parser.add_argument("--out", type=Path, help="a file for the looks, as JSON lines")
    given = parser.parse_args()
    ports = os.environ | {setting.variable: "0" for setting in PORT_SETTINGS}
    with tempfile.TemporaryDirectory() as folder, FaultStack(Path(folder), ports) as stack:
        stack.up()
        return asyncio.run(soak(stack, given))


async def soak(stack: FaultStack, given: argparse.Namespace) -> int:
    stored = Stored(stack.direct_mongodb)
    rate = given.rate or await highest_rate(stack, stored) / 2
    print(f"{rate:,.0f} events a second for {given.minutes:g} minutes")
    prefix, seconds = f"soak-{uuid.uuid4().hex[:6]}", given.minutes * 60
    load = Load(stack.urls["ingest"], stack.keys.publish, rate)
    count = int(rate * seconds) // 50 * 50
    sending = asyncio.create_task(load.send(list(events_of(prefix, count))))
    looks = await watched(stack, sending, seconds)
    await sending
    found = await outcome(f"soak of {given.minutes:g} minutes", stored, prefix, load, count, conflicts_in(count), None)
    await stored.close()
    found.report()
    for line in table(looks):
        print(line)
    if given.out:
        given.out.write_text("".join(json.dumps([one.minute, one.memory, one.lag]) + "\n" for one in looks))
    right = found.accepted == found.stored == count and found.lost == found.duplicated == 0
    return 0 if right and found.conflicts_found == found.conflicts_expected else 1


async def highest_rate(stack: FaultStack, stored: Stored, events: int = 6_000) -> float:
    """Events a second that both consumers keep up with, over the whole way."""
    prefix = f"highest-{uuid.uuid4().hex[:6]}"
    load = Load(stack.urls["ingest"], stack.keys.publish)
    began = time.monotonic()
    await load.send(list(events_of(prefix, events)))
    await outcome("highest rate", stored, prefix, load, events, conflicts_in(events), None)
    return events / (time.monotonic() - began - 1.0)


async def watched(stack: FaultStack, sending: "asyncio.Task[None]", seconds: float) -> list[Look]:
    began, looks = time.monotonic(), []
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, disable=not sys.stdout.isatty()) as progress:
        bar = progress.add_task("soaking", total=seconds)
        while not sending.done():
            looks.append(await look(stack, (time.monotonic() - began) / 60))
            progress.update(bar, completed=time.monotonic() - began)
            await asyncio.wait([sending], timeout=15)
    return looks


async def look(stack: FaultStack, minute: float) -> Look:
    async with httpx.AsyncClient(timeout=30) as client:
        found = {name: samples((await client.get(f"{stack.urls[name]}/metrics")).text) for name in SERVICES}
    memory = {name: found[name].get(MEMORY, 0.0) / 2**20 for name in SERVICES}
    return Look(minute, memory, {name: int(found[name].get(LAG_RECORDS, 0)) for name in CONSUMING})


def samples(metrics: str) -> dict[str, float]:
    """Each name's sum over its labels, from Prometheus text."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    return sums


def table(looks: list[Look]) -> Iterator[str]:
    """Ten rows over the whole time."""
    names = [*SERVICES, *(f"{name} behind" for name in CONSUMING)]
    yield f"| minute | {' | '.join(names)} |"
    yield f"|{' ---: |' * (len(names) + 1)}"
    for one in looks[:: max(1, len(looks) // 10)]:
        cells = [f"{one.memory[name]:.0f} MiB" for name in SERVICES] + [f"{one.lag[name]:,}" for name in CONSUMING]
        yield f"| {one.minute:.0f} | {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
