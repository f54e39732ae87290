"""Keeps what is counted of all alerts and conflicts in step with the store, also while nobody asks."""

import asyncio
import logging
from itertools import count

from services.consistency.clock import now
from services.consistency.store import Store
from shared.mongo import TRANSIENT
from shared.web.window import day_of

logger = logging.getLogger(__name__)

LOOK_SECONDS = 60.0
ANEW = 30
"""One look of so many reads all anew."""
USUAL_DAYS = 90
"""Before today, of which people ask."""


async def refresh(store: Store) -> None:
    """Until cancelled. Where MongoDB is away, the next turn tries again: who asks meanwhile is told by itself."""
    for turn in count():
        try:
            await (look(store) if turn % ANEW else read_anew(store))
        except TRANSIENT as error:
            logger.warning("not looked at yet", extra={"reason": f"{type(error).__name__}: {error}"})
        await asyncio.sleep(LOOK_SECONDS)


async def look(store: Store) -> None:
    await store.alerts.register.look_far_back()
    await store.trends.look_far_back()
    await ahead(store)


async def read_anew(store: Store) -> None:
    await store.alerts.register.read_anew()
    await store.trends.count_anew()
    await ahead(store)


async def ahead(store: Store) -> None:
    """Counts what an overview will be asked for."""
    last = day_of(now())
    await store.trends.corrections(last - USUAL_DAYS, last)
