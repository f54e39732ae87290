"""Shuffled, doubled, late by days, deliveries and corrections before their messages, clocks wrong by hours: the
whole stack ends as it does when the same events come in order.

`ONEVOICE_DISORDER_CUSTOMERS`: customers of the demonstration's background beside the development scenarios.
"""

import os
import random
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from deploy.local.demo.history import in_order, past, present
from deploy.local.demo.publish import Published, publish
from deploy.local.stack import Stack
from shared.events import EmbargoEvent, parse_event, record_key, timestamp, to_json
from shared.kafka.publisher import Outgoing, open_publisher
from shared.kafka.topics import POLICIES, TOUCHPOINTS
from shared.settings import KafkaSettings
from tests.faults.counted import Counted
from tests.faults.whole_stack import Consuming, Holdings, at_rest, holdings

CUSTOMERS = int(os.environ.get("ONEVOICE_DISORDER_CUSTOMERS") or 60)
SEED = 4
OFF = (timedelta(hours=-9), timedelta(hours=-2), timedelta(hours=5), timedelta(days=-3), timedelta(days=2))
"""How far the clocks of some systems are off; the others are right."""
AGAIN = 0.3
"""Share of the events that are sent once more over HTTP."""
PAST_THE_DOOR = 300
"""Events that stand on the log twice, as after a lost acknowledgement."""

Json = dict[str, Any]


def told() -> list[Json]:
    return in_order([clock_off(event) for event in (*past(CUSTOMERS), *present())])


def clock_off(event: Json) -> Json:
    """Every third system's clock is wrong, always by the same."""
    number = zlib.crc32(event["source"].encode())
    if number % 3:
        return event
    time = datetime.fromisoformat(event["time"]) + OFF[number % len(OFF)]
    return event | {"time": timestamp(time)}


def disordered(events: list[Json]) -> list[Json]:
    """Some again, all shuffled: with a history of months that is late by days, and answers before questions."""
    chance = random.Random(SEED)
    mixed = [*events, *(event for event in events if chance.random() < AGAIN)]
    chance.shuffle(mixed)
    return mixed


def too_early(events: list[Json]) -> Counter[str]:
    """How often something came before what it is about: what this test is for, so that it is not empty."""
    seen: set[str] = set()
    early: Counter[str] = Counter()
    for event in events:
        for reference in ("message", "corrects"):
            about = event["data"].get(reference)
            early[reference] += about is not None and about not in seen
        early["embargo"] += event["type"].startswith("touchpoint.embargo") and bool(seen)
        seen.add(event["id"])
    return early


@contextmanager
def whole_stack(state_dir: Path, environ: dict[str, str]) -> Iterator[Stack]:
    with Consuming(state_dir, environ | {"ONEVOICE_COMPARER": "off"}) as stack:
        stack.up()
        yield stack


async def run(stack: Stack, events: list[Json], again: list[Json]) -> tuple[Published, Holdings]:
    """`again` is put on the log itself, past the door."""
    published = await publish(stack.urls["ingest"], stack.keys.publish, events, batch_size=100, at_once=4)
    async with open_publisher(KafkaSettings(bootstrap_servers=stack.at.kafka), "again") as publisher:
        await publisher.publish_all([outgoing(event) for event in again])
    await at_rest(stack)
    return published, await holdings(stack)


def outgoing(plain: Json) -> Outgoing:
    event = parse_event(orjson.dumps(plain))
    return Outgoing(POLICIES if isinstance(event, EmbargoEvent) else TOUCHPOINTS, record_key(event), to_json(event))


@pytest.mark.timeout(1_200)
async def test_whatever_order_it_comes_in_the_whole_stack_ends_the_same(
    tmp_path: Path, free_ports: dict[str, str]
) -> None:
    events = told()
    mixed = disordered(events)
    early = too_early(mixed)
    assert early["message"] > 50
    assert early["corrects"] > 0
    assert early["embargo"] > 5
    with whole_stack(tmp_path / "ordered", free_ports) as stack:
        _, wanted = await run(stack, events, [])
    with whole_stack(tmp_path / "disordered", free_ports) as stack:
        published, found = await run(stack, mixed, random.Random(SEED).sample(events, PAST_THE_DOOR))
    counted = Counted(
        "disorder: shuffled, doubled, late by days, clocks wrong by hours and days",
        events=len(mixed) + PAST_THE_DOOR,
        accepted=published.verdicts["accepted"],
        stored=len(found.compared),
        duplicated=len(found.doubled),
        lost=len(found.lost(events)),
        conflicts_expected=len(wanted.conflicts),
        conflicts_found=len(found.conflicts),
    )
    counted.report()
    assert (counted.accepted, counted.stored) == (len(events), len(events))
    assert published.verdicts["duplicate"] == len(mixed) - len(events)
    assert (counted.duplicated, counted.lost) == (0, 0)
    assert found.dead_letters == []
    assert len(wanted.conflicts) > 50
    assert found == wanted
    assert found.marked == found.conflicts
