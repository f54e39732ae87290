"""What a consumer is asked to do, and what operators ask of it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from shared.kafka.records import DeadLetter, Record

Handle = Callable[[Sequence[Record]], Awaitable[Sequence[DeadLetter]]]
"""Stores a batch of one partition, whatever was stored of it before, and answers what cannot be processed. Raises one
of the consumer's `transient` errors where trying again may help. Batches of other partitions are handled meanwhile."""
OnAssigned = Callable[[frozenset[int]], Awaitable[None]]
"""Told the partitions of its topic that this instance has now."""


class Halted(Exception):
    """The loop stopped by itself with nothing committed; the message says what an operator must look at."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A batch has `batch_records` at the most and may take `batch_seconds`, its tries included."""

    topic: str
    group: str
    handle: Handle
    transient: tuple[type[Exception], ...]
    on_assigned: OnAssigned | None = None
    batch_records: int = 500
    batch_seconds: float = 900.0
    attempts: int = 8
    window: int = 5_000
    """Over so many records the dead letters are counted that `KafkaSettings.dead_letter_cap` bounds."""


@dataclass(slots=True)
class Progress:
    """What operators ask of a consumer."""

    assigned: frozenset[int] = frozenset()
    lag_records: dict[int, int] = field(default_factory=dict)
    lag_seconds: dict[int, float] = field(default_factory=dict)
    consumed: int = 0
    dead_letters: int = 0
    halted: str | None = None
