"""Publishes events over HTTP as a department's system would: in batches, and again while the door is busy or away."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import stamina

Json = dict[str, Any]
EventKey = tuple[str, str]
"""An event's `source` and `id`."""

TRIES_FOR_SECONDS = 120.0
"""How long one batch is tried; a service that was killed is back long before."""
LONGEST_WAIT = 30.0


class BusyError(Exception):
    """The door answered 429 or 503; `wait` is what it asked for, in seconds."""

    def __init__(self, status: int, wait: float | None) -> None:
        super().__init__(f"the door answered {status}")
        self.wait = wait


class RefusedError(Exception):
    """The door refused a whole batch for good, or kept refusing until the time was over."""


@dataclass
class Published:
    """What became of the events, and when each was sent for the first time (seconds of `time.monotonic`)."""

    verdicts: Counter[str] = field(default_factory=Counter)
    rejected: list[Json] = field(default_factory=list)
    sent_at: dict[EventKey, float] = field(default_factory=dict)
    retries: int = 0
    seconds: float = 0.0


def busy_or_away(error: Exception) -> bool | float:
    """For stamina: whether to try again, and after how long where the door said so."""
    if isinstance(error, BusyError):
        return True if error.wait is None else error.wait
    return isinstance(error, httpx.TransportError)


def asked_wait(response: httpx.Response) -> float | None:
    """The seconds of `Retry-After`, bounded; a date or nonsense counts as not given."""
    text = response.headers.get("retry-after", "")
    return min(float(text), LONGEST_WAIT) if text.isdecimal() else None


async def send_batch(client: httpx.AsyncClient, batch: Sequence[Json], result: Published) -> None:
    """Sends one batch, and again what of it the door could not store; adds each event's verdict to `result`."""
    moment = time.monotonic()
    for event in batch:
        result.sent_at.setdefault((event["source"], event["id"]), moment)
    waiting = list(batch)
    tries = 0
    try:
        async for attempt in stamina.retry_context(on=busy_or_away, attempts=None, timeout=TRIES_FOR_SECONDS):
            with attempt:
                tries += 1
                await post(client, waiting, result)
    except (BusyError, httpx.TransportError) as error:
        raise RefusedError(f"a batch was not taken within {TRIES_FOR_SECONDS:.0f} seconds: {error!r}") from error
    finally:
        result.retries += tries - 1


async def post(client: httpx.AsyncClient, waiting: list[Json], result: Published) -> None:
    """One request in the batched mode. Leaves in `waiting` what is to be sent again, and raises `BusyError` then."""
    headers = {"content-type": "application/cloudevents-batch+json"}
    response = await client.post("/v1/events", json=waiting, headers=headers)
    if response.status_code in (429, 503):
        raise BusyError(response.status_code, asked_wait(response))
    if response.status_code >= 400:
        raise RefusedError(f"a batch was refused with {response.status_code}: {response.text[:500]}")
    again = []
    for item in response.json()["items"]:
        if item.get("status") == 503:
            again.append(waiting[item["index"]])
            continue
        result.verdicts[item["verdict"]] += 1
        if item["verdict"] == "rejected":
            result.rejected.append(item)
    waiting[:] = again
    if again:
        raise BusyError(503, asked_wait(response))


async def publish(
    url: str,
    key: str,
    events: Sequence[Json],
    advance: Callable[[int], object] = lambda _: None,
    batch_size: int = 50,
    at_once: int = 2,
    pause: float = 0.0,
) -> Published:
    """Publishes `events`, nearly in order: `at_once` requests of `batch_size` events are under way.

    After each request its sender waits `pause` seconds. Raises `RefusedError` when a batch is refused as a
    whole or not taken in time.
    """
    result = Published()
    started = time.monotonic()
    batches = iter([events[start : start + batch_size] for start in range(0, len(events), batch_size)])

    async def work(client: httpx.AsyncClient) -> None:
        for batch in batches:
            await send_batch(client, batch, result)
            advance(len(batch))
            await asyncio.sleep(pause)

    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        workers = [asyncio.create_task(work(client)) for _ in range(at_once)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.wait(workers)
    result.seconds = time.monotonic() - started
    return result
