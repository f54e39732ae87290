"""Examines customers: their history through the detector, what changed to the store and to Kafka."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from services.consistency.alerting import Contended
from services.consistency.clock import Clock
from services.consistency.domain.changes import changes
from services.consistency.domain.conflict import Conflict
from services.consistency.domain.detector import Detector
from services.consistency.domain.history import History
from services.consistency.domain.stored import StoredConflict, moment_of
from services.consistency.memory import EVENTS, CustomerMemory, Memory, New, View, parsed
from services.consistency.policies import PolicyBook
from services.consistency.publish import Outbox
from services.consistency.store import Store
from services.consistency.store.conflicts import sides
from shared.events import EmbargoEvent, MessageEvent, identity, identity_of
from shared.telemetry.metrics import METRICS

logger = logging.getLogger(__name__)

ATTEMPTS = 10
Answer = TypeVar("Answer")
AT_ONCE_SECONDS = 0.02
"""How long new events are compared in one go before others may ask the detector something."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a customer is examined: the trace it belongs to, when the record came to Kafka (milliseconds), and conflicts
    of which an event may have expired."""

    trace: str | None = None
    arrived: int | None = None
    ended: tuple[StoredConflict, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What the detector says of one customer and what it was shown."""

    conflicts: list[Conflict]
    view: View


class Examination:
    """Customers are compared one after the other in one thread, so that requests are answered meanwhile."""

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        detector: Detector,
        book: PolicyBook,
        clock: Clock,
        remembered: int = EVENTS,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self.detector = detector
        self._book = book
        self._clock = clock
        self.memory = Memory(store.events, clock, remembered)
        self._busy = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="detector")

    async def examine(self, causes: Mapping[str, Cause]) -> None:
        """All that the store has of the customers. Stores and publishes what is different now; raises `Contended`, or
        what the store raises."""
        async with self._busy:
            await self._examine(causes)

    async def examine_new(self, causes: Mapping[str, Cause], new: Mapping[str, Sequence[New]]) -> None:
        """What has just been stored, by the instance that has the customers' partition; else as `examine`."""
        async with self._busy:
            with self.memory.until_done(new):
                views = await self.memory.grow(new)
                left = await self._settle(causes, await self._compare(views))
            self.memory.forget(left)
            await self._examine(left)

    async def _examine(self, causes: Mapping[str, Cause]) -> None:
        left = dict(causes)
        for _ in range(ATTEMPTS):
            if not left:
                return
            left = await self._settle(left, await self._compare(await self._read(left)))
        if left:
            raise Contended(f"{len(left)} customers were changed by others in each of {ATTEMPTS} attempts")

    async def _settle(self, causes: Mapping[str, Cause], seen: Mapping[str, Seen]) -> dict[str, Cause]:
        """Answers the customers to look at again, for another instance wrote at the same time.

        The events are read before the conflicts, and looked up again after writing: whoever stores the last
        event then either sees what was written here or is seen from here.
        """
        stored = await self._stored(causes, seen)
        if await self._learn_policies(stored):
            seen = await self._compare({customer: one.view for customer, one in seen.items()})
        changed: dict[str, list[StoredConflict]] = {}
        for customer, one in seen.items():
            now, trace = self._clock(), causes[customer].trace
            if new := changes(customer, one.conflicts, stored[customer], one.view.after, now, trace):
                changed[customer] = new
        if not changed:
            return {}
        written = [conflict for some in changed.values() for conflict in some]
        ends = await self._store.events.ends([side for conflict in written for side in sides(conflict)])
        complete = await self._store.conflicts.write(written, ends)
        events = await self._store.events.identities(list(changed))
        again = [one for one in changed if not complete or events[one] != seen[one].view.identities]
        await self._announce(written)
        self._measure(changed, stored, causes)
        return {customer: causes[customer] for customer in again}

    async def _read(self, customers: Iterable[str]) -> dict[str, View]:
        histories = await self._store.events.histories(list(customers))
        return {
            customer: CustomerMemory(found, self._store.events.bounds).view() for customer, found in histories.items()
        }

    async def _compare(self, views: Mapping[str, View]) -> dict[str, Seen]:
        policies = sorted(self._book.all(), key=lambda policy: (policy.time, identity_of(policy)))
        seen: dict[str, Seen] = {}
        left = list(views.items())
        while left:
            found = await self.work_out(partial(self._detect_some, left, tuple(policies)))
            seen |= found
            left = left[len(found) :]
        return seen

    def _detect_some(self, left: Sequence[tuple[str, View]], policies: tuple[EmbargoEvent, ...]) -> dict[str, Seen]:
        """The first of them at the least, and as many more as there is time for."""
        until = time.perf_counter() + AT_ONCE_SECONDS
        found: dict[str, Seen] = {}
        for customer, view in left:
            found[customer] = self._detect(view, policies)
            if time.perf_counter() >= until:
                break
        return found

    def _detect(self, view: View, policies: tuple[EmbargoEvent, ...]) -> Seen:
        started = time.perf_counter()
        since = None if view.since is None else moment_of(view.since)
        history = replace(view.history, embargoes=policies) if policies else view.history
        conflicts = self.detector.detect_in(history, since)
        METRICS.detection(time.perf_counter() - started)
        return Seen(conflicts, view)

    async def _stored(self, causes: Mapping[str, Cause], seen: Mapping[str, Seen]) -> dict[str, list[StoredConflict]]:
        """The conflicts that the detector would find again, and those before that of which an event is gone."""
        whole = {customer: one.view.since for customer, one in seen.items() if one.view.is_whole}
        grown = [conflict.id for customer, one in seen.items() if customer not in whole for conflict in one.conflicts]
        stored: dict[str, list[StoredConflict]] = {customer: [] for customer in seen}
        stored |= await self._store.conflicts.of_customers(list(whole), whole)
        for conflict in await self._store.conflicts.by_id(grown):
            stored[conflict.customer].append(conflict)
        ended = [conflict for cause in causes.values() for conflict in cause.ended]
        known = {conflict.id for conflicts in stored.values() for conflict in conflicts}
        left = await self._store.events.ends([side for conflict in ended for side in sides(conflict)])
        for conflict in ended:
            if conflict.id not in known and not all(side in left for side in sides(conflict)):
                stored[conflict.customer].append(conflict)
        return stored

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
        since = None if history.since is None else moment_of(history.since)

        def detect() -> list[Conflict]:
            found = self.detector.detect([*map(parsed, others), planned], policies, since)
            return [conflict for conflict in found if planned in (conflict.a, conflict.b)]

        return await self.work_out(detect)

    async def work_out(self, question: Callable[[], Answer]) -> Answer:
        """Runs what takes the processor's time in the detector's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, question)

    async def history(self, customer: str) -> History:
        return (await self._read([customer]))[customer].history

    def close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
