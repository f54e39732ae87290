"""Examines customers: their whole history through the detector, what changed to the store and to Kafka."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import TypeVar

from services.consistency.alerting import Contended
from services.consistency.clock import Clock
from services.consistency.domain.changes import Aftermath, aftermath, changes
from services.consistency.domain.conflict import Conflict
from services.consistency.domain.detector import Detector
from services.consistency.domain.history import History
from services.consistency.domain.stored import StoredConflict, moment_of
from services.consistency.policies import PolicyBook
from services.consistency.publish import Outbox
from services.consistency.store import Store
from services.consistency.store.conflicts import sides
from services.consistency.store.events import StoredHistory
from shared.events import CustomerEvent, EmbargoEvent, MessageEvent, identity, identity_of, parse_event
from shared.telemetry.metrics import METRICS

logger = logging.getLogger(__name__)

ATTEMPTS = 10
Answer = TypeVar("Answer")
PARSED = 20_000
"""Events kept parsed: a customer's history is read again with each new event."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a customer is examined: the trace it belongs to, when the record came to Kafka (milliseconds), and conflicts
    of which an event may have expired."""

    trace: str | None = None
    arrived: int | None = None
    ended: tuple[StoredConflict, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What the detector says of one customer, from which events, and of what time on (microseconds; None: of all)."""

    conflicts: list[Conflict]
    after: Aftermath
    events: frozenset[str]
    since: int | None


class Examination:
    """Customers are compared one after the other in one thread, so that requests are answered meanwhile."""

    def __init__(self, store: Store, outbox: Outbox, detector: Detector, book: PolicyBook, clock: Clock) -> None:
        self._store = store
        self._outbox = outbox
        self.detector = detector
        self._book = book
        self._clock = clock
        self._busy = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="detector")

    async def examine(self, causes: Mapping[str, Cause]) -> None:
        """Stores and publishes what is different now; raises `Contended`, or what the store raises."""
        left = dict(causes)
        async with self._busy:
            for _ in range(ATTEMPTS):
                left = await self._once(left)
                if not left:
                    return
        raise Contended(f"{len(left)} customers were changed by others in each of {ATTEMPTS} attempts")

    async def _once(self, causes: Mapping[str, Cause]) -> dict[str, Cause]:
        """Answers the customers to look at again, for another instance wrote at the same time.

        The events are read before the conflicts, and looked up again after writing: whoever stores the last
        event then either sees what was written here or is seen from here.
        """
        customers = list(causes)
        seen = await self._compare(customers)
        stored = await self._stored(causes, seen)
        if await self._learn_policies(stored):
            seen = await self._compare(customers)
        changed: dict[str, list[StoredConflict]] = {}
        for customer in customers:
            found, now, trace = seen[customer], self._clock(), causes[customer].trace
            if new := changes(customer, found.conflicts, stored[customer], found.after, now, trace):
                changed[customer] = new
        if not changed:
            return {}
        written = [conflict for some in changed.values() for conflict in some]
        ends = await self._store.events.ends([side for conflict in written for side in sides(conflict)])
        complete = await self._store.conflicts.write(written, ends)
        events = await self._store.events.identities(list(changed))
        again = [one for one in changed if not complete or events[one] != seen[one].events]
        await self._announce(written)
        self._measure(changed, stored, causes)
        return {customer: causes[customer] for customer in again}

    async def _compare(self, customers: Sequence[str]) -> dict[str, Seen]:
        histories = await self._store.events.histories(customers)
        policies = self._book.all()
        return {
            customer: await self.work_out(partial(self._detect, histories[customer], policies))
            for customer in customers
        }

    async def _stored(self, causes: Mapping[str, Cause], seen: Mapping[str, Seen]) -> dict[str, list[StoredConflict]]:
        """The conflicts that the detector would find again, and those before that of which an event is gone."""
        since = {customer: one.since for customer, one in seen.items()}
        stored = await self._store.conflicts.of_customers(list(causes), since)
        ended = [conflict for cause in causes.values() for conflict in cause.ended]
        known = {conflict.id for conflicts in stored.values() for conflict in conflicts}
        left = await self._store.events.ends([side for conflict in ended for side in sides(conflict)])
        for conflict in ended:
            if conflict.id not in known and not all(side in left for side in sides(conflict)):
                stored[conflict.customer].append(conflict)
        return stored

    def _detect(self, history: StoredHistory, policies: Sequence[EmbargoEvent]) -> Seen:
        started = time.perf_counter()
        events = [parsed(body) for body in history.bodies.values()]
        conflicts = self.detector.detect(events, policies, beginning(history))
        METRICS.detection(time.perf_counter() - started)
        return Seen(conflicts, aftermath(events), frozenset(history.bodies), history.since)

    async def _learn_policies(self, stored: Mapping[str, Sequence[StoredConflict]]) -> bool:
        """Another instance may have applied an embargo that this one has not read yet: then it is stored."""
        unknown = any(
            conflict.kind == "embargo" and not self._book.knows(identity(conflict.a.source, conflict.a.id))
            for conflicts in stored.values()
            for conflict in conflicts
        )
        if unknown:
            self._book.add(await self._store.policies.all())
        return unknown

    async def _announce(self, written: Sequence[StoredConflict]) -> None:
        alerts = {alert for conflict in written for alert in (conflict.alert, *conflict.left)}
        await self._outbox.announce([conflict.id for conflict in written], alerts)

    def _measure(
        self,
        changed: Mapping[str, Sequence[StoredConflict]],
        stored: Mapping[str, Sequence[StoredConflict]],
        causes: Mapping[str, Cause],
    ) -> None:
        now = self._clock()
        for customer, conflicts in changed.items():
            known = {conflict.id for conflict in stored[customer]}
            for conflict in conflicts:
                became = "changed" if conflict.id in known else "found"
                METRICS.conflict(conflict.kind, "withdrawn" if conflict.pair == "withdrawn" else became)
            arrived = causes[customer].arrived
            if arrived is not None:
                METRICS.delay("alert", max(0.0, now / 1e6 - arrived / 1e3))

    async def rehearse(self, planned: MessageEvent) -> list[Conflict]:
        """The conflicts that the message would be in, were it sent; stores nothing."""
        customer = planned.data.customer.id
        history = (await self._store.events.histories([customer]))[customer]
        others = [body for known, body in history.bodies.items() if known != identity_of(planned)]
        policies = self._book.all()

        def detect() -> list[Conflict]:
            found = self.detector.detect([*map(parsed, others), planned], policies, beginning(history))
            return [conflict for conflict in found if planned in (conflict.a, conflict.b)]

        return await self.work_out(detect)

    async def work_out(self, question: Callable[[], Answer]) -> Answer:
        """Runs what takes the processor's time in the detector's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, question)

    async def history(self, customer: str) -> History:
        history = (await self._store.events.histories([customer]))[customer]
        return History.of([parsed(body) for body in history.bodies.values()], cut=history.since is not None)

    def close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)


def beginning(history: StoredHistory) -> datetime | None:
    return None if history.since is None else moment_of(history.since)


@lru_cache(maxsize=PARSED)
def parsed(body: str) -> CustomerEvent:
    event = parse_event(body)
    if isinstance(event, EmbargoEvent):
        raise TypeError("an embargo is stored among the events of a customer")
    return event
