"""The sentence that tells a colleague what clashes, and the values in a form that is equal for equal statements."""

from datetime import datetime

from services.consistency.domain.contradiction.claim import INFINITY, Claim
from services.consistency.domain.contradiction.dates import days_of
from services.consistency.domain.contradiction.languages import language_of
from services.consistency.domain.contradiction.lexicon import Lexicon, Table
from shared.events import MessageEvent

SAID = 120


def reason(earlier: MessageEvent, later: MessageEvent, a: Claim, b: Claim, lexicon: Lexicon) -> str:
    """In the language of the later message: who said what, when, and what it is about."""
    words = language_of(later.data.text, later.data.language, lexicon).reasons
    about = str(words.get("about", {}).get(a.attribute or b.attribute, "")) or (a.attribute or b.attribute).replace("_", " ")
    return str(words["sentence"]).format(
        one=department(earlier, words),
        said=said(earlier, a),
        when=day(earlier.time, words),
        other=department(later, words),
        says=said(later, b),
        then=day(later.time, words),
        about=about or str(words["matter"]),
    )


def department(event: MessageEvent, words: Table) -> str:
    return str(words["departments"].get(event.data.department, event.data.department))


def said(event: MessageEvent, claim: Claim) -> str:
    """The clause around the span, cut at its ends where it is long."""
    text = event.data.text
    if claim.structured and claim.end == 0:
        return claim.text
    start = max((text.rfind(mark, 0, claim.start) for mark in ".!?\n:;"), default=-1) + 1
    ends = [at for at in (text.find(mark, claim.end) for mark in (". ", "! ", "? ", "\n", ";")) if at >= 0]
    end = min(ends, default=len(text))
    if end - start > SAID:
        start = max(start, claim.start - SAID // 2)
        end = min(end, claim.end + SAID // 2)
    return " ".join(text[start:end].split()).strip(" .,-")


def day(moment: datetime, words: Table) -> str:
    return f"{moment.day} {words['months'][moment.month - 1]} {moment.year}"


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
