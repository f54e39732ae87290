"""Numbers in digits and words, and those that are names of things rather than quantities."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.consistency.domain.contradiction.numerals import composed
from services.consistency.domain.contradiction.phrases import Match
from services.consistency.domain.contradiction.tokens import Token, is_han

PHONE = re.compile(r"\+?\(?\d[\d()]*(?:[\s\u00a0./-]\(?\d[\d()]*){2,}")
HAN = r"\u3400-\u9fff"
LETTER, SIGN = rf"[^\W\d_{HAN}]", rf"(?:[^\W{HAN}]|-)"
REFERENCE = re.compile(
    rf"(?<![^\W{HAN}])(?<!-)(?:{LETTER}{{1,6}}\d*[-/]?\d{{3,}}{SIGN}*|{LETTER}{{1,6}}-\d{{2,}}{SIGN}*"
    rf"|\d{{2,}}-\d{{3,}}{SIGN}*|\d{{4,}}-\d{{2}}(?!\d)|\d{{2,}}-[A-ZА-Я]{{1,3}}(?:/\d+)?|#\s?\d+|\d+(?:栋|幢|号楼|座)\d{{2,4}}"
    rf"|(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{{5,8}})(?![^\W{HAN}]|%)"
)
PHONE_DIGITS = 9
DATED = frozenset("年月日")


@dataclass(frozen=True, slots=True)
class Number:
    """Tokens `first` to `last` say `value`; `places` are decimals as written, -1 for words."""

    first: int
    last: int
    value: float
    places: int = -1
    times: float = 1.0


def parse_digits(text: str, decimal: str) -> tuple[float, int]:
    """Value and decimals of digits with separators, whose convention the language gives where they leave doubt."""
    marks = [c for c in text if not c.isdigit()]
    plain = text
    if marks:
        last = marks[-1]
        tail = len(text) - text.rfind(last) - 1
        grouped = tail == 3 and (last != decimal or len(marks) > 1)
        if grouped or last in "’'\u00a0\u202f":
            plain = "".join(c for c in text if c.isdigit())
        else:
            head = "".join(c for c in text[: text.rfind(last)] if c.isdigit())
            plain = f"{head}.{text[text.rfind(last) + 1 :]}"
    places = len(plain) - plain.find(".") - 1 if "." in plain else 0
    return float(plain), places


def telephones(text: str) -> list[tuple[int, int]]:
    """Spans of telephone numbers: no quantities, and nothing that tells one matter from another."""
    return [m.span() for m in PHONE.finditer(text) if sum(c.isdigit() for c in m.group()) >= PHONE_DIGITS]


def identifiers(text: str) -> list[tuple[int, int, str]]:
    """Spans of references and telephone numbers with their letters and digits, in order of place."""
    found: list[tuple[int, int, str]] = []
    for pattern, least in ((PHONE, PHONE_DIGITS), (REFERENCE, 2)):
        for match in pattern.finditer(text):
            key = "".join(c for c in match.group().lower() if c.isalnum())
            digits = sum(c.isdigit() for c in key)
            if text[match.end() : match.end() + 1] in DATED:
                continue  # "Energy2025年": a year, written without a space
            if digits >= least and all(match.end() <= a or b <= match.start() for a, b, _ in found):
                found.append((match.start(), match.end(), key))
    return sorted(found)


def read_numbers(
    text: str, tokens: Sequence[Token], matches: Sequence[Match], decimal: str, taken: Sequence[bool]
) -> list[Number]:
    """Numbers of the tokens that are not `taken`; spaces may group digits by three, multipliers follow."""
    words = {m.first: m for m in matches if m.tag.kind == "number"}  # "none": a word that only looks like one
    multipliers = {m.first: m for m in matches if m.tag.kind == "multiplier"}
    units = {m.first: m for m in matches if m.tag.kind == "unit"}
    singles = {m.first: m for m in matches if m.tag.kind == "cue" and m.tag.name == "one_of"}
    addends = {m.first: m for m in matches if m.tag.kind == "addend"}
    numbers: list[Number] = []
    at = 0
    while at < len(tokens):
        if taken[at]:
            at += 1
            continue
        single = singles.get(at)
        if single is not None and not taken[single.last]:
            numbers.append(Number(single.last, single.last, 1.0))
            at = single.last + 1
            continue
        number: Number | None
        if tokens[at].kind == "num":
            number = digits_at(text, tokens, at, decimal, taken)
        elif is_han(tokens[at].text):
            run = composed(at, words, multipliers, units)
            number = Number(at, *run) if run else None
            at = max(at, skipped(at, words) if number is None else at)
        else:
            number = words_at(tokens, at, words)
        if number is None:
            at += 1
            continue
        number = multiplied(number, multipliers, addends)
        numbers.append(number)
        at = number.last + 1
    return numbers


def skipped(at: int, words: dict[int, Match]) -> int:
    return words[at].last if at in words else at


def digits_at(text: str, tokens: Sequence[Token], at: int, decimal: str, taken: Sequence[bool]) -> Number:
    last = at
    joined = tokens[at].text
    while (
        last + 1 < len(tokens)
        and tokens[last + 1].kind == "num"
        and not taken[last + 1]
        and text[tokens[last].end : tokens[last + 1].start] in (" ", "\u00a0", "\u202f")
        and len(tokens[last + 1].text.replace(",", ".").split(".")[0]) == 3
        and 1 <= len(joined.split("\u00a0")[-1]) <= 3
        and "." not in joined
    ):
        last += 1
        joined += "\u00a0" + tokens[last].text
    head, _, tail = joined.rpartition("\u00a0")
    if head:
        value, places = parse_digits(tail, decimal)
        whole = "".join(c for c in head if c.isdigit())
        return Number(at, last, float(whole) * 1000 + value, places)
    value, places = parse_digits(joined, decimal)
    return Number(at, last, value, places)


def words_at(tokens: Sequence[Token], at: int, words: dict[int, Match]) -> Number | None:
    """Number words in a row: tens take units ("forty-five"), larger parts are added."""
    if at not in words:
        return None
    match = words[at]
    value, last = float(match.tag.value), match.last
    follows = last + 1
    if follows < len(tokens) and tokens[follows].text == "-":
        follows += 1
    nearest = words.get(follows)
    if nearest is not None and value >= 20 and value % 10 == 0 and 0 < float(nearest.tag.value) < 10:
        return Number(at, nearest.last, value + float(nearest.tag.value))
    return Number(at, last, value)


def multiplied(number: Number, multipliers: dict[int, Match], addends: dict[int, Match]) -> Number:
    value, last = number.value, number.last
    if last + 1 in addends:
        value, last = value + float(addends[last + 1].tag.value), addends[last + 1].last
    while last + 1 in multipliers:
        match = multipliers[last + 1]
        value *= float(match.tag.value)
        last = match.last
    return Number(number.first, last, value, number.places, value / number.value if number.value else 1.0)
