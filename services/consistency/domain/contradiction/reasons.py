"""The sentence that tells a colleague what clashes, and the values in a form that is equal for equal statements."""

from dataclasses import replace
from datetime import datetime

from services.consistency.domain.contradiction.claim import INFINITY, Claim
from services.consistency.domain.contradiction.dates import days_of
from services.consistency.domain.contradiction.languages import language_of
from services.consistency.domain.contradiction.lexicon import Lexicon, Table
from shared.events import MessageEvent

SAID = 120
STOPS = (". ", "! ", "? ", "\n", "; ", "。", "！", "？", "；")


def reason(
    earlier: MessageEvent, later: MessageEvent, a: Claim, b: Claim, lexicon: Lexicon, form: str = "sentence"
) -> str:
    """In the language of the later message: who said what, when, and what it is about. `form` is the entry of
    `reasons.toml` that is filled in."""
    language = language_of(later.data.text, later.data.language, lexicon)
    words = language.reasons
    matter = a.attribute or b.attribute
    label = str(lexicon.axes.get(matter, lexicon.statuses.get(matter, {})).get("label", ""))
    about = str(words.get("about", {}).get(matter or family(a), "")) or label or matter.replace("_", " ")
    return str(words[form]).format(
        one=department(earlier, words),
        said=said(earlier, a),
        when=day(earlier.time, words),
        other=department(later, words),
        says=said(later, b),
        then=day(later.time, words),
        about=about or str(words["matter"]),
    )


def family(claim: Claim) -> str:
    """What sort of value it is, where nothing says what it is of: "a_day", "a_money"."""
    return "a_" + claim.dimension.split(":")[0]


def department(event: MessageEvent, words: Table) -> str:
    return str(words["departments"].get(event.data.department, event.data.department))


def said(event: MessageEvent, claim: Claim) -> str:
    """The clause around the span, cut at its ends where it is long."""
    text = event.data.text
    if claim.structured and claim.end == 0:
        return claim.text
    start = max(
        (text.rfind(mark, 0, claim.start) + len(mark) for mark in STOPS if mark in text[: claim.start]), default=0
    )
    ends = [at for at in (text.find(mark, claim.end) for mark in STOPS) if at >= 0]
    end = min(ends, default=len(text))
    if end - start > SAID:
        start = max(start, word_at(text, claim.start - SAID // 2))
        end = min(end, word_at(text, claim.end + SAID // 2))
    return " ".join(text[start:end].split()).strip(" .,-")


def word_at(text: str, at: int) -> int:
    """The nearest place from `at` on where a word begins; `at` itself where words are not divided."""
    at = max(at, 0)
    space = text.find(" ", at)
    return min(at, len(text)) if space < 0 or space - at > 20 else space


def day(moment: datetime, words: Table) -> str:
    form = str(words.get("date", "{day} {month} {year}"))
    return form.format(day=moment.day, month=words["months"][moment.month - 1], year=moment.year)


BARE = frozenset({"number", "money"})
"""Dimensions that leave open which unit or currency it is."""


def as_compared(claim: Claim, other: Claim) -> Claim:
    """An amount with the unit, the currency and the period that it was taken in where it does not say them: "42" after
    "$49 a month" is $42 a month, and as a value the same as where it was said in full."""
    if claim.kind != "amount" or other.kind != "amount":
        return claim
    return replace(
        claim,
        dimension=other.dimension if claim.dimension in BARE else claim.dimension,
        per=other.per if claim.per is None else claim.per,
    )


def value_of(claim: Claim, event: MessageEvent) -> str:
    if claim.kind == "amount":
        text = number(claim.low) if claim.low == claim.high else f"{number(claim.low)}..{number(claim.high)}"
        per = f" per {number(claim.per)} d" if claim.per else ""
        return f"{text} {claim.dimension}{per}"
    if claim.kind == "moment" and claim.moment is not None:
        days = days_of(claim.moment, event.time)
        clock = f"{claim.moment.first // 60:02d}:{claim.moment.first % 60:02d}" if claim.moment.first >= 0 else ""
        return " ".join(part for part in ("/".join(str(d) for d in sorted(set(days or ()))), clock) if part)
    return claim.side


def number(value: float) -> str:
    return "any" if value == INFINITY else f"{value:.6g}"
