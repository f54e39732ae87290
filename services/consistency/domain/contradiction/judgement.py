"""Every two messages of a history, judged: what typed claims find, what the trained comparer says, and both together.

The rules know values, dates and statuses; the comparer knows wording. Each says how sure it is, and a few fitted
weights (`any/comparer.toml`) make one probability of it. Without a comparer the rules stand alone.
"""

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from services.consistency.domain.bounds import RULED
from services.consistency.domain.comparer.comparer import Comparer, Verdict
from services.consistency.domain.comparer.nearness import Nearness
from services.consistency.domain.comparer.rendering import (
    rendered,
    rendered_sentences,
    sentences,
    values,
    weight,
    written,
)
from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.lexicon import Lexicon
from services.consistency.domain.contradiction.message import Message
from services.consistency.domain.contradiction.pairing import Finding, clashes, compare_messages, same_value
from services.consistency.domain.contradiction.relatedness import OCCASION, Relatedness, other_period

STATEMENT = "statement"
"""The attribute of a conflict of which no typed claim says what it is about."""
KEPT = 50_000
LEAST, MOST = 1e-3, 0.97
QUOTED = 300
SAYS, UNLIKELY = 16, 0.3
"""A sentence of fewer letters ("Sorry!", a signature) is seldom what clashes, and its verdict counts for so much."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """`finding` is the rules' strongest clash whatever its strength, `change` one that the later message announces;
    `verdict` the comparer's, None where it was not asked; `left_out` that others were nearer to the later one; `least`
    from what probability on what the comparer sees is reported. What follows from these: `probability` that the two
    cannot both be relied on, whether that is `reported`, and whether a change is `announced`."""

    finding: Finding | None = None
    change: Finding | None = None
    verdict: Verdict | None = None
    left_out: bool = False
    least: float = 1.0
    probability: float = 0.0
    reported: bool = False
    announced: bool = False


NOTHING = Judgement()


class Key(NamedTuple):
    """All that the judgement of two messages depends on, whoever was told. Of the times only what it may depend on:
    `days` are those on which the two were sent, None where neither speaks of days."""

    earlier: str
    later: str
    left_out: bool
    same_thread: bool
    corrects: bool
    ran_out: bool
    far_apart: bool
    days: tuple[date, date] | None


@dataclass(frozen=True, slots=True)
class Row:
    """A message, and those before it that it is compared with, in order of time."""

    later: Message
    earlier: tuple[Message, ...]


class Judge:
    """Judges pairs of messages and keeps what it said, for a history is looked at again with every new message."""

    def __init__(
        self, lexicon: Lexicon, relatedness: Relatedness, nearness: Nearness, comparer: Comparer | None
    ) -> None:
        self._lexicon = lexicon
        self._relatedness = relatedness
        self._nearness = nearness
        self._comparer = comparer
        self._weights: Mapping[str, float] = lexicon.comparer
        self._known: OrderedDict[Key, Judgement] = OrderedDict()

    def judge(self, rows: Sequence[Row]) -> list[dict[str, Judgement]]:
        """For each row what was made of its pairs, by the earlier message's key; without those that far too many others
        are nearer to the later one than."""
        asked = [
            {row.earlier[at].key: (key_of(row.earlier[at], row.later, left_out), at) for at, left_out in places.items()}
            for row, places in ((row, self._chosen(row)) for row in rows)
        ]
        new = {
            key: (row.earlier[at], row.later)
            for row, places in zip(rows, asked, strict=True)
            for key, at in places.values()
            if key not in self._known
        }
        fresh = self._fresh(new)
        answers = [
            {name: fresh[key] if key in fresh else self._known[key] for name, (key, _) in places.items()}
            for places in asked
        ]
        self._known.update(fresh)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return answers

    def _chosen(self, row: Row) -> dict[int, bool]:
        """Places in `earlier` of those to judge, each with whether the comparer is left out: what a message costs does
        not grow with the customer's history. Those nearest in meaning are chosen, the newest where nothing is known of
        meaning."""
        most = self._asked(len(row.earlier))
        if len(row.earlier) <= most:
            return dict.fromkeys(range(len(row.earlier)), False)
        near = self._nearness.of(row.earlier, row.later)
        nearest = sorted(range(len(row.earlier)), key=lambda at: (-near[at], -at))
        asked = frozenset(nearest[:most])
        ruled = [at for at in nearest if not row.earlier[at].sorts.isdisjoint(row.later.sorts)][:RULED]
        return {at: at not in asked for at in (*asked, *ruled)}

    def _asked(self, earlier: int) -> int:
        """How many of so many messages the comparer is asked about; without one, an outside judge may be."""
        if self._comparer is None:
            return RULED
        return int(self._weights["most" if earlier <= RULED else "most_of_many"])

    def _fresh(self, new: Mapping[Key, tuple[Message, Message]]) -> dict[Key, Judgement]:
        found = {key: self._ruled(*pair, key.left_out) for key, pair in new.items()}
        if self._comparer is None:
            return {key: self._unaided(judged) for key, judged in found.items()}
        asked = {key: pair for key, pair in new.items() if not key.left_out and self._near(*pair)}
        texts = {key: rendered(*pair, self._lexicon, self._nearness) for key, pair in asked.items()}
        to_the_end = frozenset(
            texts[key] for key, pair in asked.items() if thorough(*pair, found[key].finding, self._weights["typed"])
        )
        verdicts = self._comparer.verdicts(list(texts.values()), to_the_end)
        said = {key: replace(found[key], verdict=verdict) for key, verdict in zip(texts, verdicts, strict=True)}
        return {
            key: self._concluded(said[key]) if key in said else self._unaided(judged) for key, judged in found.items()
        }

    def _ruled(self, earlier: Message, later: Message, left_out: bool) -> Judgement:
        """What the rules find, however weak."""
        finding, change = compare_messages(earlier, later, self._lexicon, self._relatedness, least=0.0)
        return Judgement(finding, change, None, left_out, max(map(self._threshold, (earlier, later))))

    def _unaided(self, ruled: Judgement) -> Judgement:
        """Where the comparer was not asked, what is too weak for the rules alone counts for nothing."""
        return self._concluded(ruled if self._certain(ruled) else replace(ruled, finding=None))

    def _concluded(self, judged: Judgement) -> Judgement:
        chance = self._probability(judged)
        certain = self._certain(judged)
        reported = certain or (judged.verdict is not None and chance >= judged.least)
        announced = judged.change is not None or (
            judged.verdict is not None and judged.verdict.change >= self._weights["change"]
        )
        return replace(judged, probability=chance, reported=reported, announced=announced)

    def _near(self, earlier: Message, later: Message) -> bool:
        """Worth asking about: not the same again, another period, or something else altogether."""
        if earlier.event.data.text == later.event.data.text or other_period(earlier, later) or agree(earlier, later):
            return False
        return self._nearness.of([earlier], later)[0] >= self._weights["near"]

    def _threshold(self, message: Message) -> float:
        return self._weights.get(f"threshold_{message.reading.language}", self._weights["threshold"])

    def _probability(self, judged: Judgement) -> float:
        strength = judged.finding.strength if judged.finding is not None else 0.0
        if judged.verdict is None:
            return strength
        both = probability(signs(strength, judged.verdict), self._weights)
        return max(strength, both) if self._certain(judged) else both

    def _certain(self, judged: Judgement) -> bool:
        """The rules need nobody's support."""
        return judged.finding is not None and judged.finding.strength >= self._lexicon.threshold

    def undecided(self, earlier: Message, later: Message, judged: Judgement) -> bool:
        """Neither rules nor comparer report a conflict, and what they see does not speak clearly against one."""
        if judged.reported or judged.announced:
            return False
        if judged.verdict is not None:
            return judged.probability >= self._weights["undecided"]
        return self._comparer is None and self._near(earlier, later)

    def words(self, earlier: Message, later: Message, judged: Judgement) -> Finding:
        """Where the two clash: the rules' claims where these say so, else the sentences that the comparer finds, and
        without a comparer the nearest."""
        chance = judged.probability
        if judged.finding is not None and self._certain(judged):
            return replace(judged.finding, strength=chance)
        spans = rendered_sentences(earlier, later, self._lexicon, self._nearness)
        if self._comparer is None:
            scores = [self._nearness.between(*texts) for _, _, texts in spans]
        else:
            verdicts = self._comparer.verdicts([texts for _, _, texts in spans])
            scores = [
                verdict.conflict * (UNLIKELY if min(map(weight, texts)) < SAYS else 1.0)
                for verdict, (_, _, texts) in zip(verdicts, spans, strict=True)
            ]
        one, other, _ = spans[max(range(len(spans)), key=scores.__getitem__)]
        typed = [
            Finding(a, b, self._relatedness.probability(a, b, earlier, later))
            for a, b in clashes(earlier, later, self._lexicon)
            if within(a, one) and within(b, other)
        ]
        surest = max(typed, key=lambda finding: finding.strength, default=None)
        if surest is not None and surest.strength >= self._weights["typed"]:
            return replace(surest, strength=chance)
        return Finding(statement(earlier, one), statement(later, other), chance)


def key_of(earlier: Message, later: Message, left_out: bool) -> Key:
    one, other = earlier.event, later.event
    until = one.data.valid_until
    return Key(
        earlier.content,
        later.content,
        left_out,
        bool(one.data.thread) and one.data.thread == other.data.thread,
        other.data.corrects == one.id,
        until is not None and until < other.time,
        abs(other.time - one.time) > OCCASION,
        (one.time.date(), other.time.date()) if earlier.dated or later.dated else None,
    )


def thorough(earlier: Message, later: Message, finding: Finding | None, typed: float) -> bool:
    """Two single sentences of which the rules say that they may clash: the comparer's first layers see too little of so
    short a text to be believed that it does not."""
    short = len(sentences(earlier)) <= 1 and len(sentences(later)) <= 1
    return short and finding is not None and finding.strength >= typed


def agree(earlier: Message, later: Message) -> bool:
    """Each of the two is one sentence with values, and says the very values of the other of the same matter."""
    if len(sentences(earlier)) != 1 or len(sentences(later)) != 1:
        return False
    one, other = values(earlier), values(later)
    return (
        bool(one and other)
        and all(any(same_value(x, y, earlier, later) for y in other) for x in one)
        and all(any(same_value(x, y, earlier, later) for x in one) for y in other)
    )


def signs(strength: float, verdict: Verdict) -> dict[str, float]:
    return {
        "bias": 1.0,
        "conflict": log_odds(verdict.conflict),
        "announced": log_odds(verdict.change),
        "same": log_odds(verdict.same),
        "rules": log_odds(strength) if strength > LEAST else log_odds(LEAST),
    }


def probability(found: Mapping[str, float], weights: Mapping[str, float]) -> float:
    total = sum(weights.get(name, 0.0) * value for name, value in found.items())
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


def log_odds(chance: float) -> float:
    held = max(LEAST, min(1 - LEAST, chance))
    return math.log(held / (1 - held))


def within(claim: Claim, span: tuple[int, int]) -> bool:
    return span[0] <= claim.start and claim.end <= span[1] and not claim.structured


def statement(message: Message, span: tuple[int, int]) -> Claim:
    """The sentence itself as a claim; its words are its value, without who is greeted and without the numbers of
    orders, so that the same text to many is one cause."""
    start, end = span
    whole = message.event.data.text
    text = " ".join(whole[start:end].split())
    personal = sorted((a, b, "№" if ref else "") for a, b, ref in message.reading.personal)
    value = written(whole, start, end, personal)
    sentence = next((at for at, (a, b) in enumerate(message.reading.sentences) if a <= start < b), 0)
    inside = [claim for claim in message.claims if within(claim, span)]
    return Claim(
        kind="statement",
        dimension=STATEMENT,
        start=start,
        end=end,
        sentence=sentence,
        attribute=STATEMENT,
        side=" ".join(value.split())[:QUOTED],
        names=frozenset().union(*(claim.called for claim in inside)),
        text=text,
    )
