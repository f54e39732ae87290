"""A span of whole days in UTC that is asked about, of a bounded length."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import Query

from shared.web.problems import problem

MAX_DAYS = 366
EPOCH = date(1970, 1, 1)
HOUR = 3_600_000_000
DAY = 24 * HOUR
"""Microseconds."""


@dataclass(frozen=True, slots=True)
class Window:
    """Both days are part of it."""

    first: date
    last: date

    @classmethod
    def ending(cls, last: date, days: int) -> "Window":
        return cls(last - timedelta(days=days - 1), last)

    @property
    def since(self) -> int:
        """Its first moment, in microseconds since 1970."""
        return (self.first - EPOCH).days * DAY

    @property
    def until(self) -> int:
        """The first moment after it."""
        return ((self.last - EPOCH).days + 1) * DAY

    def to_json(self) -> dict[str, str]:
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}


def day_of(moment: int) -> int:
    """Days since 1970 of a moment in microseconds."""
    return moment // DAY


def hour_of(moment: int) -> int:
    """Hours since 1970 of a moment in microseconds."""
    return moment // HOUR


def date_of(day: int) -> str:
    return (EPOCH + timedelta(days=day)).isoformat()


def today() -> date:
    return datetime.now(UTC).date()


First = Annotated[date | None, Query(alias="from", ge=date(1969, 1, 1), description="First day, in UTC.")]
Last = Annotated[date | None, Query(alias="to", ge=EPOCH, description="Last day, in UTC.")]


def window_of(first: First = None, last: Last = None) -> Window | None:
    """Of the query's `from` and `to`, of which one is not without the other; None where there is neither."""
    if first is None and last is None:
        return None
    if first is None or last is None:
        raise problem(422, "`from` and `to` go together: the first and the last day.")
    if not 0 <= (last - first).days < MAX_DAYS:
        raise problem(422, f"`to` is `from` or a later day, at most {MAX_DAYS} days in all.")
    return Window(first, last)
