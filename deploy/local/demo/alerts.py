"""Follows the live stream of alerts and works out how long after the request each alert appeared."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

import httpx
import stamina
from httpx_sse import aconnect_sse

Json = dict[str, Any]


@dataclass
class Sightings:
    """When each alert was first seen on the stream, in seconds of `time.monotonic`."""

    first: dict[str, float] = field(default_factory=dict)
    messages: int = 0


@asynccontextmanager
async def following(gateway: str, key: str) -> AsyncIterator[Sightings]:
    """Yields once the stream is open. A break is resumed from the last message, within the bounds of stamina."""
    sightings, opened = Sightings(), asyncio.Event()
    task = asyncio.create_task(follow(gateway, key, sightings, opened))
    waiting = asyncio.create_task(opened.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task  # raises what kept it from opening
        yield sightings
    finally:
        for one in (task, waiting):
            one.cancel()
        await asyncio.wait({task, waiting})


async def follow(gateway: str, key: str, sightings: Sightings, opened: asyncio.Event) -> None:
    last_id: str | None = None
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=gateway, headers=headers, timeout=httpx.Timeout(10, read=None)) as client:
        async for attempt in stamina.retry_context(on=httpx.TransportError, attempts=20, timeout=120):
            with attempt:
                resume = {"last-event-id": last_id} if last_id else {}
                async with aconnect_sse(client, "GET", "/v1/alerts/stream", headers=resume) as source:
                    source.response.raise_for_status()
                    opened.set()
                    async for message in source.aiter_sse():
                        last_id = message.id or last_id
                        see(message.data, message.json() if message.data else None, sightings)
                raise httpx.RemoteProtocolError("the stream ended")


def see(data: str, alert: Any, sightings: Sightings) -> None:
    if data and isinstance(alert, dict) and "id" in alert:
        sightings.messages += 1
        sightings.first.setdefault(alert["id"], time.monotonic())


def delays(conflicts: Iterable[Json], sent_at: Mapping[tuple[str, str], float], sightings: Sightings) -> list[float]:
    """Seconds from a request to its alert, for every alert that this feed caused, sorted.

    An alert is caused by the first of its conflicts whose messages are both sent; what was sent in an
    earlier run is left out.
    """
    caused: dict[str, float] = {}
    for conflict in conflicts:
        moments = [sent_at.get((conflict[side]["source"], conflict[side]["id"])) for side in ("a", "b")]
        alert = conflict.get("alert")
        if alert is None or None in moments:
            continue
        moment = max(one for one in moments if one is not None)
        caused[alert] = min(moment, caused.get(alert, moment))
    seen = sightings.first
    return sorted(seen[alert] - moment for alert, moment in caused.items() if seen.get(alert, 0.0) >= moment)


def summary(values: list[float]) -> tuple[float, float]:
    """Median and 99th percentile; needs at least one value."""
    return median(values), quantiles(values, n=100, method="inclusive")[98] if len(values) > 1 else values[0]
