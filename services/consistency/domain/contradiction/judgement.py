"""Every two messages of a history, judged: what typed claims find, what the trained comparer says, and both together.

The rules know values, dates and statuses; the comparer knows wording. Each says how sure it is, and a few fitted
weights (`any/comparer.toml`) make one probability of it. Without a comparer the rules stand alone.
"""

import math
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

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
from services.consistency.domain.contradiction.relatedness import Relatedness, other_period
from shared.events import Message as Told
from shared.events import identity_of

STATEMENT = "statement"
"""The attribute of a conflict of which no typed claim says what it is about."""
KEPT = 200_000
LEAST, MOST = 1e-3, 0.97
QUOTED = 300
SAYS, UNLIKELY = 16, 0.3
"""A sentence of fewer letters ("Sorry!", a signature) is seldom what clashes, and its verdict counts for so much."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """`finding` is the rules' strongest clash whatever its strength, `change` one that the later message announces;
    `verdict` the comparer's, None where it was not asked; `left_out` that others were nearer to the later one."""

    finding: Finding | None
    change: Finding | None
    verdict: Verdict | None
    left_out: bool = False


Key = tuple[str, datetime, str, Told, str, datetime, str, Told]


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

    def judge(self, pairs: Sequence[tuple[Message, Message]]) -> list[Judgement]:
        """One for each pair of an earlier and a later message, in order."""
        keys = [key_of(*pair) for pair in pairs]
        left_out = self._left_out(pairs)
        new = {
            key: pair
            for at, (key, pair) in enumerate(zip(keys, pairs, strict=True))
            if key not in self._known or (at in left_out) is not self._known[key].left_out
        }
        left = {keys[at] for at in left_out}
        verdicts: Mapping[Key, Verdict] = {}
        if self._comparer is not None:
            asked = {key: pair for key, pair in new.items() if key not in left and self._near(*pair)}
            texts = [rendered(*pair, self._lexicon, self._nearness) for pair in asked.values()]
            verdicts = dict(zip(asked, self._comparer.verdicts(texts), strict=True))
        fresh = {key: self._judged(*pair, verdicts.get(key), key in left) for key, pair in new.items()}
        answers = [fresh[key] if key in fresh else self._known[key] for key in keys]
        self._known.update(fresh)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return answers

    def _left_out(self, pairs: Sequence[tuple[Message, Message]]) -> set[int]:
        """Where in `pairs` the earlier message is not among those nearest in meaning to the later one: what a message
        costs does not grow with the customer's history."""
        most = int(self._weights["most"])
        if self._comparer is None or len(pairs) <= most:
            return set()
        earlier: dict[str, list[int]] = defaultdict(list)
        for at, (_, later) in enumerate(pairs):
            earlier[identity_of(later.event)].append(at)
        return {
            at
            for places in earlier.values()
            if len(places) > most
            for at in sorted(places, key=lambda at: self._nearness.of(*pairs[at]), reverse=True)[most:]
        }

    def _near(self, earlier: Message, later: Message) -> bool:
        """Worth asking about: not the same again, another period, or something else altogether."""
        if earlier.event.data.text == later.event.data.text or other_period(earlier, later) or agree(earlier, later):
            return False
        return self._nearness.of(earlier, later) >= self._weights["near"]

    def _judged(self, earlier: Message, later: Message, verdict: Verdict | None, left_out: bool) -> Judgement:
        every = self._lexicon if verdict is None else replace(self._lexicon, threshold=0.0)
        return Judgement(
            compare_messages(earlier, later, every, self._relatedness),
            compare_messages(earlier, later, self._lexicon, self._relatedness, changes=True),
            verdict,
            left_out,
        )

    def probability(self, judged: Judgement) -> float:
        """How likely the two cannot both be relied on."""
        strength = judged.finding.strength if judged.finding is not None else 0.0
        if judged.verdict is None:
            return strength
        both = probability(signs(strength, judged.verdict), self._weights)
        return max(strength, both) if self._certain(judged) else both

    def _certain(self, judged: Judgement) -> bool:
        """The rules need nobody's support."""
        return judged.finding is not None and judged.finding.strength >= self._lexicon.threshold

    def reports(self, judged: Judgement) -> bool:
        if judged.verdict is None or self._certain(judged):
            return self._certain(judged)
        return self.probability(judged) >= self._weights["threshold"]

    def undecided(self, earlier: Message, later: Message, judged: Judgement) -> bool:
        """Neither rules nor comparer report a conflict, and what they see does not speak clearly against one."""
        if self.reports(judged) or self.announces(judged):
            return False
        if judged.verdict is not None:
            return self.probability(judged) >= self._weights["undecided"]
        return self._comparer is None and self._near(earlier, later)

    def announces(self, judged: Judgement) -> bool:
        return judged.change is not None or (
            judged.verdict is not None and judged.verdict.change >= self._weights["change"]
        )

    def words(self, earlier: Message, later: Message, judged: Judgement) -> Finding:
        """Where the two clash: the rules' claims where these say so, else the sentences that the comparer finds, and
        without a comparer the nearest."""
        chance = self.probability(judged)
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


def key_of(earlier: Message, later: Message) -> Key:
    """All that a judgement depends on."""
    one, other = earlier.event, later.event
    return one.source, one.time, one.id, one.data, other.source, other.time, other.id, other.data


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
