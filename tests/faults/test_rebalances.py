"""Consumers that come, go and hang, while events come in."""

import asyncio

import pytest

from tests.faults.counts import Stored
from tests.faults.stack import FaultStack
from tests.faults.under_load import under_load

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3_600)]
CONSUMERS = ("journey", "consistency")
HANGS_SECONDS = 15.0
"""Longer than the session timeout."""


@pytest.mark.parametrize("service", CONSUMERS)
async def test_a_second_instance_comes_and_goes(faulty: FaultStack, stored: Stored, service: str) -> None:
    async def inflict() -> None:
        second = await asyncio.to_thread(faulty.replica, service)
        await asyncio.sleep(3)
        await asyncio.to_thread(faulty.remove, second)

    await under_load(faulty, stored, f"second {service} added and removed", inflict)


@pytest.mark.parametrize("service", CONSUMERS)
async def test_an_instance_hangs_and_another_takes_over(faulty: FaultStack, stored: Stored, service: str) -> None:
    second = await asyncio.to_thread(faulty.replica, service)

    async def inflict() -> None:
        faulty.freeze(second)
        await asyncio.sleep(HANGS_SECONDS)
        faulty.thaw(second)

    try:
        await under_load(faulty, stored, f"second {service} hangs for {HANGS_SECONDS:.0f} s", inflict)
    finally:
        await asyncio.to_thread(faulty.remove, second)
