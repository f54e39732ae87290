"""What keeps a judge from costing more time or money than it may, and from being asked while it fails."""

import logging
from collections import deque
from collections.abc import Callable
from time import monotonic

logger = logging.getLogger(__name__)

Clock = Callable[[], float]
"""Seconds, which only go on."""
MINUTE, HOUR = 60.0, 3_600.0
FAILURES = 5
"""So many in a row, and the judge is left alone for a minute."""


class Hourly:
    """At most `limit` requests in any hour."""

    def __init__(self, limit: int, clock: Clock = monotonic) -> None:
        self._taken: deque[float] = deque(maxlen=limit)
        self._clock = clock

    def take(self) -> bool:
        now = self._clock()
        if len(self._taken) == self._taken.maxlen and now - self._taken[0] < HOUR:
            return False
        self._taken.append(now)
        return True


class Patience:
    """Seconds that may be spent waiting: so many a minute, and at once no more than a minute's."""

    def __init__(self, a_minute: float, clock: Clock = monotonic) -> None:
        self._a_minute = self._left = a_minute
        self._clock = clock
        self._at = clock()

    def left(self) -> float:
        now = self._clock()
        self._left = min(self._a_minute, self._left + (now - self._at) * self._a_minute / MINUTE)
        self._at = now
        return self._left

    def spend(self, seconds: float) -> None:
        self._left = self.left() - seconds


class Circuit:
    """Closed while requests succeed. After a pause one more failure opens it again."""

    def __init__(self, clock: Clock = monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._again = clock()

    def closed(self) -> bool:
        return self._clock() >= self._again

    def answered(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1
        if self._failures >= FAILURES and self.closed():
            logger.warning("the judge keeps failing and is left alone for a minute")
            self._again = self._clock() + MINUTE
