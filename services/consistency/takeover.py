"""A generation takes over from the one that ran before it.

First it is silent: it catches up with the log, takes over the old generation's revisions and what people did to
alerts, and only then publishes. Instances of the old generation may run on meanwhile; when the last has ended,
what they still wrote is taken over as well. Each step can be repeated, by any number of instances at once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import stamina
from aiokafka.errors import KafkaError

from services.consistency.alerting import Alerting, Contended
from services.consistency.clock import Clock
from services.consistency.domain.carrying import alert_kept_ahead, alert_taken_over, kept_ahead, taken_over
from services.consistency.domain.stored import Alert, StoredConflict
from services.consistency.examination import Cause
from services.consistency.publish import Outbox
from services.consistency.reexamination import Reexamination
from services.consistency.store import Store
from services.consistency.store.generations import ALERTS, CONFLICTS, Carrying, Phase, Term, Terms
from shared.generations.naming import group_of, said
from shared.generations.offsets import Offsets, behind, open_offsets
from shared.generations.record import database_in
from shared.kafka.topics import POLICIES, TOUCHPOINTS
from shared.mongo import TRANSIENT, Database
from shared.settings import KafkaSettings

logger = logging.getLogger(__name__)

GROUP = "consistency"
PASSING: tuple[type[Exception], ...] = (*TRANSIENT, Contended, KafkaError)
ATTEMPTS = 20
LOOK_SECONDS = 0.5
IDLE_SECONDS = 5.0
CUSTOMERS_AT_ONCE = 100
GRACE = 60_000_000
"""Microseconds: of what the old generation wrote so shortly before, the new one may not have the events yet."""
Document = TypeVar("Document", StoredConflict, Alert)


@dataclass(frozen=True, slots=True)
class Parts:
    store: Store
    alerting: Alerting
    outbox: Outbox
    reexamination: Reexamination


class Takeover:
    """`first`: the database of the first generation, which knows whose time it is."""

    def __init__(self, generation: str, first: Database, parts: Parts, kafka: KafkaSettings, clock: Clock) -> None:
        self._generation = generation
        self._first = first
        self._parts = parts
        self._kafka = kafka
        self._clock = clock
        self._terms = Terms(first)

    async def ready(self) -> None:
        """Raises `RuntimeError` while the generation is silent."""
        if self._parts.outbox.silent:
            raise RuntimeError("the generation before is being taken over")

    async def enter(self) -> None:
        """Before anything is consumed: is this generation's time, and what is left to do before it may speak?"""
        term = await self._terms.now()
        if await self._is_left_over(term):
            logger.warning("generation %s has taken over; this one should end", said(term.active))
            self._parts.outbox.speak()
            return
        term = await self._terms.begin(self._generation, "entering")
        if term.phase != "entering":
            self._parts.outbox.speak()

    async def _is_left_over(self, term: Term) -> bool:
        """An instance of the old generation that starts again by itself while the new one takes over."""
        if term.active == self._generation or term.follows != self._generation or term.phase == "settled":
            return False
        async with open_offsets(self._kafka) as offsets:
            return await offsets.has_members(group_of(GROUP, term.active))

    async def run(self) -> None:
        """Until cancelled; raises where Kafka or MongoDB stay away."""
        while True:
            async for attempt in stamina.retry_context(on=PASSING, attempts=10, timeout=120.0, wait_max=15.0):
                with attempt:
                    await self.step()
            await asyncio.sleep(IDLE_SECONDS)

    async def step(self) -> None:
        term = await self._terms.now()
        if term.active == self._generation and term.phase == "settled":
            self._parts.outbox.speak()
            return
        async with open_offsets(self._kafka) as offsets:
            if term.active != self._generation:
                if await offsets.has_members(group_of(GROUP, term.active)):
                    return
                # Whoever spoke last has ended; its time ends with it.
                phase: Phase = "entering" if self._parts.outbox.silent else "carried"
                term = await self._terms.begin(self._generation, phase)
            if term.phase == "entering":
                await self._take_over(term, offsets)
            elif term.phase == "carried":
                self._parts.outbox.speak()
                await self._settle(term, offsets)

    async def _take_over(self, term: Term, offsets: Offsets) -> None:
        since = self._clock()
        await self._caught_up(offsets)
        await self._carry(term, taken_over, alert_taken_over, since - GRACE)
        await self._terms.advance(term, "carried")
        logger.info("took over from generation %s", said(term.follows))
        self._parts.outbox.speak()

    async def _settle(self, term: Term, offsets: Offsets) -> None:
        if await offsets.has_members(group_of(GROUP, term.follows)):
            return
        await self._caught_up(offsets)
        await self._carry(term, kept_ahead, alert_kept_ahead, self._clock())
        await self._terms.advance(term, "settled")
        logger.info("generation %s has ended, all of it is taken over", said(term.follows))

    async def _caught_up(self, offsets: Offsets) -> None:
        """Waits until the group, whichever instance it is, has what the log has now."""
        read = [(TOUCHPOINTS, group_of(GROUP, self._generation))]
        goal = await offsets.ends_of(read)
        while True:
            left = behind(await offsets.committed_of(read), goal)
            if left == 0 and await applied(self._parts.store, offsets):
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _carry(
        self,
        term: Term,
        conflict_rule: Callable[[StoredConflict, StoredConflict | None], StoredConflict],
        alert_rule: Callable[[Alert, Alert | None], Alert],
        looked_at_before: int,
    ) -> None:
        """Conflicts first, for alerts are counted from them."""
        old, new = (database_in(self._first, "consistency", one) for one in (term.follows, term.active))
        conflicts = Carrying(CONFLICTS, old, new)
        await conflicts.prepare()
        async for _ in carried(conflicts, term.number, conflict_rule):
            pass
        async for ids in carried(Carrying(ALERTS, old, new), term.number, alert_rule):
            recounted = await self._parts.alerting.recount(ids, defer=False)
            await self._parts.outbox.publish(recounted.conflicts, recounted.alerts | {*ids})
        await self._look_again(conflicts, looked_at_before)

    async def _look_again(self, conflicts: Carrying[StoredConflict], before: int) -> None:
        """Lets the detector say what became of conflicts that this generation did not find."""
        while found := await conflicts.to_look_at(before, CUSTOMERS_AT_ONCE):
            await self._parts.reexamination.examine({customer for _, customer in found}, Cause())
            await conflicts.looked_at([conflict for conflict, _ in found])


async def carried(
    carrying: Carrying[Document], term: int, rule: Callable[[Document, Document | None], Document]
) -> AsyncIterator[list[str]]:
    """Carries all that the old generation has; gives their ids, a batch at a time. Raises `Contended`."""
    after: str | None = None
    while rows := await carrying.some(after):
        for _ in range(ATTEMPTS):
            if not await carrying.carry(rows, term, rule):
                break
        else:
            raise Contended(f"{len(rows)} documents were changed by others in each of {ATTEMPTS} attempts")
        after = rows[-1]["_id"]
        yield [row["_id"] for row in rows]


async def applied(store: Store, offsets: Offsets) -> bool:
    """Are all policies applied to every partition?"""
    until = sum((await offsets.ends(POLICIES)).values())
    numbers: Sequence[int] = [place.partition for place in await offsets.partitions(TOUCHPOINTS)]
    return all(done >= until for done in (await store.policies.applied(numbers)).values())
