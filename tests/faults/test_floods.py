"""More of something than anybody has a right to send."""

import asyncio
import uuid
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import httpx
import orjson
import pytest

from shared.events import timestamp
from tests.faults.counts import Stored, outcome
from tests.faults.load import CONTENT_TYPE, Event, Load, conflicts_in, events_of, made
from tests.faults.stack import FaultStack
from tests.faults.under_load import EVENTS, going_again

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3_600)]
SENDERS = 1_000
SLOW_SENDERS = 2_100
"""More than a service has connections for."""
GREETINGS = ("Good morning!", "Good day!", "Hello!", "Good evening!", "Welcome back!", "Hi there!", "Dear customer!")


def named(fault: str) -> str:
    return f"{fault}-{uuid.uuid4().hex[:6]}"


async def flooded(
    stack: FaultStack, stored: Stored, fault: str, prefix: str, events: list[Event], expected: int, **how: int
) -> Load:
    """All of it is sent at once, or as `how` says; fails where anything is lost or doubled."""
    load = Load(stack.urls["ingest"], stack.keys.publish)
    await load.send(events, **how)
    found = await outcome(fault, stored, prefix, load, len(events), expected, None)
    found.report()
    assert load.refused == {}
    assert (found.accepted, found.stored, found.lost, found.duplicated) == (len(events), len(events), 0, 0)
    assert found.conflicts_found == expected
    return load


async def test_a_thousand_senders_at_once(faulty: FaultStack, stored: Stored) -> None:
    prefix, count = named("senders"), max(SENDERS, EVENTS)
    events = list(events_of(prefix, count))
    await flooded(
        faulty, stored, f"{SENDERS:,} senders at once", prefix, events, conflicts_in(count), senders=SENDERS, batch=1
    )


async def test_slow_senders_take_no_place_for_long(faulty: FaultStack, stored: Stored) -> None:
    """Each sends a part of its headers and then a byte now and then; others are served all the while or soon after."""
    prefix = named("slow")
    async with AsyncExitStack() as stack:
        writers: list[asyncio.StreamWriter] = []
        for _ in range(SLOW_SENDERS):
            _, writer = await asyncio.open_connection("127.0.0.1", faulty.at.ports["ingest"])
            stack.callback(writer.close)
            writer.write(b"POST /v1/events HTTP/1.1\r\nhost: localhost\r\n")
            writers.append(writer)
        dripping = asyncio.create_task(drip(writers))
        try:
            events = list(events_of(prefix, EVENTS))
            fault = f"{SLOW_SENDERS:,} senders that never finish"
            await flooded(faulty, stored, fault, prefix, events, conflicts_in(EVENTS))
        finally:
            dripping.cancel()
            await asyncio.wait([dripping])


async def drip(writers: list[asyncio.StreamWriter]) -> None:
    while True:
        for writer in writers:
            if not writer.is_closing():
                writer.write(b"x")
        await asyncio.sleep(1)


async def test_huge_batches(faulty: FaultStack, stored: Stored) -> None:
    """As large as the door takes them; what is larger is refused whole, with words that say how large it may be."""
    prefix, count = named("huge"), max(EVENTS, 5_000)
    headers = {"authorization": f"Bearer {faulty.keys.publish}", "content-type": CONTENT_TYPE}
    async with httpx.AsyncClient(base_url=faulty.urls["ingest"], headers=headers, timeout=120) as client:
        many = list(events_of(named("refused"), 20_000))
        refused = await client.post("/v1/events", content=orjson.dumps(many))
        assert refused.status_code == 413, refused.text[:300]
        assert refused.headers["content-type"] == "application/problem+json"
    events = list(events_of(prefix, count))
    await flooded(faulty, stored, "batches of 1,000", prefix, events, conflicts_in(count), batch=1_000)


async def test_one_customer_with_very_many_messages(faulty: FaultStack, stored: Stored) -> None:
    prefix, count = named("one"), EVENTS
    text = {"department": "operations", "channel": "push", "direction": "outbound"}
    events = [
        made(f"{prefix}-0", 0, "message", text | {"text": f"{GREETINGS[n % len(GREETINGS)]} Thank you."})
        for n in range(count)
    ]
    for number, event in enumerate(events):
        event["id"] = f"{prefix}-0-{number}"
        event["time"] = timestamp(datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=number))
    await flooded(faulty, stored, f"one customer with {count:,} messages", prefix, events, 0)


async def test_one_campaign_to_very_many_customers(faulty: FaultStack, stored: Stored) -> None:
    prefix, count = named("campaign"), EVENTS
    data = {"department": "marketing", "channel": "email", "direction": "outbound", "purpose": "promotional"}
    data |= {
        "campaign": "spring",
        "template": "spring-1",
        "text": "Spring is here: 20 % off every bike until 31 March.",
    }
    events = [made(f"{prefix}-{number}", 0, "message", data) for number in range(count)]
    await flooded(faulty, stored, f"one campaign to {count:,} customers", prefix, events, 0)
    assert await going_again(faulty, stored, asyncio.get_running_loop().time()) is not None
