"""Publishes the history, waits until it is worked off, and says what was found and where to look."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import stamina
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.local.demo.alerts import following
from deploy.local.demo.history import past, present
from deploy.local.demo.publish import Published, publish
from deploy.local.demo.report import Feed, Found, show_report
from deploy.local.stack import Stack

Json = dict[str, Any]
SECONDS_WITHOUT_PROGRESS = 120.0
"""After which what is left is taken not to be done any more."""
SECONDS_WITHOUT_ANSWER = 60.0
LIVE_RATE = 40.0
"""Events a second, about what a company with some million customers sends."""
LIVE_SENDERS = 2


class NotFinishedError(Exception):
    """The services did not work off what was published in time."""


async def tour(stack: Stack, console: Console, customers: int) -> None:
    """Raises `PartFailedError` when a part ends on the way, `RefusedError` and `NotFinishedError` otherwise."""
    watching = asyncio.create_task(watch(stack))
    touring = asyncio.create_task(publish_and_report(stack, customers, console))
    try:
        done, _ = await asyncio.wait({watching, touring}, return_when=asyncio.FIRST_COMPLETED)
        for task in sorted(done, key=lambda task: task is touring):  # a part that ended explains the rest
            await task
    finally:
        for task in (watching, touring):
            task.cancel()
        await asyncio.wait({watching, touring})


async def watch(stack: Stack) -> None:
    while True:
        stack.raise_if_any_ended()
        await asyncio.sleep(0.25)


async def publish_and_report(stack: Stack, customers: int, console: Console) -> None:
    history = await publish_with_bar(stack, "the past, in batches", past(customers), console)
    await settle(stack, console)
    async with following(stack.at.url("gateway"), stack.keys.ops) as sightings:
        live = await publish_with_bar(
            stack, "the present, live", present(), console, batch_size=1, pause=LIVE_SENDERS / LIVE_RATE
        )
        found = await settle(stack, console)
    show_report(console, stack, Feed(history, live), found, sightings)


async def publish_with_bar(
    stack: Stack, what: str, events: list[Json], console: Console, batch_size: int = 100, pause: float = 0.0
) -> Published:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(what, total=len(events))
        return await publish(
            stack.at.url("ingest"),
            stack.keys.publish,
            events,
            lambda count: progress.advance(bar, count),
            batch_size=batch_size,
            at_once=LIVE_SENDERS,
            pause=pause,
        )


async def settle(stack: Stack, console: Console) -> Found:
    """Waits until no consumer lags and nothing changes any more."""
    async with service_client(stack) as client:
        with console.status("waiting until everything is worked off") as status:
            journey, consistency = await caught_up(stack, client, status.update)
        conflicts = [conflict async for conflict in every_conflict(stack, client)]
    return Found(journey, consistency, conflicts)


def service_client(stack: Stack) -> httpx.AsyncClient:
    return httpx.AsyncClient(headers={"authorization": f"Bearer {stack.keys.service}"}, timeout=60)


async def caught_up(stack: Stack, client: httpx.AsyncClient, tell: Callable[[str], None]) -> tuple[Json, Json]:
    """The statistics of journey and consistency, once two looks in a row show no lag and the same counts."""
    before: tuple[Json, Json] | None = None
    moved = time.monotonic()
    while True:
        now = (await stats(stack, client, "journey"), await stats(stack, client, "consistency"))
        behind = lag(now)
        if before is not None and counts(now) == counts(before):
            if not behind:
                return now
            if time.monotonic() - moved > SECONDS_WITHOUT_PROGRESS:
                raise NotFinishedError(f"nothing moved for {SECONDS_WITHOUT_PROGRESS:.0f} seconds; still {behind}")
        else:
            moved = time.monotonic()
        before = now
        tell(f"waiting until everything is worked off; {behind or 'nothing'} left")
        await asyncio.sleep(1)


def lag(both: tuple[Json, Json]) -> str:
    """What is left to do, in words; empty when nothing is."""
    consumers = [consumer for stat in both for consumer in stat["consumers"] if consumer["lag_records"]]
    return ", ".join(f"{consumer_name(one)}: {one['lag_records']:,} records" for one in consumers)


def consumer_name(consumer: Json) -> str:
    return f"{consumer['group']} on {consumer['topic']}"


def counts(both: tuple[Json, Json]) -> list[Json]:
    """Everything but the lag in seconds, which grows by itself."""
    return [stat | {"consumers": [consumer | {"lag_seconds": None} for consumer in stat["consumers"]]} for stat in both]


async def stats(stack: Stack, client: httpx.AsyncClient, service: str) -> Json:
    """Asked again for a minute where the service is busy or has lost its database for a moment."""
    answer: Json = {}
    async for attempt in stamina.retry_context(on=passing, attempts=None, timeout=SECONDS_WITHOUT_ANSWER):
        with attempt:
            response = await client.get(f"{stack.at.url(service)}/v1/stats")
            response.raise_for_status()
            answer = response.json()
    return answer


def passing(error: Exception) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code == httpx.codes.SERVICE_UNAVAILABLE
    return isinstance(error, httpx.TransportError)


async def every_conflict(stack: Stack, client: httpx.AsyncClient) -> AsyncIterator[Json]:
    headers = {"authorization": f"Bearer {stack.keys.ops}"}
    cursor: str | None = None
    while True:
        query: dict[str, str | int] = {"limit": 200} | ({"cursor": cursor} if cursor else {})
        response = await client.get(f"{stack.at.url('gateway')}/v1/conflicts", params=query, headers=headers)
        response.raise_for_status()
        page = response.json()
        for conflict in page["items"]:
            yield conflict
        cursor = page["next"]
        if cursor is None:
            return
