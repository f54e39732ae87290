"""Does a message state an embargoed matter? Sentence by sentence: what it tells, of what, and in which manner."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from services.consistency.domain.comparer.comparer import Comparer
from services.consistency.domain.comparer.rendering import rendered_matter
from services.consistency.domain.embargo.matter import Matter, matter_of
from services.consistency.domain.embargo.signs import Signs, signs_in
from services.consistency.domain.embargo.telling import Telling
from services.consistency.domain.embargo.words import EmbargoWords, default_words
from services.consistency.domain.similarity import best_encoder
from services.consistency.domain.wording import Token, tokens_of
from shared.events import Embargo, Message

REMEMBERED = 20_000


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


def statement_reader(words: EmbargoWords, telling: Telling | None, comparer: Comparer | None = None) -> States:
    """Without `telling` (no sentence encoder) words alone decide; `comparer` finds what is told in other words."""
    read = lru_cache(maxsize=REMEMBERED)(lambda text: windows(sentences_of(text, words)))
    matters = lru_cache(maxsize=REMEMBERED)(lambda text, terms: matter_of(text, terms, words))

    @lru_cache(maxsize=REMEMBERED)
    def states(text: str, title: str, matter_text: str, terms: tuple[str, ...]) -> Statement | None:
        matter = matters(matter_text, terms)
        found = [judge(sentence, matter, words, telling, text) for sentence in read(text)]
        best = max(filter(None, found), key=lambda statement: statement.confidence, default=None)
        if best is not None:
            return best
        for sentence in read(title):
            heading = judge(sentence, matter, words, telling, title)
            if heading:
                return Statement((), f"{heading.ground}, in the title", heading.confidence)
        return None if comparer is None else otherwise(text, matter_text, terms, read(text), words, comparer)

    return lambda embargo, message: states(message.text, message.title or "", embargo.matter, embargo.terms)


def otherwise(
    text: str,
    matter: str,
    terms: tuple[str, ...],
    sentences: Sequence[Sentence],
    words: EmbargoWords,
    comparer: Comparer,
) -> Statement | None:
    """The statement that the comparer sees where words show none; asked only of what asserts something."""
    if not sentences:
        return None
    if comparer.verdicts([rendered_matter(matter, terms, text)])[0].same < words.same:
        return None
    places = [(sentence.tokens[0].start, sentence.tokens[-1].end) for sentence in sentences]
    verdicts = comparer.verdicts([rendered_matter(matter, terms, text[start:end]) for start, end in places])
    best = max(range(len(places)), key=lambda at: verdicts[at].same)
    return Statement((places[best],), words.grounds["same"], round(max(verdicts[best].same, words.same), 2))


@lru_cache(maxsize=1)
def default_telling() -> Telling | None:
    encoder = best_encoder()
    return Telling(encoder.vector) if encoder else None


@lru_cache(maxsize=1)
def default_states() -> States:
    """By words and nearness in meaning alone."""
    return statement_reader(default_words(), default_telling())


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


def judge(
    sentence: Sentence, matter: Matter, words: EmbargoWords, telling: Telling | None, text: str
) -> Statement | None:
    found = evidence(sentence, matter, words, telling, text)
    if found is None:
        return None
    weights = words.weights["meaning" if telling else "words"]
    shares = {sign: weights.get(sign, 0.0) * value for sign, value in found.values.items()}
    score = weights["start"] + sum(shares.values())
    if score < words.threshold:
        return None
    place = (sentence.tokens[found.first].start, sentence.tokens[found.last].end)
    strongest = sorted((sign for sign in shares if shares[sign] > 0), key=lambda sign: -shares[sign])[:2]
    confidence = 1 / (1 + math.exp(-score))
    return Statement((place,), " and ".join(words.grounds[sign] for sign in strongest), round(confidence, 2))


def evidence(
    sentence: Sentence, matter: Matter, words: EmbargoWords, telling: Telling | None, text: str
) -> Signs | None:
    """The signs of a sentence, or None where it has none in its words, so that most are never encoded."""
    found = signs_in(sentence.tokens, matter, words)
    if found is None and sentence.told:
        found = Signs(0, len(sentence.tokens) - 1, {})
    if found is None:
        return None
    found.values["told"] = float(sentence.told)
    found.values["published"] = float(sentence.published)
    if telling:
        start, end = sentence.tokens[0].start, sentence.tokens[-1].end
        found.values.update(telling.signs(text[start:end], matter))
    return found
