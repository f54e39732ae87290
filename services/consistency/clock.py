"""The service's clock; tests pass another."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Microseconds since 1970 (UTC)."""


def now() -> int:
    return time.time_ns() // 1_000
