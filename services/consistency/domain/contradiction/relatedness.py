"""How surely two claims that clash are about the same matter: features weighed by fitted weights."""

import math
from collections.abc import Mapping
from datetime import datetime

from services.consistency.domain.contradiction.claim import INFINITY, Claim
from services.consistency.domain.contradiction.dates import days_of
from services.consistency.domain.contradiction.lexicon import Lexicon
from services.consistency.domain.contradiction.message import Message
from services.consistency.domain.contradiction.subjects import apart, shared
from services.consistency.domain.similarity import Similarity

PARTICULAR = 0.3
LINKED = 0.6
FAMILIES = ("money", "percent", "duration", "count", "number")


class Relatedness:
    def __init__(self, lexicon: Lexicon, similarity: Similarity) -> None:
        self._lexicon = lexicon
        self._similarity = similarity
        self._weak = {code: language.weak for code, language in lexicon.languages.items()}

    def probability(self, a: Claim, b: Claim, earlier: Message, later: Message) -> float:
        """How likely the clash is one that a reader would see, from 0 to 1; 0 where something keeps the two apart."""
        if self.excluded(a, b, earlier, later):
            return 0.0
        weights = self._lexicon.weights
        total = sum(weights.get(name, 0.0) * value for name, value in self.features(a, b, earlier, later).items())
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))

    def excluded(self, a: Claim, b: Claim, earlier: Message, later: Message) -> bool:
        if apart(a, b, earlier.reading, later.reading, self._lexicon):
            return True
        if other_time(a, b, earlier.event.time, later.event.time):
            return True
        return bool(a.attribute and b.attribute and a.attribute != b.attribute and not self.alike(a, b))

    def alike(self, a: Claim, b: Claim) -> bool:
        one = self._lexicon.attributes.get(a.attribute, {}).get("like", ())
        other = self._lexicon.attributes.get(b.attribute, {}).get("like", ())
        return b.attribute in one or a.attribute in other

    def features(self, a: Claim, b: Claim, earlier: Message, later: Message) -> Mapping[str, float]:
        """Numbers of about 0 to 3, none of which depends on a language; names stand in any/weights.toml."""
        weak = self._weak[earlier.reading.language]
        skip = frozenset({"@" + a.attribute, "@" + b.attribute})
        near = shared(a.near - skip, b.near - skip, weak)
        wide = shared(a.topic - skip, b.topic - skip, weak)
        whole = shared(earlier.reading.topic - skip, later.reading.topic - skip, weak)
        one, other = earlier.event.data, later.event.data
        found = {
            f"kind:{a.kind}": 1.0,
            "near": min(near, 3.0),
            "wide": min(max(wide - near, 0.0), 3.0),
            "whole": min(max(whole - wide, 0.0), 5.0) / 2,
            "meaning": self._similarity.between(sentence(a, earlier), sentence(b, later)) * 3,
            "message": self._similarity.between(one.text, other.text) * 3,
            "names": float(bool(a.names & b.names)),
            "names_other": float(bool(a.names and b.names and not a.names & b.names)),
            "refs": float(bool(earlier.reading.refs & later.reading.refs)),
            "stream": float(
                any(getattr(one, f) and getattr(one, f) == getattr(other, f) for f in ("campaign", "thread", "topic"))
            ),
            "structured": float(a.structured or b.structured),
            "conditions": float(bool(a.conditions & b.conditions)),
            "conditions_other": float(bool(a.conditions ^ b.conditions)),
            "rivals": math.log(max(1, self.rivals(a, earlier) * self.rivals(b, later))),
        }
        linked = near + wide + found["names"] + found["refs"] + found["stream"]
        found["strangers"] = float(linked < LINKED)
        found |= self.attribute_features(a, b)
        if a.kind == "amount":
            found |= amount_features(a, b)
        elif a.kind == "moment":
            found |= moment_features(a, b, earlier.event.time, later.event.time)
        return found

    def attribute_features(self, a: Claim, b: Claim) -> dict[str, float]:
        if a.kind == "axis":
            return {"need:axis": float(self._lexicon.axes[a.dimension].get("need", 1.0))}
        if a.kind == "status":
            return {"need:status": float(self._lexicon.statuses[a.dimension].get("need", 1.0))}
        if a.attribute and a.attribute == b.attribute:
            need = float(self._lexicon.attributes[a.attribute].get("need", 1.0))
            return {f"{a.kind}:same": 1.0, "need:same": need, "particular": float(need <= PARTICULAR)}
        if a.attribute and b.attribute:
            return {f"{a.kind}:alike": 1.0}
        return {f"{a.kind}:{'one' if a.attribute or b.attribute else 'none'}": 1.0}

    @staticmethod
    def rivals(claim: Claim, message: Message) -> int:
        """How many claims of the sort the message makes: one price alone is surer than one among ten."""
        family = claim.dimension.split(":")[0]
        return sum(c.kind == claim.kind and c.dimension.split(":")[0] == family for c in message.claims)


def amount_features(a: Claim, b: Claim) -> dict[str, float]:
    family = a.dimension.split(":")[0]
    x, y = middle(a), middle(b)
    ratio = abs(math.log(x / y)) if x > 0 and y > 0 else 2.0
    return {
        f"of:{family if family in FAMILIES else 'measure'}": 1.0,
        "ratio": min(ratio, 4.0),
        "zero": float(not x or not y),
        "per": float(a.per is not None and b.per is not None),
        "per_one": float((a.per is None) != (b.per is None)),
        "items": float(bool(a.items & b.items)),
        "bound": float(bool(a.bound or b.bound)),
        "precise": float(x != int(x) or y != int(y)) if family == "money" and INFINITY not in (x, y) else 0.0,
    }


def middle(claim: Claim) -> float:
    if claim.high == INFINITY:
        return claim.low
    return claim.high if claim.bound == "upper" else (claim.low + claim.high) / 2


def moment_features(a: Claim, b: Claim, sent_a: datetime, sent_b: datetime) -> dict[str, float]:
    one = days_of(a.moment, sent_a) if a.moment else None
    other = days_of(b.moment, sent_b) if b.moment else None
    if one is None or other is None:
        return {"clock": 1.0}
    gap = min(abs((one[0] - other[0]).days), abs((one[1] - other[1]).days))
    past = float(one[1] < sent_b.date())
    return {
        "gap": min(math.log(1 + gap), 5.0),
        "past": past,
        "backwards": float(other[1] < sent_b.date()),
        "today": float(other[0] == sent_b.date() or one[0] == sent_a.date()),
        "ends": float(a.bound in ("until", "by") and b.bound in ("until", "by")),
    }


def other_time(a: Claim, b: Claim, sent_a: datetime, sent_b: datetime) -> bool:
    """Both speak of days of their own, and of none in common."""
    until = days_of(a.until, sent_a) if a.until else None
    if a.kind == "moment" or not b.when or not (a.when or until):
        return False
    if until is not None:
        starts = [days[0] for days in (days_of(m, sent_b) for m in b.when) if days]
        return bool(starts) and min(starts) > until[1]
    one = [days for days in (days_of(m, sent_a) for m in a.when) if days]
    other = [days for days in (days_of(m, sent_b) for m in b.when) if days]
    if not one or not other:
        return False
    if a.kind != "axis" and not any(x[0] < x[1] for x in one + other):
        return False
    return all(x[1] < y[0] or y[1] < x[0] for x in one for y in other)


def sentence(claim: Claim, message: Message) -> str:
    if claim.structured:
        return claim.text
    start, end = message.reading.sentences[claim.sentence]
    return message.event.data.text[start:end]
