"""Patterns of words as the data files write them, found in a text.

A pattern is words in order, compared by their stems; `a/b` is either, `(a)` may be missing, `*` stands for up to
three words of the same sentence, `#` for a number, `=word` for exactly this form. Chinese is compared character by
character. One text may mix languages: each word is stemmed by its letters.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import snowballstemmer

GAP = 3
TOKEN = re.compile(
    r"(?P<number>\d+(?:[.,\u00a0\u202f ]\d{3}(?!\d)|[.,]\d+)*)"
    r"|(?P<han>[\u3400-\u9fff])"
    r"|(?P<word>[^\W\d_\u3400-\u9fff]+(?:['’][^\W\d_]+)*)"
    r"|(?P<mark>[^\w\s]|\n)"
)
SENTENCE_ENDS = frozenset(".!?。！？\n")
ENGLISH = snowballstemmer.stemmer("english")
RUSSIAN = snowballstemmer.stemmer("russian")


@dataclass(frozen=True, slots=True)
class Token:
    """`start` to `end` are code points of the text; `stem` is what patterns are compared with."""

    start: int
    end: int
    text: str
    stem: str
    kind: str


@lru_cache(maxsize=100_000)
def stem_of(word: str) -> str:
    lower = word.lower().replace("’", "'").replace("ё", "е")
    if "а" <= lower[0] <= "я":
        return str(RUSSIAN.stemWord(lower))
    return str(ENGLISH.stemWord(lower))


def tokens_of(text: str) -> list[Token]:
    """Words, numbers (without the separators of thousands) and single marks, in order."""
    return [
        Token(
            match.start(), match.end(), match.group(), normal(match.group(), str(match.lastgroup)), str(match.lastgroup)
        )
        for match in TOKEN.finditer(text)
    ]


def normal(raw: str, kind: str) -> str:
    if kind == "word":
        return stem_of(raw)
    if kind == "number":
        return re.sub(r"[,\u00a0\u202f .](?=\d{3}(?!\d))", "", raw).replace(",", ".")
    return raw


@dataclass(frozen=True, slots=True)
class Found:
    """Tokens `first` to `last` (exclusive) are what the pattern says."""

    first: int
    last: int


class Wording:
    """A set of patterns, looked for together."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._starts: dict[str, list[tuple[str, ...]]] = {}
        for pattern in patterns:
            for steps in readings(pattern):
                self._starts.setdefault(steps[0], []).append(steps)

    def find(self, tokens: Sequence[Token]) -> Iterator[Found]:
        """Every place where a pattern stands, in order of its first token."""
        for first, token in enumerate(tokens):
            for key in (token.stem, "#" if token.kind == "number" else f"={token.text.lower()}"):
                for steps in self._starts.get(key, ()):
                    last = match(steps, tokens, first)
                    if last is not None:
                        yield Found(first, last)

    def first(self, tokens: Sequence[Token]) -> Found | None:
        return next(self.find(tokens), None)


def readings(pattern: str) -> list[tuple[str, ...]]:
    """What a pattern stands for: sequences of stems, `#` and `*`; raises `ValueError` for one that cannot begin."""
    choices: list[list[tuple[str, ...]]] = []
    for element in pattern.split():
        optional = element.startswith("(") and element.endswith(")")
        inner = element[1:-1] if optional else element
        words = inner.split("/") if len(inner) > 1 else [inner]
        options = [steps_of(word) for word in words]
        choices.append([(), *options] if optional else options)
    sequences = [tuple(step for part in combination for step in part) for combination in product(*choices)]
    if not sequences or any(not steps or steps[0] == "*" for steps in sequences):
        raise ValueError(f"the pattern {pattern!r} has no first word")
    return sequences


def steps_of(word: str) -> tuple[str, ...]:
    if word in ("*", "#"):
        return (word,)
    if len(word) > 1 and word[0] == "=":
        return (word.lower(),)
    return tuple(token.stem for token in tokens_of(word))


def fits(step: str, token: Token) -> bool:
    if step == "#":
        return token.kind == "number"
    return token.stem == step or (step[0] == "=" and len(step) > 1 and token.text.lower() == step[1:])


def match(steps: Sequence[str], tokens: Sequence[Token], at: int) -> int | None:
    """Where the steps end if they begin at token `at`, or None."""
    for index, step in enumerate(steps):
        if step == "*":
            return match_after_gap(steps[index + 1 :], tokens, at)
        if at >= len(tokens) or not fits(step, tokens[at]):
            return None
        at += 1
    return at


def match_after_gap(steps: Sequence[str], tokens: Sequence[Token], at: int) -> int | None:
    for skipped in range(GAP + 1):
        last = match(steps, tokens, at + skipped)
        if last is not None:
            return last
        if at + skipped >= len(tokens) or tokens[at + skipped].text in SENTENCE_ENDS:
            return None
    return None
