"""Every two messages of a history, judged: what typed claims find, what the trained comparer says, and both together.

The rules know values, dates and statuses; the comparer knows wording. Each says how sure it is, and a few fitted
weights (`any/comparer.toml`) make one probability of it. Without a comparer the rules stand alone.
"""

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.consistency.domain.comparer.comparer import Comparer, Verdict
from services.consistency.domain.comparer.nearness import Nearness
from services.consistency.domain.comparer.rendering import rendered, rendered_sentences
from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.lexicon import Lexicon
from services.consistency.domain.contradiction.message import Message
from services.consistency.domain.contradiction.pairing import Finding, clashes, compare_messages
from services.consistency.domain.contradiction.relatedness import Relatedness, other_period
from shared.events import Message as Told

STATEMENT = "statement"
"""The attribute of a conflict of which no typed claim says what it is about."""
KEPT = 200_000
LEAST, MOST = 1e-3, 0.97
QUOTED = 300


@dataclass(frozen=True, slots=True)
class Judgement:
    """`finding` is the rules' strongest clash whatever its strength, `change` one that the later message announces;
    `verdict` the comparer's, None where it was not asked."""

    finding: Finding | None
    change: Finding | None
    verdict: Verdict | None


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
        new = {key_of(*pair): pair for pair in pairs if key_of(*pair) not in self._known}
        asked = {key: pair for key, pair in new.items() if self._comparer is not None and self._near(*pair)}
        verdicts: Mapping[Key, Verdict] = {}
        if self._comparer is not None:
            texts = [rendered(*pair, self._lexicon, self._nearness) for pair in asked.values()]
            verdicts = dict(zip(asked, self._comparer.verdicts(texts), strict=True))
        fresh = {key: self._judged(*pair, verdicts.get(key)) for key, pair in new.items()}
        answers = [fresh[key] if (key := key_of(*pair)) in fresh else self._known[key] for pair in pairs]
        self._known.update(fresh)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return answers

    def _near(self, earlier: Message, later: Message) -> bool:
        """Worth asking about: not the same text again, another period, or something else altogether."""
        if earlier.event.data.text == later.event.data.text or other_period(earlier, later):
            return False
        return self._nearness.of(earlier, later) >= self._weights["near"]

    def _judged(self, earlier: Message, later: Message, verdict: Verdict | None) -> Judgement:
        every = self._lexicon if verdict is None else replace(self._lexicon, threshold=0.0)
        return Judgement(
            compare_messages(earlier, later, every, self._relatedness),
            compare_messages(earlier, later, self._lexicon, self._relatedness, changes=True),
            verdict,
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

    def announces(self, judged: Judgement) -> bool:
        return judged.change is not None or (
            judged.verdict is not None and judged.verdict.change >= self._weights["change"]
        )

    def words(self, earlier: Message, later: Message, judged: Judgement) -> Finding:
        """Where the two clash: the rules' claims where these say so, else the sentences that the comparer finds."""
        chance = self.probability(judged)
        if judged.finding is not None and self._certain(judged):
            return replace(judged.finding, strength=chance)
        if self._comparer is None:
            raise ValueError("nothing but the comparer reports what the rules do not")
        spans = rendered_sentences(earlier, later, self._lexicon, self._nearness)
        verdicts = self._comparer.verdicts([texts for _, _, texts in spans])
        best = max(range(len(spans)), key=lambda at: verdicts[at].conflict)
        one, other, _ = spans[best]
        typed = [
            Finding(a, b, self._relatedness.probability(a, b, earlier, later))
            for a, b in clashes(earlier, later, self._lexicon)
            if within(a, one) and within(b, other)
        ]
        surest = max(typed, key=lambda finding: finding.strength, default=None)
        if surest is not None and surest.strength >= self._weights["typed"]:
            return replace(surest, strength=chance)
        return Finding(statement(earlier, one), statement(later, other), chance)


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
    """The sentence itself as a claim; its words are its value, so that the same text to many is one cause."""
    start, end = span
    text = " ".join(message.event.data.text[start:end].split())
    sentence = next((at for at, (a, b) in enumerate(message.reading.sentences) if a <= start < b), 0)
    inside = [claim for claim in message.claims if within(claim, span)]
    return Claim(
        kind="statement",
        dimension=STATEMENT,
        start=start,
        end=end,
        sentence=sentence,
        attribute=STATEMENT,
        side=text[:QUOTED],
        names=frozenset().union(*(claim.called for claim in inside)),
        text=text,
    )
