"""Applies policies that come late to what is stored, a partition at a time, by the instance that has it."""

import asyncio
import logging
from collections.abc import Iterable

import stamina

from services.consistency.alerting import Contended
from services.consistency.domain.stored import microseconds
from services.consistency.examination import Cause, Examination
from services.consistency.policies import Placed, PolicyBook
from services.consistency.store import Store
from shared.mongo import TRANSIENT

logger = logging.getLogger(__name__)

PASSING: tuple[type[Exception], ...] = (*TRANSIENT, Contended)
MESSAGES_AT_ONCE = 200
CUSTOMERS_AT_ONCE = 4
"""Examined in one go: a record that comes meanwhile waits for them, and what was said long ago may wait longer."""
IDLE_SECONDS = 5.0


class Reexamination:
    """Progress is read when a partition is assigned, and only what this instance itself applied moves it:
    what another one applied while it lost the partition may have missed what this one compares already."""

    def __init__(self, store: Store, examination: Examination, book: PolicyBook) -> None:
        self._store = store
        self._examination = examination
        self._book = book
        self._owned: frozenset[int] = frozenset()
        self._applied: dict[int, int] = {}
        self._current = True
        self._loading = asyncio.Lock()

    async def assigned(self, partitions: frozenset[int]) -> None:
        """Only notes it, and forgets what another instance may add to: called while the group waits."""
        self._examination.memory.clear()
        self._owned = partitions
        self._current = False
        self._book.changed.set()

    async def prepare(self) -> None:
        """After an assignment, before anything is compared: progress first, then the policies, so that
        everything that was applied is known here."""
        async with self._loading:
            if self._current:
                return
            owned = self._owned
            applied = await self._store.policies.applied(sorted(owned))
            self._book.add(await self._store.policies.all())
            self._applied = applied
            self._current = owned == self._owned

    async def run(self) -> None:
        """Until cancelled; raises where MongoDB stays away."""
        while True:
            self._book.changed.clear()
            async for attempt in stamina.retry_context(on=PASSING, attempts=10, timeout=120.0, wait_max=15.0):
                with attempt:
                    await self.catch_up()
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._book.changed.wait()
            except TimeoutError:
                continue

    async def catch_up(self) -> None:
        """Applies every policy read so far to every partition that this instance has."""
        await self.prepare()
        if not self._book.caught_up:
            return
        for partition in sorted(self._applied):
            await self._catch_up(partition)

    async def _catch_up(self, partition: int) -> None:
        until = self._book.next_offset
        done = self._applied[partition]
        if done > until:
            logger.warning("policies begin anew: the topic was made again", extra={"partition": partition})
            await self._store.policies.restart(partition)
            done = 0
        if done == until:
            return
        for placed in self._book.since(done):
            if placed.offset < until and not await self._apply(partition, placed):
                return
        await self._store.policies.advance(partition, until)
        if partition in self._applied:
            self._applied[partition] = until

    async def _apply(self, partition: int, placed: Placed) -> bool:
        """False where the partition went to another instance meanwhile."""
        since, until = microseconds(placed.policy.time), microseconds(placed.policy.data.until)
        seen: set[str] = set()
        after: tuple[int, str] | None = None
        while True:
            told = await self._store.events.told(partition, since, until, after, MESSAGES_AT_ONCE)
            if not told:
                return True
            after = told[-1][1]
            customers = sorted({customer for customer, _ in told} - seen)
            for start in range(0, len(customers), CUSTOMERS_AT_ONCE):
                await self.examine(customers[start : start + CUSTOMERS_AT_ONCE], Cause(placed.trace))
            seen.update(customers)
            if partition not in self._owned:
                return False

    async def examine(self, customers: Iterable[str], cause: Cause) -> None:
        """One customer whose history breaks the detector must not keep the others from being examined."""
        chosen = sorted(customers)
        try:
            await self._examination.examine(dict.fromkeys(chosen, cause))
        except PASSING:
            raise
        except Exception:
            if len(chosen) == 1:
                logger.exception("customer cannot be examined")
                return
            for customer in chosen:
                await self.examine([customer], cause)
