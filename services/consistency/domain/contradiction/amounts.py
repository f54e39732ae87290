"""Amounts: numbers with their unit, range, bound, approximation, and the period or item they are for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.consistency.domain.contradiction.lexicon import Unit
from services.consistency.domain.contradiction.numbers import Number
from services.consistency.domain.contradiction.phrases import Match
from services.consistency.domain.contradiction.tokens import Token, is_han

INFINITY = float("inf")
DASHES = frozenset("-–—~")
VAGUE, NEARLY = 0.15, 0.05  # "about two weeks" is 12 to 16 days, "about 47 million" is not 44
ROUND = 10_000
VAGUE_OF = ("duration", "length", "")
REACH_BEFORE = 4
REACH_AFTER = 3


@dataclass(frozen=True, slots=True)
class Amount:
    """Tokens `first` to `last`; `low` to `high` in the dimension's own unit; `dimension` is "" for a bare number."""

    first: int
    last: int
    dimension: str
    low: float
    high: float
    bound: str = ""
    approximate: bool = False
    per: float | None = None
    items: frozenset[str] = frozenset()
    noun: int = -1
    attribute: str = ""


class Around:
    """Tags by the token they start and end at, for looking left and right of a number."""

    def __init__(self, tokens: Sequence[Token], matches: Sequence[Match]) -> None:
        self.tokens = tokens
        self.starting: dict[int, list[Match]] = {}
        self.ending: dict[int, list[Match]] = {}
        for match in matches:
            self.starting.setdefault(match.first, []).append(match)
            self.ending.setdefault(match.last, []).append(match)

    def after(self, at: int, kind: str) -> Match | None:
        found = [m for m in self.starting.get(at, ()) if m.tag.kind == kind]
        return max(found, key=lambda m: m.last, default=None)

    def before(self, at: int, kind: str) -> Match | None:
        found = [m for m in self.ending.get(at, ()) if m.tag.kind == kind]
        return min(found, key=lambda m: m.first, default=None)

    def cue(self, name: str, first: int, last: int, sentence: int) -> bool:
        for at in range(max(first, 0), min(last, len(self.tokens) - 1) + 1):
            if self.tokens[at].sentence != sentence:
                continue
            if any(m.tag.kind == "cue" and m.tag.name == name and m.last <= last for m in self.starting.get(at, ())):
                return True
        return False

    def reaches(self, name: str, first: int, sentence: int) -> bool:
        """The cue ends right before token `first`, or with one word between."""
        return any(
            m.tag.kind == "cue" and m.tag.name == name and self.tokens[at].sentence == sentence
            for at in (first - 1, first - 2)
            for m in self.ending.get(at, ())
        )


def read_amounts(numbers: Sequence[Number], around: Around, units: Mapping[str, Unit]) -> list[Amount]:
    amounts: list[Amount] = []
    at = 0
    while at < len(numbers):
        one = numbers[at]
        other = numbers[at + 1] if at + 1 < len(numbers) else None
        joined = other is not None and is_range(one, other, around)
        amount = with_unit(one, other if joined and other is not None else one, around, units)
        at += 2 if joined else 1
        amounts.append(described(amount, around))
    return amounts


def is_range(one: Number, other: Number, around: Around) -> bool:
    """ "10-14", "10 to 14", "between 10 and 14", also with the unit at both ends."""
    gap = list(range(one.last + 1, other.first))
    while gap and (around.after(gap[0], "unit") or around.before(gap[0], "unit")) and len(gap) > 1:
        gap = gap[1:]
    while len(gap) > 1 and around.before(gap[-1], "unit"):
        gap = gap[:-1]
    if len(gap) != 1 or one.value >= other.value:
        return False
    token = around.tokens[gap[0]]
    if token.text in DASHES:
        return True
    if around.cue("to", gap[0], gap[0], token.sentence):
        return True
    return around.cue("and", gap[0], gap[0], token.sentence) and around.cue(
        "between", one.first - 3, one.first - 1, token.sentence
    )


def with_unit(one: Number, other: Number, around: Around, units: Mapping[str, Unit]) -> Amount:
    first, last = one.first, other.last
    follows = last + 1
    if follows < len(around.tokens) and around.tokens[follows].text in DASHES and around.after(follows + 1, "unit"):
        follows += 1
    before = around.before(first - 1, "unit")
    if before is not None and is_han(around.tokens[first - 1].text):
        leads = units[before.tag.name].dimension.startswith(("money", "percent"))
        before = before if leads else None
    unit = None
    if before is not None and units[before.tag.name].dimension.startswith("money"):
        unit, first = units[before.tag.name], before.first
    else:
        after = around.after(follows, "unit")
        if after is not None:
            unit, last = units[after.tag.name], after.last
        elif before is not None:
            unit, first = units[before.tag.name], before.first
    if unit is None:
        return Amount(first, last, "", lower_end(one, other), other.value, noun=noun_after(last + 1, around))
    low, high = lower_end(one, other) * unit.factor, other.value * unit.factor * unit.slack
    return Amount(first, last, unit.dimension, low, high, noun=noun_after(last + 1, around))


def lower_end(one: Number, other: Number) -> float:
    """ "4.2 to 4.4 billion": what multiplies the end of a range multiplies its beginning."""
    return one.value * other.times if one.times == 1.0 and one.value * other.times < other.value else one.value


def noun_after(at: int, around: Around) -> int:
    """The word right after a number, which says what is counted."""
    if at >= len(around.tokens) or around.tokens[at].kind != "word":
        return -1
    if around.tokens[at].sentence != around.tokens[at - 1].sentence:
        return -1
    return -1 if around.cue("per", at, at, around.tokens[at].sentence) else at


def described(amount: Amount, around: Around) -> Amount:
    sentence = around.tokens[amount.first].sentence
    after = (amount.last + 1, amount.last + REACH_AFTER)
    if is_han(around.tokens[min(after[0], len(around.tokens) - 1)].text) or is_han(around.tokens[amount.last].text):
        after = (after[0], clause_end(amount.last, after[1], around.tokens))
    low, high, bound = amount.low, amount.high, ""
    if around.reaches("upper", amount.first, sentence) or around.cue("upper_after", *after, sentence):
        bound, low = "upper", 0.0
    elif around.reaches("lower", amount.first, sentence) or around.cue("lower_after", *after, sentence):
        bound, high = "lower", INFINITY
    approximate = around.reaches("approximate", amount.first, sentence) or around.cue("approximate", *after, sentence)
    if approximate and not bound:
        slack = VAGUE if amount.dimension in VAGUE_OF and amount.high < ROUND else NEARLY
        low, high = low * (1 - slack), high * (1 + slack)
    per, items = rate(amount, around)
    return Amount(amount.first, amount.last, amount.dimension, low, high, bound, approximate, per, items, amount.noun)


def clause_end(last: int, most: int, tokens: Sequence[Token]) -> int:
    while most > last and (most >= len(tokens) or tokens[most].clause != tokens[last].clause):
        most -= 1
    return most


def rated(at: int, around: Around) -> bool:
    return any(
        m.tag.kind == "period" or (m.tag.kind == "cue" and m.tag.name == "per") for m in around.starting.get(at, ())
    )


def rate(amount: Amount, around: Around) -> tuple[float | None, frozenset[str]]:
    """The period (days) of "a month", "/yr", and what "per seat" is for."""
    per: float | None = None
    items: set[str] = set()
    sentence = around.tokens[amount.first].sentence
    at = amount.last + 1
    while (
        at <= amount.last + 2 and at < len(around.tokens) and around.tokens[at].kind == "word" and not rated(at, around)
    ):
        at += 1
    if not rated(at, around):
        at = amount.last + 1
    for _ in range(3):
        period = around.after(at, "period")
        if period is not None:
            per, at = float(period.tag.name), period.last + 1
            continue
        each = next((m for m in around.starting.get(at, ()) if m.tag.kind == "cue" and m.tag.name == "per"), None)
        if each is None or each.last + 1 >= len(around.tokens) or around.tokens[each.last + 1].kind != "word":
            break
        items.add(around.tokens[each.last + 1].norm)
        at = each.last + 2
    if per is None:
        for place in range(max(0, amount.first - REACH_BEFORE), amount.first):
            period = around.before(place, "period")
            if period is not None and around.tokens[place].sentence == sentence:
                per = float(period.tag.name)
    return per, frozenset(items)
