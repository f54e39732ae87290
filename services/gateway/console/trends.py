"""What the overview shows of some days: over time in spans that can be read, and who contradicted whom as a matrix."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from services.gateway.console import formats
from services.gateway.shapes.feedback import JudgedOn
from services.gateway.shapes.overview import DayCount, PairCount, SentCount
from shared.web.window import Window

DAILY, WEEKLY = 31, 120
"""Up to so many days a bar is a day, or a week; beyond it a month."""
HEATS = 5
OWN = "customer"
"""The key of the customer's own side, such as a consent that was withdrawn."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some days that are shown as one."""

    first: date
    last: date

    @property
    def label(self) -> str:
        some_days = (self.last - self.first).days < 7
        return formats.day_on_axis(self.first) if some_days else formats.month_on_axis(self.first)


@dataclass(frozen=True, slots=True)
class Span(Stretch):
    """A bar of the plot: some days with what was found on them, by kind."""

    kinds: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.kinds.values())


@dataclass(frozen=True, slots=True)
class JudgedSpan(Stretch):
    """Some days with the alerts that were judged on them."""

    right: int
    wrong: int

    @property
    def precision(self) -> float | None:
        """None where none was judged."""
        judged = self.right + self.wrong
        return self.right / judged if judged else None


def stretches(window: Window) -> list[list[date]]:
    """The days of the window, the oldest first, in stretches of a day, a week or a month."""
    length = (window.last - window.first).days + 1
    days = [window.first + timedelta(days=number) for number in range(length)]

    def of(day: date) -> date | int:
        if length <= DAILY:
            return day
        return (window.last - day).days // 7 if length <= WEEKLY else day.replace(day=1)

    return [list(group) for _, group in groupby(days, key=of)]


def spans(window: Window, by_day: Sequence[DayCount]) -> list[Span]:
    """All of the window, also where nothing was found, the oldest first."""
    counts = {date.fromisoformat(one["day"]): one["kinds"] for one in by_day}
    found = []
    for days in stretches(window):
        kinds: Counter[str] = Counter()
        for day in days:
            kinds.update(counts.get(day, {}))
        found.append(Span(days[0], days[-1], dict(kinds)))
    return found


def judged_spans(window: Window, by_day: Sequence[JudgedOn]) -> list[JudgedSpan]:
    """All of the window, also where none was judged, the oldest first."""
    counts = {date.fromisoformat(one["day"]): one for one in by_day}
    found = []
    for days in stretches(window):
        judged = [counts[day] for day in days if day in counts]
        right, wrong = sum(one["right"] for one in judged), sum(one["wrong"] for one in judged)
        found.append(JudgedSpan(days[0], days[-1], right, wrong))
    return found


@dataclass(frozen=True, slots=True)
class Cell:
    """`heat` is 0 for nothing, up to `HEATS` for as many as any cell has; its root grows evenly, so that few show."""

    row: str
    column: str
    count: int
    heat: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """Only rows and columns that have anything, those with the most first; totals by row and by column."""

    columns: list[str]
    rows: list[tuple[str, list[Cell]]]
    by_row: dict[str, int]
    by_column: dict[str, int]


def matrix(counts: dict[tuple[str, str], int]) -> Matrix:
    by_row: Counter[str] = Counter()
    by_column: Counter[str] = Counter()
    for (row, column), count in counts.items():
        by_row[row] += count
        by_column[column] += count
    most = max(counts.values(), default=0)
    columns = [name for name, _ in by_column.most_common()]

    def cell(row: str, column: str) -> Cell:
        count = counts.get((row, column), 0)
        return Cell(row, column, count, math.ceil(HEATS * math.sqrt(count / most)) if most else 0)

    rows = [(name, [cell(name, column) for column in columns]) for name, _ in by_row.most_common()]
    return Matrix(columns, rows, dict(by_row), dict(by_column))


def of_pairs(pairs: Sequence[PairCount]) -> Matrix:
    return matrix({(one["earlier"] or OWN, one["later"] or OWN): one["count"] for one in pairs})


def of_messages(cells: Sequence[SentCount]) -> Matrix:
    return matrix({(one["department"], one["channel"]): one["count"] for one in cells})
