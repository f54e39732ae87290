"""An embargoed matter made comparable: what is to happen, and by which words its subject is known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.consistency.domain.embargo.words import EmbargoWords, Happening
from services.consistency.domain.wording import Token, tokens_of

NAME, WORD, PAIR = 2.0, 1.0, 0.75
"""What finding a name, another word of the matter, or two neighbouring Chinese characters of it weighs."""
LONG = 4
"""Digits of a number that hardly stands for something else."""
QUOTES = frozenset('«»„“”‘’"「」『』《》‹›')
YEARS = frozenset(str(year) for year in range(1990, 2100))

Stems = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Anchor:
    """Stems in a row by which the matter's subject is known. `code`: letters with digits; `bare`: a code without
    its digits, which counts only where the text speaks of the next of its kind."""

    stems: Stems
    weight: float
    code: bool = False
    bare: bool = False

    @property
    def name(self) -> bool:
        return self.weight >= NAME

    @property
    def number(self) -> bool:
        return self.stems[0][0].isdigit() and not self.code

    @property
    def word(self) -> bool:
        return not self.name and not self.number


@dataclass(frozen=True, slots=True)
class Matter:
    text: str
    terms: tuple[str, ...]
    happenings: tuple[Happening, ...]
    anchors: tuple[Anchor, ...]
    years: frozenset[str]

    @property
    def figure_only(self) -> bool:
        return bool(self.happenings) and all(happening.figure for happening in self.happenings)


def matter_of(text: str, terms: Sequence[str], words: EmbargoWords) -> Matter:
    parts = [tokens_of(text), *(tokens_of(term) for term in terms)]
    happenings = without_aspects([h for h in words.happenings if any(found_in(h, tokens) for tokens in parts)])
    anchors: dict[Stems, Anchor] = {}
    for number, tokens in enumerate(parts):
        for anchor in anchors_in(tokens, number > 0, happenings, words):
            known = anchors.get(anchor.stems)
            if known is None or known.weight < anchor.weight:
                anchors[anchor.stems] = anchor
    kept = without_actor(tuple(anchors.values()), parts[0], words)
    years = frozenset(token.stem for tokens in parts for token in tokens if token.stem in YEARS)
    return Matter(text, tuple(terms), happenings, kept, years)


def without_aspects(happenings: Sequence[Happening]) -> tuple[Happening, ...]:
    """A price belongs to a launch, but in "price increase" the increase is what must not be told."""
    told = {happening.name for happening in happenings}
    return tuple(h for h in happenings if h.only_with is None or told <= {h.name, *h.only_with})


def found_in(happening: Happening, tokens: Sequence[Token]) -> set[int]:
    """The tokens that tell the happening, without those in everyday use."""
    everyday = {at for found in happening.but_not.find(tokens) for at in range(found.first, found.last)}
    return {
        at
        for found in happening.words.find(tokens)
        if not everyday & set(range(found.first, found.last))
        for at in range(found.first, found.last)
    }


def anchors_in(
    tokens: Sequence[Token], term: bool, happenings: Sequence[Happening], words: EmbargoWords
) -> Iterator[Anchor]:
    """`term`: the tokens are one of the words that give the matter away, not its description."""
    telling = {at for happening in happenings for at in found_in(happening, tokens)}
    yield from han_anchors(tokens, term, telling, words)
    used: set[int] = set()
    for at in range(len(tokens)):
        code = code_at(tokens, at, words)
        if code:
            used.update(range(at, at + len(code)))
            named = any(t.kind == "word" and t.text[0].isupper() for t in tokens[at : at + len(code)])
            glued = tokens[at].end == tokens[at + 1].start
            yield Anchor(tuple(t.stem for t in code), NAME if named or glued else WORD, code=True)
            if named and len(tokens[at].text) > 2:
                yield Anchor((tokens[at].stem,), NAME, bare=True)
    for at, token in enumerate(tokens):
        if at in used or at in telling:
            continue
        if token.kind == "word" and token.stem not in words.generic and len(token.text) > 1:
            yield Anchor((token.stem,), NAME if is_name(tokens, at, term) else WORD)
        elif token.kind == "number" and term and token.stem not in YEARS and not dated(tokens, at, words):
            yield Anchor((token.stem,), NAME if len(token.stem) >= LONG else WORD)


def code_at(tokens: Sequence[Token], at: int, words: EmbargoWords) -> Sequence[Token]:
    """Tokens that make one code from `at` on: "KX-20", "v3", "32TOPS", "Nimbus 5"; empty if there is none."""
    run = tokens[at : at + 3]
    kinds = [token.kind for token in run]
    if kinds[:2] == ["word", "number"] and run[0].stem not in words.generic and run[1].stem not in YEARS:
        return run[:2]
    if kinds == ["word", "mark", "number"] and run[1].text in "-–" and run[1].end == run[2].start:
        return run
    if kinds[:2] == ["number", "word"] and run[0].end == run[1].start:
        return run[:2]
    return ()


def is_name(tokens: Sequence[Token], at: int, term: bool) -> bool:
    token = tokens[at]
    quoted = any(t.text in QUOTES for t in tokens[:at]) and any(t.text in QUOTES for t in tokens[at + 1 :])
    if quoted or (token.text[0].isupper() and (term or at > 0)):
        return True
    return token.text[0].isupper() and at + 1 < len(tokens) and tokens[at + 1].text[0].isupper()


def dated(tokens: Sequence[Token], at: int, words: EmbargoWords) -> bool:
    return words.manners["months"].first(tokens[at + 1 : at + 2]) is not None


def han_anchors(tokens: Sequence[Token], term: bool, telling: set[int], words: EmbargoWords) -> Iterator[Anchor]:
    """Chinese has no spaces: a giveaway term is a name, a description goes by pairs of characters."""
    for run in han_runs(tokens, telling, words):
        if term or quoted_run(tokens, run):
            yield Anchor(tuple(tokens[at].stem for at in run), NAME)
        else:
            for left, right in pairwise(run):
                yield Anchor((tokens[left].stem, tokens[right].stem), PAIR)


def han_runs(tokens: Sequence[Token], telling: set[int], words: EmbargoWords) -> list[list[int]]:
    text = "".join(token.text if token.kind == "han" else "\n" for token in tokens)
    # A mark or a Latin word is one place in `text` as it is one token, so places are indices of tokens.
    dropped = {at for at, token in enumerate(tokens) if token.kind != "han"} | telling
    for word in words.generic_han:
        at = text.find(word)
        while at >= 0:
            dropped.update(range(at, at + len(word)))
            at = text.find(word, at + 1)
    runs: list[list[int]] = [[]]
    for at in range(len(tokens)):
        if at in dropped:
            runs.append([])
        else:
            runs[-1].append(at)
    return [run for run in runs if len(run) > 1]


def quoted_run(tokens: Sequence[Token], run: Sequence[int]) -> bool:
    before, after = run[0] - 1, run[-1] + 1
    return before >= 0 and after < len(tokens) and tokens[before].text in QUOTES and tokens[after].text in QUOTES


def without_actor(anchors: tuple[Anchor, ...], tokens: Sequence[Token], words: EmbargoWords) -> tuple[Anchor, ...]:
    """Who acts ("by Harrow Vale Bank") is most often the company itself, whose name says nothing."""
    actor = words.manners["actor"].first(tokens)
    if actor is None:
        return anchors
    behind = {token.stem for token in tokens[actor.last :]}
    kept = tuple(anchor for anchor in anchors if not (anchor.name and set(anchor.stems) <= behind))
    return kept if any(anchor.name for anchor in kept) else anchors
