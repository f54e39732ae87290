"""How right the alerts were: of those that were judged, the share that was right, by rule, departments and language.

What is counted are alerts, one a cause, so that one campaign to very many customers weighs no more than one letter. An
alert that several rules found, or whose messages are in several languages, counts for each of them, and once in all.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from services.consistency.domain.stored import Verdict

SURE = NormalDist().inv_cdf(0.975)
"""Standard deviations on either side that hold 95 % of a normal distribution."""
Name = TypeVar("Name")


@dataclass(frozen=True, slots=True)
class Tally:
    """Alerts by how they stand."""

    right: int = 0
    wrong: int = 0
    undecided: int = 0

    def plus(self, verdict: Verdict, count: int) -> "Tally":
        return replace(self, **{verdict: getattr(self, verdict) + count})

    @property
    def judged(self) -> int:
        return self.right + self.wrong

    @property
    def precision(self) -> float | None:
        """The share of the judged that was right; None of none."""
        return self.right / self.judged if self.judged else None

    def to_json(self) -> dict[str, Any]:
        low, high = interval(self.right, self.judged)
        return {
            "right": self.right,
            "wrong": self.wrong,
            "undecided": self.undecided,
            "precision": None if self.precision is None else round(self.precision, 4),
            "interval": None if self.precision is None else {"low": round(low, 4), "high": round(high, 4)},
        }


def interval(right: int, judged: int) -> tuple[float, float]:
    """Between what the true share lies, 95 % sure: Wilson's score interval, which holds for few as well
    (E. B. Wilson, Journal of the American Statistical Association 22, 1927)."""
    if judged == 0:
        return 0.0, 1.0
    share, square = right / judged, SURE**2 / judged
    centre = share + square / 2
    reach = math.sqrt(square * (share * (1 - share) + square / 4))
    return max(0.0, (centre - reach) / (1 + square)), min(1.0, (centre + reach) / (1 + square))


@dataclass(frozen=True, slots=True)
class Cell:
    """Alerts alike: found by these rules, between these departments, in these languages."""

    rules: tuple[str, ...]
    departments: tuple[str, ...]
    languages: tuple[str, ...]
    verdict: Verdict
    count: int


@dataclass(frozen=True, slots=True)
class DayCount:
    """Alerts judged alike on a day (since 1970)."""

    day: int
    verdict: Verdict
    count: int


@dataclass(frozen=True, slots=True)
class Counts:
    cells: Sequence[Cell]
    days: Sequence[DayCount]


def in_all(cells: Iterable[Cell]) -> Tally:
    return tallied(cells, lambda cell: (None,)).get(None, Tally())


def by_rule(cells: Iterable[Cell]) -> dict[str, Tally]:
    return tallied(cells, lambda cell: cell.rules)


def by_pair(cells: Iterable[Cell]) -> dict[tuple[str, ...], Tally]:
    return tallied(cells, lambda cell: (cell.departments,))


def by_language(cells: Iterable[Cell]) -> dict[str, Tally]:
    return tallied(cells, lambda cell: cell.languages)


def by_day(counts: Iterable[DayCount]) -> dict[int, Tally]:
    """Only days on which any was judged, in their order."""
    days: dict[int, Tally] = defaultdict(Tally)
    for one in counts:
        days[one.day] = days[one.day].plus(one.verdict, one.count)
    return {day: days[day] for day in sorted(days)}


def tallied(cells: Iterable[Cell], names: Callable[[Cell], Iterable[Name]]) -> dict[Name, Tally]:
    """By name, those with the most judged alerts first."""
    tallies: dict[Name, Tally] = defaultdict(Tally)
    for cell in cells:
        for name in names(cell):
            tallies[name] = tallies[name].plus(cell.verdict, cell.count)
    return dict(sorted(tallies.items(), key=lambda item: (-item[1].judged, -item[1].undecided, str(item[0]))))


class Muting(BaseModel):
    """When a rule is proposed for muting: fewer than `precision` of its alerts were right, of at least `judged` that
    were judged within the last `days`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    precision: Annotated[float, Field(ge=0, le=1)]
    judged: Annotated[int, Field(ge=1, strict=True)]
    days: Annotated[int, Field(ge=1, le=366, strict=True)]

    def proposes(self, tally: Tally) -> bool:
        return tally.judged >= self.judged and tally.precision is not None and tally.precision < self.precision

    def proposals(self, rules: Mapping[str, Tally]) -> dict[str, Tally]:
        """The least right first."""
        chosen = {rule: tally for rule, tally in rules.items() if self.proposes(tally)}
        return dict(sorted(chosen.items(), key=lambda item: (item[1].precision or 0.0, -item[1].judged, item[0])))
