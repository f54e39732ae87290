"""Whether two claims on the same matter can both hold, by type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.consistency.domain.contradiction.claim import INFINITY, Claim
from services.consistency.domain.contradiction.dates import DAY, Moment, days_of
from services.consistency.domain.contradiction.lexicon import Lexicon

TOLERANCE = 0.006
MONTHS = 0.035
BEGINNINGS = frozenset({"start", "launch", "reopening", "opening_time", "meeting"})
GENERAL = frozenset({"open", "works", "available", "charged", "allowed"})
DAY_BEFORE = ("by", "until", "at_least_until")


@dataclass(frozen=True, slots=True)
class Said:
    """A claim in a message that was sent at `sent`."""

    claim: Claim
    sent: datetime


def clash(a: Said, b: Said, lexicon: Lexicon) -> bool | None:
    """True: both cannot hold; False: they agree or allow each other; None: they cannot be compared.

    `a` was said first.
    """
    return COMPARE[a.claim.kind](a, b, lexicon) if a.claim.kind == b.claim.kind else None


def amounts(a: Said, b: Said, lexicon: Lexicon) -> bool | None:
    one, other = a.claim, b.claim
    if not comparable(one, other):
        return None
    scale = 1.0
    if one.per and other.per:
        scale = one.per / other.per
    low, high = one.low / scale, one.high / scale
    if (one.per is None) != (other.per is None) and parts(edge(one) / scale, edge(other)):
        return None
    limit = bool(lexicon.attributes.get(one.attribute or other.attribute, {}).get("limit"))
    if (one.bound and one.bound == other.bound) or (
        limit and (one.bound or other.bound) and one.attribute == other.attribute
    ):
        return not near(edge(one) / scale, edge(other), one)
    slack = slack_of(one, other)
    if (
        lexicon.attributes.get(one.attribute, {}).get("whole")
        and one.low < one.high < INFINITY
        and other.low < other.high
    ):
        return not (near(low, other.low, one) and near(high, other.high, one)) and not (
            one.approximate or other.approximate
        )
    return bool(low > other.high * (1 + slack) + 1e-9 or other.low > high * (1 + slack) + 1e-9)


def parts(x: float, y: float) -> bool:
    """One may be so many payments of the other, or the two are of another order: nothing to compare."""
    if not x or not y:
        return False
    ratio = max(x, y) / min(x, y)
    return ratio > 4 or (ratio > 1.9 and abs(ratio - round(ratio)) < 0.01)


def comparable(one: Claim, other: Claim) -> bool:
    if one.items and other.items and not one.items & other.items:
        return False
    if (one.per is None) != (other.per is None) and not one.dimension.startswith(("money", "data")):
        return False
    money = one.dimension.startswith("money") and other.dimension.startswith("money")
    if money and "money" in (one.dimension, other.dimension):
        return True
    if one.dimension == other.dimension == "number" and not (one.attribute or one.items & other.items):
        return False
    if one.dimension == other.dimension:
        return True
    bare = "number" in (one.dimension, other.dimension)
    return bare and bool(one.items & other.items or (one.attribute and one.attribute == other.attribute))


def edge(claim: Claim) -> float:
    if claim.bound == "upper":
        return claim.high
    return claim.low


def slack_of(one: Claim, other: Claim) -> float:
    return (
        MONTHS if one.dimension == "duration" and min(one.low or one.high, other.low or other.high) >= 25 else TOLERANCE
    )


def near(x: float, y: float, claim: Claim) -> bool:
    if INFINITY in (x, y):
        return x == y
    return abs(x - y) <= max(x, y) * slack_of(claim, claim) + 1e-9


def moments(a: Said, b: Said, lexicon: Lexicon) -> bool | None:
    one, other = a.claim.moment, b.claim.moment
    if one is None or other is None or one.period or other.period:
        return None
    days = days_clash(a, b, one, other, lexicon)
    if days:
        return True
    times = times_clash(one, other) if days is False or (days is None and one.kind == other.kind == "none") else None
    return days if times is None else times


def days_clash(a: Said, b: Said, one: Moment, other: Moment, lexicon: Lexicon) -> bool | None:
    if one.kind == "none" or other.kind == "none":
        return None
    if one.kind == other.kind == "weekday" and (one.recurring or other.recurring):
        return one.weekday != other.weekday
    if one.recurring != other.recurring:
        return None  # a weekly rule and a day of the calendar: the exception that a rule may have
    x, y = days_of(one, a.sent), days_of(other, b.sent)
    if x is None or y is None:
        return None
    if (a.claim.bound == "since") != (b.claim.bound == "since") and a.claim.attribute not in BEGINNINGS:
        return None
    limit = bool(lexicon.attributes.get(a.claim.attribute, {}).get("limit"))
    return apart_days(x, a.claim.bound, y, b.claim.bound, limit)


def apart_days(x: tuple[date, date], x_bound: str, y: tuple[date, date], y_bound: str, limit: bool) -> bool:
    if x_bound == "at_least_until":
        x = (x[0], date.max)
    if y_bound == "at_least_until":
        y = (y[0], date.max)
    if not limit and x_bound == "by":
        x = (date.min, x[1])
    if not limit and y_bound == "by":
        y = (date.min, y[1])
    return x[1] < y[0] or y[1] < x[0]


def times_clash(one: Moment, other: Moment) -> bool | None:
    if one.first < 0 or other.first < 0 or one.zone != other.zone:
        return None
    if one.half or other.half:
        half = DAY // 2
        points = one.first == one.last and other.first == other.last
        return one.first % half != other.first % half if points else None
    if one.last > one.first and other.last > other.first:
        return (one.first, one.last) != (other.first, other.last) and not (
            one.first < other.last and other.first < one.last
        )
    return one.last < other.first or other.last < one.first


def axes(a: Said, b: Said, lexicon: Lexicon) -> bool | None:
    if a.claim.dimension != b.claim.dimension:
        return None
    if b.claim.when and not a.claim.when and a.claim.dimension in GENERAL:
        return None  # a rule, and what holds on certain days instead
    return a.claim.side != b.claim.side


def statuses(a: Said, b: Said, lexicon: Lexicon) -> bool | None:
    """A step back, another end than the one stated, or a denial of what was stated."""
    one, other = a.claim, b.claim
    if one.dimension != other.dimension:
        return None
    if one.side == other.side:
        return False
    chain = lexicon.statuses[one.dimension]
    denied_one, denied_other = one.side.startswith("not "), other.side.startswith("not ")
    if denied_one:
        return False
    if denied_other:
        return other.low <= one.low
    if other.low < one.low:
        return True
    step = chain["order"][int(one.low)]
    return other.low == one.low and bool(chain.get("exclusive", True)) and other.side in step


COMPARE: Mapping[str, Callable[[Said, Said, Lexicon], bool | None]] = {
    "amount": amounts,
    "moment": moments,
    "axis": axes,
    "status": statuses,
}
