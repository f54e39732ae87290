"""A text on its way to claims: its tokens with everything that was found on them."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.consistency.domain.contradiction.claim import Claim, ClaimKind, Mode
from services.consistency.domain.contradiction.lexicon import Language, Lexicon
from services.consistency.domain.contradiction.phrases import Match
from services.consistency.domain.contradiction.tokens import Token

FAR = 99
NEAR = 14  # characters


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
    phones: list[tuple[int, int]]
    modes: list[Mode]
    changed: list[bool]
    attributes: list[Match]
    topics: dict[int, set[str]] = field(default_factory=dict)
    clauses: dict[int, set[str]] = field(default_factory=dict)
    inside: dict[int, set[int]] = field(default_factory=dict)

    def span(self, first: int, last: int) -> tuple[int, int]:
        return self.tokens[first].start, self.tokens[last].end

    def increments(self, first: int, last: int) -> bool:
        """ "Two seats were added": what is added to a number is no statement of the number."""
        return any(
            m.tag.kind == "cue" and m.tag.name == "increment" and (0 <= first - m.last <= 2 or 0 <= m.first - last <= 3)
            for m in self.matches
        )

    def __post_init__(self) -> None:
        for token, content in zip(self.tokens, self.content, strict=True):
            self.topics.setdefault(token.sentence, set()).update(content)
            self.clauses.setdefault(token.clause, set()).update(content)
            self.inside.setdefault(token.sentence, set()).add(token.clause)

    def topic(self, sentence: int) -> frozenset[str]:
        return frozenset(self.topics.get(sentence, ()))

    def near(self, first: int, last: int) -> frozenset[str]:
        clauses = {self.tokens[first].clause, self.tokens[last].clause}
        if self.language.short_clauses:
            clauses |= {min(clauses) - 1, max(clauses) + 1}
            clauses &= self.inside[self.tokens[first].sentence]
        whole = frozenset().union(*(self.clauses.get(clause, ()) for clause in clauses))
        said: frozenset[str] = frozenset().union(*self.content[first : last + 1])
        return whole if whole - said else whole | self.before(first)

    def before(self, first: int) -> frozenset[str]:
        """Of a clause that holds the value alone ("Porcelain crown, upper left: £640") what stands before it."""
        clause, sentence = self.tokens[first].clause, self.tokens[first].sentence
        back = self.inside[sentence] & {clause - 1, clause - 2}
        return frozenset().union(*(self.clauses[at] for at in back))

    def pairs(self, first: int, last: int) -> frozenset[tuple[str, str]]:
        """Content words of the clause that stand side by side: "side table", "exit fee"."""
        clauses = {self.tokens[first].clause, self.tokens[last].clause}
        start = end = first
        while start and self.tokens[start - 1].clause in clauses:
            start -= 1
        while end + 1 < len(self.tokens) and self.tokens[end + 1].clause in clauses:
            end += 1
        return frozenset(
            (self.tokens[at].norm, self.tokens[at + 1].norm)
            for at in range(start, end)
            if self.content[at] and self.content[at + 1] and self.tokens[at].clause == self.tokens[at + 1].clause
        )


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
        conditions=conditions(page, token),
        topic=page.topic(sentence),
        near=page.near(first, last),
        words=frozenset().union(*page.content[first : last + 1]),
        pairs=page.pairs(first, last),
        names=frozenset(clause or local),
        called=frozenset(local),
        variants=quoted(page, token),
        refs=frozenset(ref for a, b, ref in page.refs if spans[0] <= a < spans[1]),
        text=page.text[low:high],
    )


def conditions(page: Page, token: Token) -> frozenset[str]:
    """Those of the sentence; where the script writes long sentences, of the clause if it has any."""
    found = [m for m in page.matches if m.tag.kind == "condition" and page.tokens[m.first].sentence == token.sentence]
    near = [m for m in found if page.tokens[m.first].clause == token.clause]
    return frozenset(m.tag.name for m in (near if near and page.language.short_clauses else found))


def quoted(page: Page, token: Token) -> frozenset[str]:
    """Names in guillemets, and of branches ("the shop in X"), of the clause or else of the sentence."""
    sites = {m.last + 1 for m in page.matches if m.tag.kind == "cue" and m.tag.name == "site"}
    found = [(a, n) for a, _, n in page.names if a in sites or (a and page.tokens[a - 1].text == "«")]
    here = {n for a, n in found if page.tokens[a].clause == token.clause}
    here = here or {n for a, n in found if page.tokens[a].sentence == token.sentence}
    before = {n for a, n in found if page.tokens[a].sentence == token.sentence - 1}
    return frozenset(here or (before if len(before) == 1 else ()))


def sentence_bounds(page: Page, sentence: int) -> tuple[int, int]:
    inside = [t for t in page.tokens if t.sentence == sentence]
    return inside[0].start, inside[-1].end


def attribute_of(
    page: Page, first: int, last: int, family: str, places: Sequence[tuple[int, int]], back_to: int = 1
) -> str:
    """The attribute named nearest in the sentence that takes values of this family; "" where none is."""
    sentence, clause = page.tokens[first].sentence, page.tokens[first].clause
    best, chosen = float(NEAR if page.language.short_clauses else FAR), ""
    for match in page.attributes:
        back = sentence - page.tokens[match.first].sentence
        if not 0 <= back <= back_to or (back == 1 and page.tokens[match.first].clause < clause - 2):
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


def overlapping(tokens: Sequence[Token], spans: Sequence[tuple[int, int]]) -> list[bool]:
    """For each token whether it lies, wholly or in part, in one of the spans."""
    found, starts = [False] * len(tokens), [token.start for token in tokens]
    for start, end in spans:
        at = max(bisect_right(starts, start) - 1, 0)
        while at < len(tokens) and starts[at] < end:
            found[at] = found[at] or start < tokens[at].end
            at += 1
    return found
