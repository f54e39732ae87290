"""Publishes the canary's events as a department does, and asks for them as a person does."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any

import httpx
import orjson
from fastapi_problem.error import Problem

from services.gateway.canary.record import Record, Run, Stage
from services.gateway.settings import CanarySettings
from services.gateway.upstream import Consistency, Journey
from shared.events import timestamp
from shared.reserved import RESERVED
from shared.telemetry.metrics import METRICS

logger = logging.getLogger(__name__)

SOURCE = "//onevoice/canary"
BATCH = "application/cloudevents-batch+json"
MOST_UNDER_WAY = 30
"""Then no other is sent until one ends."""
FIRST_LOOK, LONGEST_PAUSE = 0.2, 5.0
Event = dict[str, Any]


class NotTaken(Exception):
    """The door did not take the events; `final`: sending them again would not help."""

    def __init__(self, reason: str, final: bool) -> None:
        super().__init__(reason)
        self.final = final


class Door:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def publish(self, events: list[Event]) -> None:
        """Raises `NotTaken`."""
        try:
            answer = await self._client.post(
                "/v1/events", content=orjson.dumps(events), headers={"content-type": BATCH}
            )
        except httpx.HTTPError as error:
            raise NotTaken(type(error).__name__, final=False) from error
        if answer.status_code != 202:
            raise NotTaken(f"HTTP {answer.status_code}: {answer.text[:300]}", final=not passing(answer))


def passing(answer: httpx.Response) -> bool:
    """Whether the same may be taken later; of a batch that was taken in part, each event has its own status."""
    if answer.status_code == 207:
        statuses = [item["status"] for item in answer.json()["items"]]
    else:
        statuses = [answer.status_code]
    return all(status in {202, 408, 429} or status >= 500 for status in statuses)


class Canary:
    def __init__(
        self, record: Record, door: Door, journey: Journey, consistency: Consistency, settings: CanarySettings
    ) -> None:
        self._record = record
        self._door = door
        self._journey = journey
        self._consistency = consistency
        self._settings = settings
        METRICS.observe_canary(lambda: len(record.overdue(monotonic())))

    async def run(self) -> None:
        """Sends until cancelled; an event that takes long does not hold up the next."""
        async with asyncio.TaskGroup() as flights:
            while True:
                if self._record.under_way < MOST_UNDER_WAY:
                    flights.create_task(self._fly())
                self._record.health(datetime.now(UTC), monotonic())  # notes since when, whoever asks
                await asyncio.sleep(self._settings.every_seconds)

    async def _fly(self) -> None:
        at = datetime.now(UTC)
        customer = f"{RESERVED}/{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        run = self._record.begin(at, monotonic())
        if not await self._until(run, partial(self._taken, contradicting(customer, at))):
            logger.error("canary event refused", extra={"customer": customer})
            self._record.given_up(run, "refused", monotonic())
            return
        stages: tuple[tuple[Stage, Callable[[], Awaitable[bool]]], ...] = (
            ("timeline", partial(self._on_timeline, customer)),
            ("conflict", partial(self._in_conflict, customer)),
        )
        await asyncio.gather(*(self._look_for(run, stage, seen) for stage, seen in stages))
        if run.outcome is None:
            logger.error("canary event lost", extra={"customer": customer})
            self._record.given_up(run, "lost", monotonic())

    async def _look_for(self, run: Run, stage: Stage, seen: Callable[[], Awaitable[bool]]) -> None:
        if await self._until(run, seen):
            self._record.arrived(run, stage, monotonic())

    async def _until(self, run: Run, done: Callable[[], Awaitable[bool]]) -> bool:
        """Tries with growing pauses until the event is given up; False then, or where trying again is no use."""
        pause = FIRST_LOOK
        while True:
            try:
                if await done():
                    return True
            except NotTaken as error:
                logger.warning("canary event not taken", extra={"reason": str(error)})
                if error.final:
                    return False
            if monotonic() - run.begun + pause > self._settings.lost_seconds:
                return False
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)

    async def _taken(self, events: list[Event]) -> bool:
        await self._door.publish(events)
        return True

    async def _on_timeline(self, customer: str) -> bool:
        try:
            return len((await self._journey.timeline(customer, [("limit", "10")]))["items"]) == 2
        except Problem:
            return False  # not known yet, or the owner is away, which its readiness tells

    async def _in_conflict(self, customer: str) -> bool:
        try:
            return bool((await self._consistency.conflicts([("customer", customer)]))["items"])
        except Problem:
            return False


def contradicting(customer: str, at: datetime) -> list[Event]:
    """Two messages that cannot both hold; a customer of its own, so that no history grows."""
    return [
        message(customer, at - timedelta(seconds=1), "product", 1),
        message(customer, at, "operations", 2),
    ]


def message(customer: str, at: datetime, department: str, price: int) -> Event:
    return {
        "specversion": "1.0",
        "type": "touchpoint.message.v1",
        "source": SOURCE,
        "id": f"{customer}-{department}",
        "time": timestamp(at),
        "data": {
            "customer": {"id": customer},
            "department": department,
            "channel": "web",
            "direction": "outbound",
            "purpose": "service",
            "language": "en",
            "text": f"The canary plan costs {price} EUR a month.",
            "claims": [{"subject": "canary plan", "attribute": "price", "value": price, "unit": "EUR"}],
        },
    }
