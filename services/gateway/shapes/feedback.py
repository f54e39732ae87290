"""Feedback: how right the alerts were, and which rules are proposed for muting."""

from typing_extensions import TypedDict

from services.gateway.shapes.overview import Window


class Interval(TypedDict):
    """Between what the true precision lies, 95 % sure (Wilson's score interval)."""

    low: float
    high: float


class Tally(TypedDict):
    """Alerts judged right or wrong on the days that were asked for, and those that are undecided now.

    `precision`: of the judged, the share that was right; null where none was judged.
    """

    right: int
    wrong: int
    undecided: int
    precision: float | None
    interval: Interval | None


class Muted(TypedDict):
    """The silence that mutes a rule, and until when."""

    silence: str
    by: str
    reason: str
    ends_at: str


class OfRule(Tally):
    rule: str
    muted: Muted | None


class OfPair(Tally):
    """Both sides' departments, in alphabetical order; `customer` where a side is what the customer did."""

    departments: list[str]


class OfLanguage(Tally):
    language: str


class JudgedOn(TypedDict):
    day: str
    right: int
    wrong: int


class Muting(TypedDict):
    """A rule is proposed that was right in less than `precision` of at least `judged` alerts, judged within the last
    `days`."""

    precision: float
    judged: int
    days: int


class Feedback(Window):
    """An alert that several rules found, or whose messages are in several languages, counts for each of them and once
    in `total`. `by_day` has only days on which any was judged. `proposals` are of the last `muting.days`, whatever the
    query asks for; nothing is muted by itself."""

    total: Tally
    by_rule: list[OfRule]
    by_pair: list[OfPair]
    by_language: list[OfLanguage]
    by_day: list[JudgedOn]
    muting: Muting
    proposals: list[OfRule]
