"""Processes that die, are ended, or are restarted one after the other, while events come in."""

import asyncio
import signal

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.parts import SERVICES
from shared.kafka.topics import TOUCHPOINTS
from tests.faults.counts import Stored
from tests.faults.stack import FaultStack
from tests.faults.under_load import under_load

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3_600)]


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_is_killed(faulty: FaultStack, stored: Stored, service: str) -> None:
    async def inflict() -> None:
        await asyncio.to_thread(faulty.kill, service)

    await under_load(faulty, stored, f"kill -9 of {service}", inflict)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_is_asked_to_end(faulty: FaultStack, stored: Stored, service: str) -> None:
    async def inflict() -> None:
        await asyncio.to_thread(end_in_order, faulty, service)

    await under_load(faulty, stored, f"SIGTERM of {service}", inflict)


async def test_the_leader_of_a_partition_is_killed(faulty: FaultStack, stored: Stored) -> None:
    async def inflict() -> None:
        await asyncio.to_thread(faulty.kill, f"kafka-{await leader(faulty)}")

    await under_load(faulty, stored, "kill -9 of a broker that leads", inflict)


async def test_two_of_three_brokers_are_killed_and_come_back(faulty: FaultStack, stored: Stored) -> None:
    async def inflict() -> None:
        for name in ("kafka-1", "kafka-2"):
            await asyncio.to_thread(faulty.kill, name)
        await asyncio.sleep(15)
        await asyncio.to_thread(faulty.heal)

    await under_load(faulty, stored, "kill -9 of two of three brokers, back after 15 s", inflict)


async def test_mongodb_is_killed_and_comes_back(faulty: FaultStack, stored: Stored) -> None:
    async def inflict() -> None:
        await asyncio.to_thread(faulty.kill, "mongodb")
        await asyncio.sleep(10)
        await asyncio.to_thread(faulty.start, "mongodb")

    await under_load(faulty, stored, "kill -9 of MongoDB, back after 10 s", inflict)


async def test_everything_is_restarted_one_after_the_other(faulty: FaultStack, stored: Stored) -> None:
    async def inflict() -> None:
        for name in SERVICES:
            await asyncio.to_thread(end_in_order, faulty, name)
            await asyncio.to_thread(faulty.wait_for, name)
        for name in ("kafka-1", "kafka-2", "kafka-3", "mongodb"):
            await asyncio.to_thread(faulty.end, name)
            await asyncio.to_thread(faulty.start, name)

    await under_load(faulty, stored, "rolling restart of every service, broker and MongoDB", inflict)


def end_in_order(stack: FaultStack, service: str) -> None:
    """Within its bound, everything closed; uvicorn then ends by the signal that it was asked to end with."""
    log, closed = stack.log_of(service), "Application shutdown complete"
    before = log.read_text("utf-8").count(closed)
    assert stack.end(service) in (0, -signal.SIGTERM)
    assert log.read_text("utf-8").count(closed) == before + 1


async def leader(stack: FaultStack) -> int:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.at.kafka)
    await admin.start()
    try:
        (described,) = await admin.describe_topics([TOUCHPOINTS])
    finally:
        await admin.close()
    return int(described["partitions"][0]["leader"])
