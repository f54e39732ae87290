"""How surely two claims are about the same matter: words, names and meaning weighed together."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.dates import days_of
from services.consistency.domain.contradiction.lexicon import Lexicon
from services.consistency.domain.similarity import Similarity
from services.consistency.domain.contradiction.subjects import apart, shared

if TYPE_CHECKING:
    from services.consistency.domain.contradiction.rule import Message

NEEDED = 1.0
ONE_TIME = "one_time"  # "charged 790": what happened once, not what holds
OCCASION = timedelta(days=3)


class Relatedness:
    def __init__(self, lexicon: Lexicon, similarity: Similarity) -> None:
        self._lexicon = lexicon
        self._similarity = similarity
        self._weak = {code: language.weak for code, language in lexicon.languages.items()}

    def strength(self, a: Claim, b: Claim, earlier: "Message", later: "Message") -> float:
        """Above 0 where the two are about the same matter, more the surer; 0 where they are not."""
        if apart(a, b, earlier.reading, later.reading, self._lexicon):
            return 0.0
        if ONE_TIME in a.conditions & b.conditions and abs(later.event.time - earlier.event.time) > OCCASION:
            return 0.0
        if other_time(a, b, earlier.event.time, later.event.time):
            return 0.0
        score = self.score(a, b, earlier, later)
        need = self.needed(a, b)
        return score - need if score > need else 0.0

    def score(self, a: Claim, b: Claim, earlier: "Message", later: "Message") -> float:
        weak = self._weak[earlier.reading.language]
        skip = frozenset({"@" + a.attribute, "@" + b.attribute})
        near = shared(a.near - skip, b.near - skip, weak)
        wide = shared(a.topic - skip, b.topic - skip, weak)
        score = min(near, 3.0) + 0.6 * min(max(wide - near, 0.0), 3.0)
        if a.names & b.names or a.refs & b.refs or a.variants & b.variants:
            score += 1.0 + 0.5 * bool(a.variants & b.variants)
        elif earlier.reading.refs & later.reading.refs:
            score += 0.7
        one, other = earlier.event.data, later.event.data
        for field in ("campaign", "thread", "topic"):
            if getattr(one, field) and getattr(one, field) == getattr(other, field):
                score += 0.7
        return score + 1.5 * self._similarity.between(sentence(a, earlier), sentence(b, later))

    def needed(self, a: Claim, b: Claim) -> float:
        if a.kind == "axis":
            return float(self._lexicon.axes[a.dimension].get("need", NEEDED))
        if a.kind == "status":
            return float(self._lexicon.statuses[a.dimension].get("need", NEEDED))
        if a.attribute and a.attribute == b.attribute:
            return float(self._lexicon.attributes[a.attribute].get("need", NEEDED))
        if a.attribute and b.attribute:
            one, other = self._lexicon.attributes[a.attribute], self._lexicon.attributes[b.attribute]
            if not set(one.get("like", ())) & {b.attribute} and not set(other.get("like", ())) & {a.attribute}:
                return float("inf")
            return 0.6 + max(float(one.get("need", NEEDED)), float(other.get("need", NEEDED)))
        return (2.5 if a.attribute or b.attribute else 3.2) + (1.0 if a.kind == "moment" else 0.0)


def other_time(a: Claim, b: Claim, sent_a: datetime, sent_b: datetime) -> bool:
    """Both speak of days of their own, and of none in common."""
    if a.kind == "moment" or not a.when or not b.when:
        return False
    one = [days for days in (days_of(m, sent_a) for m in a.when) if days]
    other = [days for days in (days_of(m, sent_b) for m in b.when) if days]
    if not one or not other:
        return False
    if a.kind != "axis" and not any(x[0] < x[1] for x in one + other):
        return False
    return all(x[1] < y[0] or y[1] < x[0] for x in one for y in other)


def sentence(claim: Claim, message: "Message") -> str:
    if claim.structured:
        return claim.text
    start, end = message.reading.sentences[claim.sentence]
    return message.event.data.text[start:end]
