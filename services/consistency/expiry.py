"""Withdraws conflicts of which an event has expired, so that alerts and timelines are told of it.

The server deletes events by their date without telling anybody. A conflict knows when the first of its events ends;
then its customer is compared again, without that event, and what is not found any more is withdrawn as ever.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

import stamina

from services.consistency.alerting import Contended
from services.consistency.clock import Clock
from services.consistency.domain.stored import StoredConflict, moment_of
from services.consistency.examination import Cause, Examination
from services.consistency.store import Store
from services.consistency.store.conflicts import first_end, sides
from shared.mongo import TRANSIENT

logger = logging.getLogger(__name__)

PASSING: tuple[type[Exception], ...] = (*TRANSIENT, Contended)
AT_ONCE = 200
EVERY_SECONDS = 30.0
PUT_OFF = timedelta(hours=1)
"""For a customer that cannot be examined, so that the others are not held up."""


class Expiry:
    def __init__(self, store: Store, examination: Examination, clock: Clock) -> None:
        self._store = store
        self._examination = examination
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled; raises where MongoDB stays away."""
        while True:
            looked_at = AT_ONCE
            async for attempt in stamina.retry_context(on=PASSING, attempts=10, timeout=120.0, wait_max=15.0):
                with attempt:
                    looked_at = await self.sweep()
            if looked_at < AT_ONCE:
                await asyncio.sleep(EVERY_SECONDS)

    async def sweep(self) -> int:
        """Answers how many conflicts it looked after."""
        ended = await self._store.conflicts.ended(moment_of(self._clock()), AT_ONCE)
        for customer in sorted({conflict.customer for conflict in ended}):
            await self._examine(customer, [conflict for conflict in ended if conflict.customer == customer])
        return len(ended)

    async def _examine(self, customer: str, ended: Sequence[StoredConflict]) -> None:
        try:
            await self._examination.examine({customer: Cause(ended=tuple(ended))})
        except PASSING:
            raise
        except Exception:
            logger.exception("customer cannot be examined")
            later = moment_of(self._clock()) + PUT_OFF
            await self._store.conflicts.set_ends({conflict.id: later for conflict in ended})
            return
        # What is still found has events that are kept longer than was noted: their days were changed.
        ends = await self._store.events.ends([side for conflict in ended for side in sides(conflict)])
        await self._store.conflicts.set_ends({conflict.id: first_end(conflict, ends) for conflict in ended})
