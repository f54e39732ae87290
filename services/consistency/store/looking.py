"""Finding out what others wrote since one last looked.

Each write of an alert or a conflict says when it was made, by the clock of who made it (`touched`). A look reaches back
further than to the look before, for clocks differ and writes take their time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from services.consistency.clock import now
from services.consistency.store.documents import Row

LATE = 15_000_000
"""Microseconds that a look reaches back."""
LATER = 300_000_000
"""The same of the looks that nobody waits for."""


class Looks:
    def __init__(self) -> None:
        self._looked = 0
        """By the clock that writes have, when the last look began."""
        self._began = 0.0
        """The same by the clock that does not jump."""

    def is_due(self, asked: float) -> bool:
        """Did the last look begin before who asks had `asked` (`time.monotonic`)?"""
        return self._began <= asked

    def begin(self) -> None:
        """From now on all is read."""
        self._began, self._looked = monotonic(), now()

    @contextmanager
    def look(self, reach: int) -> Iterator[Row]:
        """The condition of what is to be looked at. A look that fails was none."""
        began, clock = monotonic(), now()
        yield {"touched": {"$gte": self._looked - reach}}
        self._began, self._looked = began, clock
