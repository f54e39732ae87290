"""How many events a key may publish; counted in this process."""

import time
from math import ceil

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from shared.web.problems import problem


class Rate:
    def __init__(self, limit: str) -> None:
        """Raises `ValueError` where the limit cannot be read."""
        self._item: RateLimitItem = parse(limit)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def spend(self, key: str, events: int) -> None:
        """Raises 429. A batch larger than the whole limit costs the whole limit, else it could never pass."""
        if not await self._limiter.hit(self._item, key, cost=min(events, self._item.amount)):
            stats = await self._limiter.get_window_stats(self._item, key)
            wait = max(1, ceil(stats.reset_time - time.time()))
            raise problem(429, f"This key may publish {self._item}.", retry_after=wait)
