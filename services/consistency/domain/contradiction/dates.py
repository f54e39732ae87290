"""Dates and times of day in text, by patterns of the data files, relative to when the message was sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from services.consistency.domain.contradiction.date_gates import Gate, gates, needs

DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, a run of days or a time of day, as far as the words give it; `on` makes it one of the calendar.

    `kind`: day (year, month, day as given, 0 where not), month, weekday, week (the weekday, `offset` calendar weeks
    from that of sending), offset (days from sending), none. `years` and `months` count from those of sending; -1 as
    `day` is the month's last.
    A `period` is no claim of a day but what a bill or an issue is for ("for March").
    `first` and `last` are minutes of the day, -1 where no time is given; `half` where the words leave open
    which half of the day is meant ("at seven").
    """

    kind: str = "none"
    year: int = 0
    month: int = 0
    day: int = 0
    until_day: int = 0
    until_month: int = 0
    weekday: int = -1
    offset: int = 0
    recurring: bool = False
    first: int = -1
    last: int = -1
    zone: str = ""
    half: bool = False
    period: bool = False
    years: int | None = None
    months: int | None = None


def anchored(moment: Moment, today: date) -> Moment:
    """With the year and month that "last year" or "this month" mean on the day of sending."""
    if moment.months is not None:
        month = today.year * 12 + today.month - 1 + moment.months
        moment = replace(moment, year=month // 12, month=month % 12 + 1)
    if moment.years is not None:
        moment = replace(moment, year=today.year + moment.years)
    if moment.day == -1 and moment.month:
        year = moment.year or nearest_year(today, moment.month, 28)
        moment = replace(moment, day=month_end(year, moment.month).day)
    return moment


def days_of(moment: Moment, sent: datetime) -> tuple[date, date] | None:
    """First and last day that is meant, or None where no day is named."""
    today = sent.date()
    moment = anchored(moment, today)
    if moment.kind == "week":
        day = today + timedelta(days=moment.weekday - today.weekday() + 7 * moment.offset)
        return day, day
    if moment.kind == "offset":
        day = today + timedelta(days=moment.offset)
        return day, day
    if moment.kind == "weekday":
        day = today + timedelta(days=(moment.weekday - today.weekday()) % 7 + moment.offset)
        return day, day
    if moment.kind == "month":
        year = moment.year or nearest_year(today, moment.month, 15)
        first = date(year, moment.month, 1)
        return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    if moment.kind == "quarter":
        year = moment.year or nearest_year(today, moment.month + 2, 28)
        first = date(year, moment.month, 1)
        return first, (first + timedelta(days=95)).replace(day=1) - timedelta(days=1)
    if moment.kind == "year":
        return date(moment.year, 1, 1), date(moment.year, 12, 31)
    if moment.kind == "day":
        return calendar_days(moment, today)
    return None


def calendar_days(moment: Moment, today: date) -> tuple[date, date] | None:
    month = moment.month
    if not month:
        month = today.month if moment.day >= today.day else today.month % 12 + 1
    year = moment.year or nearest_year(today, month, moment.day)
    try:
        first = date(year, month, moment.day)
        last = first
        if moment.until_day:
            to_month = moment.until_month or month
            last = date(year + (to_month < month), to_month, moment.until_day)
    except ValueError:
        return None
    return (first, last) if first <= last else (first, first)


def nearest_year(today: date, month: int, day: int) -> int:
    """The year that puts the day nearest to today, looking a little further ahead than back."""
    ahead = today.year + (1 if (month, day) < (today.month, today.day) else 0)
    try:
        gap = (date(ahead, month, min(day, 28)) - today).days
    except ValueError:
        return ahead
    return ahead - 1 if gap > 215 else ahead


@dataclass(frozen=True, slots=True)
class Found:
    start: int
    end: int
    moment: Moment


@dataclass(frozen=True, slots=True)
class DateGrammar:
    """Compiled patterns of one language: `gate` says cheaply that a text names no date at all."""

    gate: re.Pattern[str]
    patterns: tuple[tuple[str, re.Pattern[str], frozenset[str]], ...]
    gates: tuple[Gate, ...]
    months: Mapping[str, int]
    weekdays: Mapping[str, int]
    relative: Mapping[str, int]
    clock: Mapping[str, int]
    parts: Mapping[str, int]
    hours: Mapping[str, int]
    shifts: Mapping[str, int]
    days: Mapping[str, int]
    minutes: Mapping[str, int]
    years: Mapping[str, int]
    monthwords: Mapping[str, int]
    weeks: Mapping[str, int]
    quarters: Mapping[str, int]

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> "DateGrammar":
        months = {word: int(n) for n, words in table["months"].items() for word in words}
        weekdays = {word: int(n) for n, words in table["weekdays"].items() for word in words}
        relative = {word: int(n) for n, words in table["relative"].items() for word in words}
        clock = {word: int(n) for n, words in table["clock"].items() for word in words}
        parts = {word: int(n) for n, words in table.get("parts", {}).items() for word in words}
        hours = {word: int(n) for n, words in table.get("hours", {}).items() for word in words}
        shifts = {word: int(n) for n, words in table.get("shifts", {}).items() for word in words}
        more = {
            name: {word: int(n) for n, words in table.get(name, {}).items() for word in words}
            for name in ("days", "minutes", "years", "monthwords", "weeks", "quarters")
        }
        fields = {
            "month": named("month", months),
            "month2": named("month2", months),
            "weekday": named("weekday", weekdays),
            "weekday2": named("weekday2", weekdays),
            "relative": named("relative", relative),
            "clock": named("clock", clock),
            "clock2": named("clock2", clock),
            "part": named("part", parts),
            "part2": named("part2", parts),
            "hourword": named("hourword", hours),
            "hourword2": named("hourword2", hours),
            "dayword": named("dayword", more["days"]),
            "dayword2": named("dayword2", more["days"]),
            "minuteword": named("minuteword", more["minutes"]),
            "minuteword2": named("minuteword2", more["minutes"]),
            "yearword": named("yearword", more["years"]),
            "monthword": named("monthword", more["monthwords"]),
            "weekword": named("weekword", more["weeks"]),
            "quarter": named("quarter", more["quarters"]),
            "shift": named("shift", shifts or {"half past": 30}),
            "day": r"(?P<day>0?[1-9]|[12]\d|3[01])(?!\d)",
            "day2": r"(?P<day2>0?[1-9]|[12]\d|3[01])(?!\d)",
            "m": r"(?P<m>0?[1-9]|1[0-2])(?!\d)",
            "m2": r"(?P<m2>0?[1-9]|1[0-2])(?!\d)",
            "year": r"(?P<year>(?:19|20)\d\d)(?!\d)",
            "year2": r"(?P<year2>\d\d)(?!\d)",
            "hour": r"(?P<hour>[01]?\d|2[0-4])(?!\d)",
            "minute": r"(?P<minute>[0-5]\d)(?!\d)",
            "hour2": r"(?P<hour2>[01]?\d|2[0-4])(?!\d)",
            "minute2": r"(?P<minute2>[0-5]\d)(?!\d)",
            "zone": named("zone", dict.fromkeys(table.get("zones", ["utc"]), 0)),
        }
        words_of = gates(
            {
                "month": months,
                "weekday": weekdays,
                "relative": relative,
                "clock": clock,
                "part": parts,
                "hourword": hours,
                "dayword": more["days"],
                "minuteword": more["minutes"],
                "yearword": more["years"],
                "monthword": more["monthwords"],
                "weekword": more["weeks"],
                "quarter": more["quarters"],
                "shift": shifts,
            }
        )
        known = frozenset().union(*(of for _, of in words_of))
        compiled = tuple(
            (kind, re.compile(expand(pattern, fields), re.IGNORECASE), needs(pattern) & known)
            for kind, patterns in table["patterns"].items()
            for pattern in patterns
        )
        every = {
            *months,
            *weekdays,
            *relative,
            *clock,
            *more["years"],
            *more["monthwords"],
            *more["days"],
            *table.get("gate", ()),
        }
        words = sorted(every, key=len, reverse=True)
        gate = re.compile(r"\d|" + "|".join(re.escape(w) for w in words), re.IGNORECASE)
        return cls(gate, compiled, words_of, months, weekdays, relative, clock, parts, hours, shifts, **more)

    def find(self, text: str) -> list[Found]:
        """Dates and times in order of place; where two readings overlap, the longer."""
        if not self.gate.search(text):
            return []
        found = []
        lacking: set[str] = set().union(*(of for gate, of in self.gates if not gate.search(text)))
        for kind, pattern, fields in self.patterns:
            if not lacking.isdisjoint(fields):
                continue
            for match in pattern.finditer(text):
                moment = self._moment(kind, match.groupdict())
                if moment is not None:
                    found.append(Found(match.start(), match.end(), moment))
        found.sort(key=lambda f: (f.start - f.end, f.start))
        kept: list[Found] = []
        for one in found:
            if all(one.end <= other.start or other.end <= one.start for other in kept):
                kept.append(one)
        return sorted(kept, key=lambda f: f.start)

    def _moment(self, kind: str, got: Mapping[str, str | None]) -> Moment | None:
        moment = self._plain(kind, got)
        if moment is None or not (got.get("yearword") or got.get("monthword")):
            return moment
        years = self._look(self.years, got["yearword"], 0) if got.get("yearword") else None
        months = self._look(self.monthwords, got["monthword"], 0) if got.get("monthword") else moment.months
        return replace(moment, years=years, months=months)

    def _plain(self, kind: str, got: Mapping[str, str | None]) -> Moment | None:
        year = int(got.get("year") or 0) or (2000 + int(got["year2"] or 0) if got.get("year2") else 0)
        month = int(got.get("m") or 0) or self._look(self.months, got.get("month"), 0)
        first, last = self._time(got, ""), self._time(got, "2")
        if kind in ("time", "times"):
            if first < 0:
                return None
            if kind == "times":
                first = first_of_pair(first, last, got)
                last += 720 if last < first and last < 720 and not got.get("part2") else 0
            last = last if kind == "times" else first
            return Moment("none", first=first, last=last, zone=lower(got.get("zone")), half=half_open(got))
        if kind in ("weekday", "weekly"):
            return Moment(
                "weekday", weekday=self._look(self.weekdays, got.get("weekday"), 0), recurring=kind == "weekly"
            )
        if kind == "weekday_next":
            return Moment("weekday", weekday=self._look(self.weekdays, got.get("weekday"), 0), offset=7)
        if kind == "week":
            weeks = self._look(self.weeks, got.get("weekword"), 0)
            return Moment("week", weekday=self._look(self.weekdays, got.get("weekday"), 0), offset=weeks)
        if kind == "relative":
            return Moment("offset", offset=self._look(self.relative, got.get("relative"), 0))
        if kind == "quarter":
            return Moment("quarter", year=year, month=3 * self._look(self.quarters, got.get("quarter"), 1) - 2)
        if kind in ("month_year", "month"):
            return Moment("month", year=year, month=month)
        if kind == "period":
            return Moment("month" if month else "year", year=year, month=month, period=True)
        if kind == "month_end":
            if not month:
                return Moment("day", day=-1, months=0)
            return Moment("day", month=month, day=-1) if got.get("yearword") else month_end(year, month)
        if kind == "year_end":
            return Moment("day", year=year, month=12, day=31)
        if kind == "year":
            return Moment("year", year=year)
        return Moment(
            "day",
            year=year,
            month=month,
            day=int(got.get("day") or 0) or self._look(self.days, got.get("dayword"), 0),
            until_day=int(got.get("day2") or 0) or self._look(self.days, got.get("dayword2"), 0),
            until_month=self._look(self.months, got.get("month2"), 0) or int(got.get("m2") or 0),
        )

    def _time(self, got: Mapping[str, str | None], which: str) -> int:
        word = got.get("clock" + which)
        if word:
            return self._look(self.clock, word, 0)
        hour = got.get("hour" + which)
        hours = self._look(self.hours, got.get("hourword" + which), -1) if hour is None else int(hour)
        if hours < 0:
            return -1
        word = got.get("minuteword" + which)
        minutes = hours * 60 + (self._look(self.minutes, word, 0) if word else int(got.get("minute" + which) or 0))
        if which == "":
            minutes += self._look(self.shifts, got.get("shift"), 0)
        part = got.get("part" + which) or (got.get("part2") if which == "" else None)
        shift = self._look(self.parts, part, 0)
        if shift and hours < 12:
            minutes += shift
        elif shift == 0 and part and hours == 12:
            minutes -= 720
        return minutes

    @staticmethod
    def _look(table: Mapping[str, int], word: str | None, default: int) -> int:
        return default if word is None else table.get(" ".join(word.lower().replace("’", "'").split()), default)


def half_open(got: Mapping[str, str | None]) -> bool:
    """An hour in words, or of one digit, with no part of the day and no minutes in digits."""
    if got.get("part") or got.get("part2") or got.get("minute") or got.get("clock"):
        return False
    hour = got.get("hour")
    return bool(got.get("hourword")) or (hour is not None and len(hour) == 1)


def first_of_pair(first: int, last: int, got: Mapping[str, str | None]) -> int:
    """ "8 to 1 pm" starts in the morning: the half of the day given at the end is the start's where that fits."""
    return first - 720 if not got.get("part") and last >= 0 and first > last and first >= 720 else first


def month_end(year: int, month: int) -> Moment:
    after = date(year or 2001, month, 28) + timedelta(days=4)
    return Moment("day", year=year, month=month, day=(after - timedelta(days=after.day)).day)


def named(name: str, words: Mapping[str, int]) -> str:
    options = "|".join(
        r"\s+".join(re.escape(part) for part in word.split()) for word in sorted(words, key=len, reverse=True)
    )
    options = options or r"(?!)"
    return f"(?P<{name}>{options})"


def expand(pattern: str, fields: Mapping[str, str]) -> str:
    for name, expression in fields.items():
        pattern = pattern.replace("{" + name + "}", expression)
    return pattern


def lower(text: str | None) -> str:
    return (text or "").lower()
