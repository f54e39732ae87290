"""One planned message tried on many customers: in bounded time, one customer after the other, and never in the way of
live records by more than one of them."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.consistency.domain.campaign import MAX_CAUSES, Cause, Outcome
from services.consistency.domain.conflict import Conflict
from services.consistency.domain.stored import spans_to_json
from shared.events import MessageEvent, digest
from shared.events.models import Customer
from shared.web.problems import problem

MAX_CUSTOMERS = 10_000
SECONDS = 120.0
"""After which what is left is not checked any more."""
BEAT = 0.5
"""Seconds between two reports of progress."""
CAMPAIGNS = 4
"""Checked at once in a process; they take turns."""

CustomerId = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class Campaign(BaseModel):
    """A message event and whom it would go to; the customer that the event names counts for nothing."""

    model_config = ConfigDict(extra="forbid")

    event: MessageEvent
    customers: Annotated[list[CustomerId], Field(min_length=1, max_length=MAX_CUSTOMERS)]


class Rehearsing(Protocol):
    async def rehearse(self, planned: MessageEvent) -> list[Conflict]:
        """The conflicts that the message would be in, were it sent."""
        ...


class Known(Protocol):
    async def identities(self, customers: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Of the events stored of each customer."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    seconds: float = SECONDS
    beat: float = BEAT


class Campaigns:
    """A rehearsal waits in the same queue as live records do: with one at a time, no more than one is before them."""

    def __init__(self, rehearsing: Rehearsing, known: Known, limits: Limits | None = None) -> None:
        self._rehearsing = rehearsing
        self._known = known
        self._limits = limits or Limits()
        self._turn = asyncio.Lock()
        self._running = 0

    async def progress(self, campaign: Campaign) -> AsyncGenerator[Outcome, None]:
        """The outcome so far: at once, every `beat` seconds, and in the end; complete unless the time ran out.

        The customers come in an order that has nothing to do with theirs, the same each time: what was checked is a
        fair sample.
        Raises a problem 503 where too many are under way.
        """
        if self._running >= CAMPAIGNS:
            raise problem(503, f"{CAMPAIGNS} campaigns are being checked; try again.", retry_after=10)
        self._running += 1
        try:
            order = sorted(set(campaign.customers), key=lambda customer: digest(customer.encode()))
            outcome, deadline = Outcome(len(order)), monotonic() + self._limits.seconds
            yield outcome
            told = monotonic()
            for customer in order:
                check = asyncio.ensure_future(self._check(campaign.event, customer))
                try:
                    while not check.done() and (now := monotonic()) < deadline:
                        await asyncio.wait({check}, timeout=min(self._limits.beat, deadline - now))
                        if monotonic() - told >= self._limits.beat:
                            told = monotonic()
                            yield outcome
                    if not check.done():
                        break
                    outcome.add(customer, *check.result())
                finally:
                    check.cancel()
            yield outcome
        finally:
            self._running -= 1

    async def _check(self, event: MessageEvent, customer: str) -> tuple[list[Conflict], bool]:
        async with self._turn:
            known = await self._known.identities([customer])
            return await self._rehearsing.rehearse(addressed(event, customer)), bool(known.get(customer))


def addressed(event: MessageEvent, customer: str) -> MessageEvent:
    data = event.data.model_copy(update={"customer": Customer(id=customer)})
    return event.model_copy(update={"data": data})


def so_far(outcome: Outcome) -> dict[str, int]:
    return {"checked": outcome.checked, "total": outcome.total, "customers": outcome.customers}


def to_json(outcome: Outcome) -> dict[str, Any]:
    causes = outcome.causes()
    return {
        **so_far(outcome),
        "complete": outcome.complete,
        "unknown": outcome.unknown,
        "by_kind": dict(outcome.kinds.most_common()),
        "causes": [cause_to_json(cause) for cause in causes[:MAX_CAUSES]],
        "more_causes": max(0, len(causes) - MAX_CAUSES),
    }


def cause_to_json(cause: Cause) -> dict[str, Any]:
    earlier, later = cause.departments
    return {
        "alert": cause.alert,
        "kind": cause.sample.kind,
        "attribute": cause.sample.attribute,
        "subject": cause.sample.subject,
        "departments": {"a": earlier, "b": later},
        "customers": cause.customers,
        "examples": [{"customer": one.customer, "conflict": clash_to_json(one.conflict)} for one in cause.examples],
    }


def clash_to_json(conflict: Conflict) -> dict[str, Any]:
    return {
        "kind": conflict.kind,
        "attribute": conflict.attribute,
        "subject": conflict.subject,
        "a": {"source": conflict.a.source, "id": conflict.a.id},
        "b": {"source": conflict.b.source, "id": conflict.b.id},
        "reason": conflict.reason,
        "spans": spans_to_json(conflict.spans),
        "confidence": conflict.confidence,
        "rule": conflict.rule,
    }
