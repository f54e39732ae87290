"""Senders that go on while things break, and that know what was acknowledged."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

Event = dict[str, Any]

BATCH = 50
SENDERS = 4
PATIENCE = 300.0
"""Seconds after which an event that is not acknowledged is taken to be refused for good."""
EACH = 5
"""Events of a customer."""
CONTENT_TYPE = "application/cloudevents-batch+json"


def events_of(prefix: str, count: int) -> Iterator[Event]:
    """Customers with five events each; every fifth is told two prices that cannot both hold, every other fifth would
    be, had the second message not bounced."""
    for number in range(count):
        customer, turn = divmod(number, EACH)
        yield event(f"{prefix}-{customer}", customer % 5, turn)


def conflicts_in(count: int) -> int:
    """How many conflicts these events must make."""
    whole = count // EACH
    return len(range(0, whole, 5))


def event(customer: str, sort: int, turn: int) -> Event:
    price = {0: 30, 1: 36}.get(turn, 30) if sort in (0, 1) else 30
    if sort == 1 and turn == 4:
        return made(customer, turn, "delivery", {"message": f"{customer}-1", "status": "bounced"})
    claim = {"subject": "Harbour Pro", "attribute": "price", "value": price, "unit": "GBP/month"}
    told = {"text": f"Harbour Pro is £{price} a month.", "claims": [claim]}
    plain = {"text": f"Thank you for your visit number {turn}. We are glad to have you with us."}
    data = {"department": ("sales", "billing")[turn % 2], "channel": "email", "direction": "outbound"}
    return made(customer, turn, "message", data | (told if turn < 2 and sort in (0, 1) else plain))


def made(customer: str, turn: int, kind: str, data: Event) -> Event:
    return {
        "specversion": "1.0",
        "id": f"{customer}-{turn}",
        "source": "//faults.example.com",
        "type": f"touchpoint.{kind}.v1",
        "time": f"2026-03-{turn + 1:02d}T09:00:00Z",
        "data": {"customer": {"id": customer}, **data},
    }


@dataclass
class Load:
    """`accepted`: ids that were acknowledged; `refused`: those that never were, with the last answer."""

    url: str
    key: str
    rate: float = 0.0
    """Events a second at the most; 0: as fast as they are acknowledged."""
    accepted: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    answers: dict[int, int] = field(default_factory=dict)
    longest_wait: float = 0.0
    """Seconds, the longest that a request took to be answered, in whatever way."""

    async def send(self, events: Sequence[Event], senders: int = SENDERS, batch: int = BATCH) -> None:
        """Returns when every event is acknowledged, or was not for `PATIENCE` seconds."""
        waiting = iter([events[at : at + batch] for at in range(0, len(events), batch)])
        async with self._client(senders) as client:
            await asyncio.gather(*(self._sender(client, waiting) for _ in range(senders)))

    @asynccontextmanager
    async def _client(self, senders: int) -> AsyncIterator[httpx.AsyncClient]:
        headers = {"authorization": f"Bearer {self.key}", "content-type": CONTENT_TYPE}
        limits = httpx.Limits(max_connections=senders)
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60, limits=limits) as client:
            yield client

    async def _sender(self, client: httpx.AsyncClient, waiting: Iterator[Sequence[Event]]) -> None:
        for batch in waiting:
            if self.rate:
                await asyncio.sleep(len(batch) * SENDERS / self.rate)
            deadline = time.monotonic() + PATIENCE
            left, why = list(batch), ""
            while left and time.monotonic() < deadline:
                left, why = await self._try(client, left)
                if left:
                    await asyncio.sleep(0.3)
            self.refused |= {one["id"]: why for one in left}

    async def _try(self, client: httpx.AsyncClient, batch: list[Event]) -> tuple[list[Event], str]:
        """What is left to send again, and why. A duplicate is one whose acknowledgement was lost on its way."""
        began = time.monotonic()
        try:
            response = await client.post("/v1/events", content=orjson.dumps(batch))
        except httpx.TransportError as error:
            return batch, type(error).__name__
        finally:
            self.longest_wait = max(self.longest_wait, time.monotonic() - began)
        self.answers[response.status_code] = self.answers.get(response.status_code, 0) + 1
        if response.status_code == 202:
            self.accepted |= {one["id"] for one in batch}
            return [], ""
        try:
            items = response.json().get("items") or []
        except ValueError:
            items = []
        taken = {item["id"] for item in items if item.get("status") == 202}
        self.accepted |= taken
        return [one for one in batch if one["id"] not in taken], f"{response.status_code} {response.text[:200]}"
