"""Does a message state an embargoed matter? Sentence by sentence: what it tells, of what, and in which manner."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from services.consistency.domain.embargo.matter import NAME, PAIR, YEARS, Anchor, Matter, found_in, matter_of
from services.consistency.domain.embargo.words import EmbargoWords, default_words
from services.consistency.domain.similarity import Similarity, best_similarity
from services.consistency.domain.wording import Token, tokens_of
from shared.events import Embargo, Message

REMEMBERED = 20_000
LEAST = 0.4
"""The same for what is told in other words altogether, where many signs point to it."""
WEIGHED = ("figure", "future", "advice", "own", "everyday")
LESS = 0.7
"""Of the nearness in meaning that is asked for where no word is shared: what shared words leave to ask for."""


@dataclass(frozen=True, slots=True)
class Statement:
    """`places` are code points of the text; `ground` says in two or three words what decided."""

    places: tuple[tuple[int, int], ...]
    ground: str
    confidence: float


States = Callable[[Embargo, Message], Statement | None]


@dataclass(frozen=True, slots=True)
class Sentence:
    """Tokens that assert something, and what manner they are said in. `told`: in confidence, here or just before."""

    tokens: tuple[Token, ...]
    follows_on: bool = False
    told: bool = False
    published: bool = False


@dataclass(slots=True)
class Evidence:
    """What of a matter a sentence holds; `seen` are indices of its tokens."""

    happenings: int = 0
    strong: bool = False
    anchors: list[Anchor] = field(default_factory=list)
    figure: bool = False
    own: bool = False
    period: bool = False
    year: bool = False
    other_year: bool = False
    manners: frozenset[str] = frozenset()
    seen: set[int] = field(default_factory=set)

    @property
    def name(self) -> bool:
        return any(anchor.name for anchor in self.anchors)

    @property
    def code(self) -> bool:
        return any(anchor.name and anchor.code for anchor in self.anchors)

    @property
    def weight(self) -> float:
        return sum(anchor.weight for anchor in self.anchors)

    @property
    def content(self) -> float:
        return sum(anchor.weight for anchor in self.anchors if anchor.word)


def statement_reader(words: EmbargoWords, similarity: Similarity) -> States:
    read = lru_cache(maxsize=REMEMBERED)(lambda text: sentences_of(text, words))
    matters = lru_cache(maxsize=REMEMBERED)(lambda text, terms: matter_of(text, terms, words))

    @lru_cache(maxsize=REMEMBERED)
    def states(text: str, title: str, matter_text: str, terms: tuple[str, ...]) -> Statement | None:
        matter = matters(matter_text, terms)
        for sentence in windows(read(text)):
            found = judge(sentence, matter, words, similarity, text)
            if found:
                return found
        for sentence in read(title):
            found = judge(sentence, matter, words, similarity, title)
            if found:
                return Statement((), f"{found.ground}, in the title", found.confidence)
        return None

    return lambda embargo, message: states(message.text, message.title or "", embargo.matter, embargo.terms)


@lru_cache(maxsize=1)
def default_states() -> States:
    return statement_reader(default_words(), best_similarity())


def windows(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Each sentence, and after them each one joined with a next that goes on about the same ("It ...")."""
    joined = [
        Sentence(first.tokens + second.tokens, told=first.told or second.told, published=first.published)
        for first, second in pairwise(sentences)
        if second.follows_on
    ]
    return [*sentences, *joined]


def sentences_of(text: str, words: EmbargoWords) -> tuple[Sentence, ...]:
    """The sentences that assert; questions, denials, suppositions and refusals to say are left out."""
    kept: list[Sentence] = []
    told_before = False
    for tokens in clauses(tokens_of(text), words):
        told = is_said(tokens, "secret", words)
        if is_asserted(tokens, words, told):
            kept.append(
                Sentence(
                    tuple(tokens),
                    follows_on=any(found.first == 0 for found in words.manners["continuation"].find(tokens[:3])),
                    told=told or told_before,
                    published=is_said(tokens, "publication", words),
                )
            )
        elif told and kept:
            kept[-1] = Sentence(kept[-1].tokens, kept[-1].follows_on, True, kept[-1].published)
        told_before = told
    return tuple(kept)


def is_said(tokens: Sequence[Token], manner: str, words: EmbargoWords) -> bool:
    return words.manners[manner].first(tokens) is not None


def is_asserted(tokens: Sequence[Token], words: EmbargoWords, told: bool) -> bool:
    if any(is_said(tokens, manner, words) for manner in ("silence", "denial", "hypothesis")):
        return False
    asked = bool(tokens) and tokens[-1].text in "?？"
    return bool(tokens) and (not asked or told or is_said(tokens, "telling_question", words))


def clauses(tokens: Sequence[Token], words: EmbargoWords) -> list[list[Token]]:
    """Sentences, cut once more where a word like "but" turns them."""
    turns = {found.first for found in words.manners["contrast"].find(tokens)}
    parts: list[list[Token]] = [[]]
    for at, token in enumerate(tokens):
        if at in turns:
            parts.append([])
        parts[-1].append(token)
        if ends_sentence(tokens, at):
            parts.append([])
    return [part for part in parts if part]


def ends_sentence(tokens: Sequence[Token], at: int) -> bool:
    token = tokens[at]
    if token.text in "!?。！？\n；;":
        return True
    return token.text == "." and (at + 1 == len(tokens) or tokens[at + 1].start > token.end)


def gather(tokens: Sequence[Token], matter: Matter, words: EmbargoWords) -> Evidence:
    evidence = Evidence()
    for happening in matter.happenings:
        seen = found_in(happening, tokens)
        evidence.happenings += len(seen)
        evidence.seen |= seen
        evidence.strong |= happening.strong.first(tokens) is not None
    stems = [token.stem for token in tokens]
    for anchor in matter.anchors:
        at = place_of(anchor, tokens, stems, words)
        if at is not None:
            evidence.anchors.append(anchor)
            evidence.seen.update(range(at, at + len(anchor.stems)))
    evidence.figure = words.manners["figure"].first(tokens) is not None
    evidence.own = words.manners["own"].first(tokens) is not None
    evidence.period = words.manners["period"].first(tokens) is not None
    years = {stem for stem in stems if stem in YEARS}
    evidence.manners = frozenset(m for m in WEIGHED if words.manners[m].first(tokens) is not None)
    evidence.year = bool(years & matter.years)
    evidence.other_year = bool(matter.years and years and not years & matter.years)
    return evidence


def place_of(anchor: Anchor, tokens: Sequence[Token], stems: Sequence[str], words: EmbargoWords) -> int | None:
    size = len(anchor.stems)
    for at in range(len(stems) - size + 1):
        if tuple(stems[at : at + size]) != anchor.stems:
            continue
        if not anchor.bare or words.manners["successor"].first(tokens[max(0, at - 3) : at]) is not None:
            return at
    return None


def judge(
    sentence: Sentence, matter: Matter, words: EmbargoWords, similarity: Similarity, text: str
) -> Statement | None:
    evidence = gather(sentence.tokens, matter, words)
    if not evidence.seen:
        return None
    if sentence.published and not (matter.figure_only and evidence.figure):
        return None

    def near(share: float = 1.0) -> bool:
        start, end = sentence.tokens[0].start, sentence.tokens[-1].end
        return similarity.between(matter.text, text[start:end]) >= share * words.nearness

    ground = verdict(sentence, evidence, matter, near)
    if ground is None and not evidence.other_year:
        ground = weighed(sentence, evidence, matter, words, near)
    if ground is None:
        return None
    seen = sorted(evidence.seen)
    place = (sentence.tokens[seen[0]].start, sentence.tokens[seen[-1]].end)
    return Statement((place,), *ground)


def verdict(
    sentence: Sentence, evidence: Evidence, matter: Matter, near: Callable[..., bool]
) -> tuple[str, float] | None:
    if evidence.other_year:
        return None
    if sentence.told and (evidence.name or (evidence.happenings and (evidence.content or near()))):
        return "told in confidence", 0.9
    if matter.figure_only:
        return figure_verdict(evidence, matter)
    if evidence.strong:
        return "said outright", 0.85
    if not matter.happenings:
        whole = len(evidence.anchors) == len([anchor for anchor in matter.anchors if not anchor.bare])
        return ("named in full", 0.7) if whole and (evidence.name or near()) else None
    if evidence.code and any(happening.code for happening in matter.happenings):
        return "named by its code", 0.75
    if not evidence.happenings:
        return None
    if evidence.name and "everyday" not in evidence.manners:
        return "told of the named subject", 0.9
    enough = evidence.content >= max(PAIR, matter.share * matter.content if matter.has_names else 0)
    if enough and (not matter.has_names or near(LESS)):
        return "told of the subject", 0.75
    return ("told in like words", 0.6) if evidence.content and near() else None


def weighed(
    sentence: Sentence, evidence: Evidence, matter: Matter, words: EmbargoWords, near: Callable[..., bool]
) -> tuple[str, float] | None:
    """What is told in other words: no single sign decides, together they do."""
    weights = words.weights
    share = min(evidence.happenings, 2) / 2
    if matter.figure_only:
        share = float(evidence.figure and bool(evidence.happenings or evidence.period))
    linked = bool(evidence.name or evidence.content)
    wide = all(happening.wide for happening in matter.happenings)
    score = weights["happening"] * share + weights["told"] * sentence.told
    score += weights["linked"] * (linked and evidence.happenings > 0)
    score += sum(weights[manner] for manner in evidence.manners)
    if share and score >= weights["threshold"] and (linked or (not wide and near(LEAST))):
        return "told in other words", 0.6
    return None


def figure_verdict(evidence: Evidence, matter: Matter) -> tuple[str, float] | None:
    """Results and dividends are known to come: stated is how they turned out."""
    if not evidence.figure:
        return None
    if any(happening.alone for happening in matter.happenings) and evidence.happenings:
        return "told how it turned out", 0.85
    said_of = evidence.weight + NAME * (evidence.period + evidence.year) / 2
    if evidence.happenings and (evidence.own or said_of):
        return "told how it turned out", 0.85
    return ("told how it turned out", 0.7) if evidence.weight and said_of >= NAME else None
