"""Claims of a day or time."""

from collections.abc import Sequence
from dataclasses import replace

from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.dates import Found, Moment
from services.consistency.domain.contradiction.page import Page, attribute_of, claim
from services.consistency.domain.contradiction.scopes import cues

AFTER = {"until_after": "until", "by_after": "by", "since_after": "since"}


def moment_claims(page: Page, dates: Sequence[Found]) -> list[Claim]:
    found = []
    void = cues(page.matches, "void")  # "there will be no visit on the 14th" names no day of a visit
    for one in joined(page, dates):
        inside = [at for at, t in enumerate(page.tokens) if t.start < one.end and one.start < t.end]
        if not inside:
            continue
        first, last = inside[0], inside[-1]
        if any(page.tokens[m.first].clause == page.tokens[first].clause for m in void):
            continue
        if one.moment.period:
            found.append(replace(claim(page, "moment", "period", first, last), moment=one.moment))
            continue
        family = "day" if one.moment.kind != "none" else "time"
        attribute = attribute_of(page, first, last, family, ())
        found.append(
            replace(
                claim(page, "moment", family, first, last),
                attribute=attribute,
                moment=one.moment,
                bound=bound(page, first, last),
            )
        )
    return found


def bound(page: Page, first: int, last: int) -> str:
    before = [
        m
        for m in page.matches
        if m.tag.kind == "cue" and (first - 4 <= m.last < first or m.first == first <= last != m.last)
    ]
    around = [m for m in page.matches if m.tag.name == "at_least_until" and first - 5 <= m.first <= last + 4]
    after = [m for m in page.matches if m.tag.name in AFTER and last < m.first <= last + 2]
    names = {
        AFTER.get(m.tag.name, m.tag.name)
        for m in before + around + after
        if page.tokens[m.first].sentence == page.tokens[first].sentence
    }
    for name in ("at_least_until", "until", "by", "since"):
        if name in names:
            return name
    return ""


def joined(page: Page, dates: Sequence[Found]) -> list[Found]:
    """A day and a time of day that stand together are one moment."""
    found: list[Found] = []
    for one in dates:
        if found and one.start - found[-1].end <= 16 and "\n" not in page.text[found[-1].end : one.start]:
            whole = together(found[-1].moment, one.moment)
            if whole is not None:
                found[-1] = Found(found[-1].start, one.end, whole)
                continue
        found.append(one)
    return found


def together(a: Moment, b: Moment) -> Moment | None:
    day, time = (a, b) if a.kind != "none" else (b, a)
    if day.kind in ("none", "month", "year", "quarter") or time.period:
        return None
    for one, other in ((a, b), (b, a)):
        if one.kind == "offset" and other.kind == "day" and one.first < 0:
            return other
        if one.kind == "weekday" and other.kind in ("day", "offset") and not one.recurring:
            return replace(other, first=one.first, last=one.last) if other.first < 0 else other
    if time.kind != "none" or time.first < 0 or day.first >= 0:
        return None
    return replace(day, first=time.first, last=time.last, zone=time.zone, half=time.half)
