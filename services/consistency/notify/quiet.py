"""Quiet hours: when a route tells nobody anything."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)
MIDNIGHT = "24:00"
MOST_WINDOWS = 20
ONE_DAY = timedelta(days=1)


def zone_in(value: Any) -> Any:
    try:
        return ZoneInfo(value) if isinstance(value, str) else value
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is no time zone known here; write one as Europe/London or UTC") from error


def clock_in(value: Any) -> Any:
    """A time of day; 24:00 is the end of the day, which `time` cannot say: `time.max` stands for it."""
    if value == MIDNIGHT:
        return time.max
    try:
        return datetime.strptime(value, "%H:%M").time() if isinstance(value, str) else value
    except ValueError as error:
        raise ValueError(f"{value!r} is no time of day; write it as 22:00") from error


Clock = Annotated[time, BeforeValidator(clock_in)]


class Quiet(BaseModel):
    """From one time of day to another, on the days on which it begins; past midnight where `until` is not later."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    since: Clock = Field(alias="from")
    until: Clock = Field(alias="to")
    days: tuple[Day, ...] = Field(DAYS, min_length=1)
    zone: Annotated[ZoneInfo, BeforeValidator(zone_in)]

    @model_validator(mode="after")
    def is_a_while(self) -> "Quiet":
        if self.since == self.until:
            raise ValueError("from and to are the same; a whole day is from 00:00 to 24:00")
        return self

    def end_at(self, moment: datetime) -> datetime | None:
        """When the window that `moment` is in ends; None where it is in none."""
        today = moment.astimezone(self.zone).date()
        ends = (self._end_if_in(moment, day) for day in (today - ONE_DAY, today))
        return max((end for end in ends if end is not None), default=None)

    def _end_if_in(self, moment: datetime, day: date) -> datetime | None:
        if DAYS[day.weekday()] not in self.days:
            return None
        begins = datetime.combine(day, self.since, self.zone)
        if self.until == time.max:
            ends = datetime.combine(day + ONE_DAY, time.min, self.zone)
        else:
            ends = datetime.combine(day if self.until > self.since else day + ONE_DAY, self.until, self.zone)
        return ends if begins.timestamp() <= moment.timestamp() < ends.timestamp() else None


def quiet_until(windows: Sequence[Quiet], moment: datetime) -> datetime | None:
    """When the quiet that `moment` lies in ends; None where it lies in none.

    One window may begin where another ends; so many in a row end somewhere, for the next look is then.
    """
    end: datetime | None = None
    for _ in range(MOST_WINDOWS):
        further = max((found for one in windows if (found := one.end_at(end or moment)) is not None), default=None)
        if further is None:
            break
        end = further
    return end
