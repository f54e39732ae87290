"""Links between services and servers that are cut, slow, silent or half open, while events come in."""

import asyncio

import pytest

from tests.faults.counts import Stored
from tests.faults.proxy import Link
from tests.faults.stack import FaultStack
from tests.faults.under_load import under_load

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3_600)]
SECONDS = 12.0
"""Longer than the session timeout and the bound for a record's acknowledgement."""
FAR = {
    "every broker": ("kafka-1", "kafka-2", "kafka-3"),
    "one broker": ("kafka-1",),
    "MongoDB": ("mongodb",),
}
WAYS = {"both ways": (True, True), "there": (True, False), "back": (False, True)}


def links(stack: FaultStack, far: str) -> list[Link]:
    return [stack.links[name] for name in FAR[far]]


@pytest.mark.parametrize("far", FAR)
async def test_the_link_is_cut(faulty: FaultStack, stored: Stored, far: str) -> None:
    async def inflict() -> None:
        for link in links(faulty, far):
            link.cut()
        await asyncio.sleep(SECONDS)
        for link in links(faulty, far):
            link.heal()

    await under_load(faulty, stored, f"link to {far} cut for {SECONDS:.0f} s", inflict)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("far", ["every broker", "MongoDB"])
async def test_the_link_is_silent(faulty: FaultStack, stored: Stored, far: str, way: str) -> None:
    async def inflict() -> None:
        for link in links(faulty, far):
            link.silence(*WAYS[way])
        await asyncio.sleep(SECONDS)
        for link in links(faulty, far):
            link.heal()

    await under_load(faulty, stored, f"link to {far} silent {way} for {SECONDS:.0f} s", inflict)


@pytest.mark.parametrize("far", ["every broker", "MongoDB"])
async def test_the_link_is_slow(faulty: FaultStack, stored: Stored, far: str) -> None:
    async def inflict() -> None:
        for link in links(faulty, far):
            link.slow(0.2)

    await under_load(faulty, stored, f"link to {far} 0.2 s slower", inflict)


@pytest.mark.parametrize("far", ["every broker", "MongoDB"])
async def test_connections_are_half_open(faulty: FaultStack, stored: Stored, far: str) -> None:
    async def inflict() -> None:
        for link in links(faulty, far):
            link.half_open()

    await under_load(faulty, stored, f"connections to {far} half open", inflict)
