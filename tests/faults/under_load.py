"""A fault while events come in: what each test of a fault does the same."""

import asyncio
import os
import re
import time
import uuid
from collections.abc import Awaitable, Callable

from tests.faults.counted import Counted
from tests.faults.counts import Stored, outcome, within
from tests.faults.load import EACH, Load, conflicts_in, events_of
from tests.faults.stack import FaultStack

EVENTS = int(os.environ.get("ONEVOICE_FAULT_EVENTS") or 1_500)
RATE = float(os.environ.get("ONEVOICE_FAULT_RATE") or 250)
PROBES = 24
"""Customers, enough to meet every partition."""

Inflict = Callable[[], Awaitable[None]]


async def under_load(stack: FaultStack, stored: Stored, fault: str, inflict: Inflict) -> Counted:
    """Sends events, breaks something in the middle and mends it, and counts; fails where the counts are not right.

    The seconds until the stack goes again are those from the end of `inflict` until events of every partition that
    were sent after it are stored and compared, what had piled up before them included.
    """
    prefix = f"{re.sub('[^a-z0-9]+', '-', fault.lower())}-{uuid.uuid4().hex[:6]}"
    load = Load(stack.urls["ingest"], stack.keys.publish, RATE)
    sending = asyncio.create_task(load.send(list(events_of(prefix, EVENTS))))
    try:
        await within(120, lambda: some_accepted(load))
        await inflict()
        recovered = await going_again(stack, stored, time.monotonic())
        await asyncio.to_thread(stack.heal)
        await sending
    finally:
        sending.cancel()
        await asyncio.wait([sending])
    found = await outcome(fault, stored, prefix, load, EVENTS, conflicts_in(EVENTS), recovered)
    found.report()
    assert load.refused == {}
    assert (found.accepted, found.stored, found.lost, found.duplicated) == (EVENTS, EVENTS, 0, 0)
    assert found.conflicts_found == found.conflicts_expected
    assert recovered is not None
    return found


async def some_accepted(load: Load) -> bool:
    return len(load.accepted) >= EVENTS // 10


async def going_again(stack: FaultStack, stored: Stored, since: float) -> float | None:
    prefix = f"probe-{uuid.uuid4().hex[:8]}"
    load = Load(stack.urls["ingest"], stack.keys.publish)
    await load.send([one for one in events_of(prefix, PROBES * EACH) if one["id"].endswith("-0")])

    async def arrived() -> bool:
        return await stored.count(prefix) == PROBES == await stored.compared(prefix)

    return None if await within(240, arrived) is None else time.monotonic() - since
