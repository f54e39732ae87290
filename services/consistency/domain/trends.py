"""What the conflicts of a span of days come to: over time, by whom, where, and how soon they were corrected."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from services.consistency.domain.conflict import Kind


@dataclass(frozen=True, slots=True)
class Cell:
    """Conflicts alike: of a day (since 1970, of the later event), a kind, two departments, a channel.

    A department is None where that side is the customer's own; `settled`: corrected since.
    """

    day: int
    kind: Kind
    earlier: str | None
    later: str | None
    channel: str | None
    settled: bool
    count: int


@dataclass(frozen=True, slots=True)
class SubjectCount:
    subject: str
    attribute: str
    count: int


def by_day(cells: Iterable[Cell]) -> dict[int, dict[Kind, int]]:
    """Only days that have conflicts, in their order."""
    days: dict[int, Counter[Kind]] = defaultdict(Counter)
    for cell in cells:
        days[cell.day][cell.kind] += cell.count
    return {day: dict(days[day]) for day in sorted(days)}


def by_pair(cells: Iterable[Cell]) -> list[dict[str, Any]]:
    """`[{"earlier", "later", "count"}]`, the most first: who was contradicted by whom."""
    pairs: Counter[tuple[str | None, str | None]] = Counter()
    for cell in cells:
        pairs[cell.earlier, cell.later] += cell.count
    return [{"earlier": a, "later": b, "count": count} for (a, b), count in pairs.most_common()]


def by_channel(cells: Iterable[Cell]) -> dict[str, int]:
    """By the channel of the later message, the most first."""
    channels: Counter[str] = Counter()
    for cell in cells:
        if cell.channel is not None:
            channels[cell.channel] += cell.count
    return dict(channels.most_common())


def to_correction(microseconds: Sequence[int]) -> dict[str, float] | None:
    """Median and 90th percentile (nearest rank) in seconds, and of how many; None of none."""
    if not microseconds:
        return None
    ordered = sorted(microseconds)
    ninth = ordered[math.ceil(0.9 * len(ordered)) - 1]
    return {"count": len(ordered), "median_seconds": median(ordered) / 1e6, "p90_seconds": ninth / 1e6}
