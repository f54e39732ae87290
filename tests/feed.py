"""What tests that talk to a running stack have in common: messages to publish, and patience."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

Json = dict[str, Any]
PATIENCE = 240.0
"""Seconds after which something that has not come is taken not to come; no claim about speed."""


def message(customer: str, number: int, department: str, text: str, **data: object) -> Json:
    """The customer's message `number`, sent on that day of March 2026."""
    return {
        "specversion": "1.0",
        "id": f"{customer}-{number}",
        "source": f"//{department}.example.com",
        "type": "touchpoint.message.v1",
        "time": f"2026-03-{number:02d}T09:00:00Z",
        "data": {
            "customer": {"id": customer},
            "department": department,
            "channel": "email",
            "direction": "outbound",
            "purpose": "service",
            "text": text,
            **data,
        },
    }


def contradicting(customer: str, billed: str = "£36") -> list[Json]:
    """Two messages. Alerts are one a cause: a test that acts on an alert needs a sum of its own."""
    return [
        message(customer, 2, "sales", "Your Harbour Pro plan costs £30 a month."),
        message(customer, 9, "billing", f"The Harbour Pro plan costs {billed} a month."),
    ]


async def until(probe: Callable[[], Awaitable[Any]], what: str = "", pause: float = 0.1) -> Any:
    """The probe's first answer that is true, with `pause` seconds between; fails when none comes. A 503 says to ask
    again, and is asked again."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := await _unless_away(probe)):
        assert time.monotonic() < deadline, f"{what or probe}: not within {PATIENCE:.0f} seconds"
        await asyncio.sleep(pause)
    return answer


async def _unless_away(probe: Callable[[], Awaitable[Any]]) -> Any:
    try:
        return await probe()
    except httpx.HTTPStatusError as refusal:
        if refusal.response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            raise
        return None
