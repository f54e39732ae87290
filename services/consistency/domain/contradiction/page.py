"""A text on its way to claims: its tokens with everything that was found on them."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.consistency.domain.contradiction.claim import Claim, ClaimKind, Mode
from services.consistency.domain.contradiction.lexicon import Language, Lexicon
from services.consistency.domain.contradiction.phrases import Match
from services.consistency.domain.contradiction.tokens import Token

FAR = 99


@dataclass(slots=True)
class Page:
    """A text on its way to claims."""

    text: str
    language: Language
    lexicon: Lexicon
    tokens: list[Token]
    matches: list[Match]
    content: list[frozenset[str]]
    names: list[tuple[int, int, str]]
    refs: list[tuple[int, int, str]]
    modes: list[Mode]
    changed: list[bool]
    attributes: list[Match]

    def span(self, first: int, last: int) -> tuple[int, int]:
        return self.tokens[first].start, self.tokens[last].end

    def topic(self, sentence: int) -> frozenset[str]:
        return frozenset().union(*(c for t, c in zip(self.tokens, self.content, strict=True) if t.sentence == sentence))

    def near(self, first: int, last: int) -> frozenset[str]:
        clauses = {self.tokens[first].clause, self.tokens[last].clause}
        found = [c for t, c in zip(self.tokens, self.content, strict=True) if t.clause in clauses]
        return frozenset().union(*found)


def claim(page: Page, kind: ClaimKind, dimension: str, first: int, last: int) -> Claim:
    """The bare claim of tokens `first` to `last`: where it stands, how it is said, what it speaks of."""
    start, end = page.span(first, last)
    token = page.tokens[first]
    sentence = token.sentence
    local = {n for a, b, n in page.names if page.tokens[a].sentence == sentence}
    clause = {n for a, b, n in page.names if page.tokens[a].clause == token.clause}
    low, high = page.tokens[first].start, page.tokens[last].end
    spans = sentence_bounds(page, sentence)
    return Claim(
        kind=kind,
        dimension=dimension,
        start=start,
        end=end,
        sentence=sentence,
        mode=page.modes[sentence],
        changed=page.changed[sentence],
        conditions=frozenset(
            m.tag.name for m in page.matches if m.tag.kind == "condition" and page.tokens[m.first].sentence == sentence
        ),
        topic=page.topic(sentence),
        near=page.near(first, last),
        names=frozenset(clause or local),
        refs=frozenset(ref for a, b, ref in page.refs if spans[0] <= a < spans[1]),
        text=page.text[low:high],
    )


def sentence_bounds(page: Page, sentence: int) -> tuple[int, int]:
    inside = [t for t in page.tokens if t.sentence == sentence]
    return inside[0].start, inside[-1].end


def attribute_of(page: Page, first: int, last: int, family: str, places: Sequence[tuple[int, int]]) -> str:
    """The attribute named nearest in the sentence that takes values of this family; "" where none is."""
    sentence, clause = page.tokens[first].sentence, page.tokens[first].clause
    best, chosen = float(FAR), ""
    for match in page.attributes:
        back = sentence - page.tokens[match.first].sentence
        if back not in (0, 1) or (back == 1 and page.tokens[match.first].clause < clause - 2):
            continue
        if family not in page.lexicon.attributes[match.tag.name]["takes"]:
            continue
        if match.last < first:
            distance, between = first - match.last, (match.last, first)
        elif match.first > last:
            distance, between = match.first - last, (last, match.first)
        else:
            distance, between = 0, (first, last)
        cost = distance + 3.0 * abs(page.tokens[match.first].clause - clause) + 12.0 * back
        cost += 5.0 * sum(between[0] < a and b < between[1] for a, b in places)
        cost -= float(page.lexicon.attributes[match.tag.name].get("pull", 0))
        if cost < best:
            best, chosen = cost, match.tag.name
    return chosen


def overlaps(token: Token, spans: Sequence[tuple[int, int]]) -> bool:
    return any(a < token.end and token.start < b for a, b in spans)
