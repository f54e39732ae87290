"""Patterns of words, as the data files write them, matched in one pass over the tokens.

A pattern is words in order, each compared by its stem. `a/b` is either, `(a)` may be missing, `*` stands for
up to three words (or six characters of a script without blanks) of the same sentence,
`#` for a number, `=word` for exactly this form, `word~` for every word that begins so, which inflected languages
need where stems differ by form ("доставк~").
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

from services.consistency.domain.contradiction.tokens import Speller, Token, is_han, tokenise

GAP = 3
PREFIX = 2
KEPT = 200_000


@dataclass(frozen=True, slots=True)
class Tag:
    """What a pattern stands for: of `kind` (concept, axis, unit, cue...) the entry `name`, and its `value`."""

    kind: str
    name: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """Tokens `first` to `last` (inclusive) carry `tag`."""

    tag: Tag
    first: int
    last: int


@dataclass(slots=True)
class Node:
    steps: dict[str, "Node"] = field(default_factory=dict)
    gap: "Node | None" = None
    tags: list[Tag] = field(default_factory=list)


class Phrases:
    """A trie of patterns; `find` answers every match, of which the longest of a kind is kept."""

    def __init__(self, speller: Speller) -> None:
        self._speller = speller
        self._root = Node()
        self._prefixes: set[str] = set()
        self._keys: dict[tuple[str, str], tuple[str, ...]] = {}

    def add(self, pattern: str, tag: Tag) -> None:
        for path in self._paths(pattern):
            if not path or path == ["*"]:
                raise ValueError(f"the pattern {pattern!r} of {tag.kind} {tag.name} is empty")
            node = self._root
            for step in path:
                if step == "*":
                    node.gap = node.gap or Node()
                    node = node.gap
                else:
                    node = node.steps.setdefault(step, Node())
            if tag not in node.tags:
                node.tags.append(tag)

    def _paths(self, pattern: str) -> Iterable[list[str]]:
        choices = [self._choices(element) for element in pattern.split()]
        for combination in product(*choices):
            yield [step for sequence in combination for step in sequence]

    def _choices(self, element: str) -> list[list[str]]:
        if element in ("*", "#"):
            return [[element]]
        if element.startswith("(") and element.endswith(")"):
            return [[], *self._choices(element[1:-1])]
        return [self._words(word) for word in (element.split("/") if len(element) > 1 else [element])]

    def _words(self, word: str) -> list[str]:
        if len(word) > 1 and word[0] == "=":
            return [f"={word[1:].lower()}"]
        if len(word) > PREFIX and word[-1] == "~":
            self._prefixes.add(word.lower())
            return [word.lower()]
        if "-" in word and len(word) > 1:
            return [token.norm for token in tokenise(word, self._speller) if token.kind != "mark" or token.text == "-"]
        return [token.norm for token in tokenise(word, self._speller)]

    def find(self, tokens: Sequence[Token]) -> list[Match]:
        found: list[Match] = []
        root = self._root.steps
        keys = [self._keys_of(token) for token in tokens]
        for first, token in enumerate(tokens):
            for key in keys[first]:
                if key in root:
                    self._walk(root[key], tokens, keys, first, first + 1, token.sentence, found)
        return found

    def _keys_of(self, token: Token) -> tuple[str, ...]:
        """All steps of patterns that the token takes; kept by word, for texts repeat their words."""
        known = self._keys.get((token.text, token.norm))
        if known is not None:
            return known
        text = token.text
        found = [token.norm, "=" + text]
        if token.kind == "num":
            found.append("#")
        elif self._prefixes:
            starts = (text[:end] + "~" for end in range(PREFIX, len(text) + 1))
            found.extend(start for start in starts if start in self._prefixes)
        if len(self._keys) >= KEPT:
            self._keys.clear()
        self._keys[(token.text, token.norm)] = tuple(found)
        return self._keys[(token.text, token.norm)]

    def _walk(
        self,
        node: Node,
        tokens: Sequence[Token],
        keys: Sequence[tuple[str, ...]],
        first: int,
        at: int,
        sentence: int,
        found: list[Match],
    ) -> None:
        if node.tags:
            found.extend(Match(tag, first, at - 1) for tag in node.tags)
        if at >= len(tokens) or tokens[at].sentence != sentence:
            return
        if node.steps:
            for key in keys[at]:
                following = node.steps.get(key)
                if following is not None:
                    self._walk(following, tokens, keys, first, at + 1, sentence, found)
        if node.gap is not None:
            widest = GAP * 2 if is_han(tokens[at].text) else GAP
            for skip in range(widest + 1):
                if at + skip < len(tokens) and tokens[at + skip].sentence == sentence:
                    self._walk(node.gap, tokens, keys, first, at + skip, sentence, found)


def longest(matches: Iterable[Match]) -> list[Match]:
    """Without those that lie inside a longer one of the same kind, in order of place."""
    ordered = sorted(set(matches), key=lambda m: (m.tag.kind, m.first - m.last, m.first, m.tag.name, m.tag.value))
    kept: list[Match] = []
    covered: dict[str, list[tuple[int, int]]] = {}
    for match in ordered:
        spans = covered.setdefault(match.tag.kind, [])
        inside = any(a <= match.first and match.last <= b and (a, b) != (match.first, match.last) for a, b in spans)
        if not inside:
            kept.append(match)
            spans.append((match.first, match.last))
    return sorted(kept, key=lambda m: (m.first, m.last))
