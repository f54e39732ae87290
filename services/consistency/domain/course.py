"""The course of an alert: what was told and corrected over time, in spans of one length, few enough to plot."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MOST_SPANS = 60
DAY = 24
LENGTHS = (1, 3, 6, 12, DAY, 7 * DAY)
"""Hours that a span may have; the last is doubled as often as it takes."""


@dataclass(frozen=True, slots=True)
class Span:
    """Conflicts by when they were told and when they were corrected; `open`: told by its end, not corrected by then.

    `first` is its first hour, counted since 1970.
    """

    first: int
    told: int
    corrected: int
    open: int


def course(told: Mapping[int, int], corrected: Mapping[int, int]) -> tuple[int, list[Span]]:
    """Of conflicts by hour: how many hours a span has, and all spans from the first to the last of these hours, also
    those in which nothing happened. A span of a day or more begins at midnight (UTC)."""
    hours = [*told, *corrected]
    if not hours:
        return LENGTHS[0], []
    length = next(one for one in lengths() if place(max(hours), min(hours), one) < MOST_SPANS)
    start = start_of(min(hours), length)
    count = place(max(hours), start, length) + 1
    came, went = [0] * count, [0] * count
    for totals, by_hour in ((came, told), (went, corrected)):
        for hour, number in by_hour.items():
            totals[place(hour, start, length)] += number
    spans: list[Span] = []
    left = 0
    for number in range(count):
        left += came[number] - went[number]
        spans.append(Span(start + number * length, came[number], went[number], left))
    return length, spans


def lengths() -> Iterator[int]:
    yield from LENGTHS
    longer = LENGTHS[-1]
    while True:
        longer *= 2
        yield longer


def start_of(hour: int, length: int) -> int:
    return hour - hour % min(length, DAY)


def place(hour: int, first: int, length: int) -> int:
    """Of the span that has this hour, counted from the one that has the `first`."""
    return (hour - start_of(first, length)) // length
