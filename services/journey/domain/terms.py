"""The terms that a message is found by among all messages: its words, numbers and identifiers, and where they stand.

An identifier, such as an order's number, is found as a whole, however it is joined (`LW-20931`, `lw20931`), and by each
of its parts. Chinese and Japanese, which put no blanks between words, are found by each two characters.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from unicodedata import normalize

MOST_TERMS = 128
"""Of one message; those with digits, which say most, are kept before words."""
MOST_WANTED = 16
LONGEST = 40
"""Characters of a term; what is longer is found by as many."""

UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
PART = re.compile(rf"(?:(?![{UNSPACED}])[^\W_])+")
TOKEN = re.compile(rf"(?P<unspaced>[{UNSPACED}]+)|{PART.pattern}(?:[-_/.#]{PART.pattern})*")
DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Code points from `start` to `end` (exclusive) of a text; `part`: of an identifier."""

    term: str
    start: int
    end: int
    part: bool = False


def terms_of(text: str) -> tuple[str, ...]:
    """Each once, at most `MOST_TERMS`."""
    found = dict.fromkeys(one.term for one in occurrences(normalize("NFKC", text)))
    return tuple(sorted(found, key=lambda term: DIGIT.search(term) is None)[:MOST_TERMS])


def wanted_in(query: str) -> tuple[str, ...]:
    """What a message must have to be found: identifiers as a whole. At most `MOST_WANTED`; nothing where there is no
    word of at least two characters."""
    found = dict.fromkeys(one.term for one in occurrences(normalize("NFKC", query)) if not one.part)
    return tuple(found)[:MOST_WANTED]


def places(text: str, wanted: Collection[str]) -> list[tuple[int, int]]:
    return [(one.start, one.end) for one in occurrences(text) if one.term in wanted]


def occurrences(text: str) -> Iterator[Occurrence]:
    for token in TOKEN.finditer(text):
        start, end = token.span()
        if token["unspaced"]:
            for at in range(start, max(end - 1, start + 1)):
                yield occurrence(text, at, min(at + 2, end))
            continue
        parts = list(PART.finditer(token[0]))
        is_identifier = len(parts) > 1 and DIGIT.search(token[0]) is not None
        if is_identifier:
            yield Occurrence(normal("".join(part[0] for part in parts)), start, end)
        for part in parts:
            if len(part[0]) > 1:
                yield occurrence(text, start + part.start(), start + part.end(), part=is_identifier)


def occurrence(text: str, start: int, end: int, *, part: bool = False) -> Occurrence:
    return Occurrence(normal(text[start:end]), start, end, part)


def normal(word: str) -> str:
    return normalize("NFKC", word).casefold()[:LONGEST]
