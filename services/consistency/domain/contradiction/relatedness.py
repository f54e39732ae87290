"""How surely two claims that clash are about the same matter: features weighed by fitted weights."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from services.consistency.domain.contradiction.claim import INFINITY, Claim
from services.consistency.domain.contradiction.dates import days_of
from services.consistency.domain.contradiction.lexicon import Lexicon
from services.consistency.domain.contradiction.message import Message
from services.consistency.domain.contradiction.subjects import apart, shared
from services.consistency.domain.similarity import Similarity

PARTICULAR = 0.3
ONE_TIME = "one_time"  # "charged 790": what happened once, not what holds
OCCASION = timedelta(days=3)
LINKED = 0.6
WEEKLY = 6
GENERAL = 1.5
FAMILIES = ("money", "percent", "duration", "count", "number")


class Relatedness:
    def __init__(self, lexicon: Lexicon, similarity: Similarity) -> None:
        self._lexicon = lexicon
        self._similarity = similarity
        self._weak = {code: language.weak for code, language in lexicon.languages.items()}

    def probability(self, a: Claim, b: Claim, earlier: Message, later: Message) -> float:
        """How likely the clash is one that a reader would see, from 0 to 1; 0 where something keeps the two apart."""
        found = self.signs(a, b, earlier, later)
        if found is None:
            return 0.0
        weights = self._lexicon.weights
        total = sum(weights.get(name, 0.0) * value for name, value in found.items())
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))

    def signs(self, a: Claim, b: Claim, earlier: Message, later: Message) -> Mapping[str, float] | None:
        """The features, or None where something keeps the two apart."""
        if self.excluded(a, b, earlier, later):
            return None
        found = self.features(a, b, earlier, later)
        return None if groundless(a, b, found) else found

    def excluded(self, a: Claim, b: Claim, earlier: Message, later: Message) -> bool:
        if apart(a, b, earlier.reading, later.reading, self._lexicon):
            return True
        if ONE_TIME in a.conditions & b.conditions and abs(later.event.time - earlier.event.time) > OCCASION:
            return True
        if other_time(a, b, earlier.event.time, later.event.time) or other_period(earlier, later):
            return True
        if a.kind == "moment" and following(a, b, earlier, later):
            return True
        if a.kind == "amount" and multiple(a, b, earlier, later):
            return True
        return bool(a.attribute and b.attribute and a.attribute != b.attribute and not self.alike(a, b))

    def alike(self, a: Claim, b: Claim) -> bool:
        one = self._lexicon.attributes.get(a.attribute, {}).get("like", ())
        other = self._lexicon.attributes.get(b.attribute, {}).get("like", ())
        return b.attribute in one or a.attribute in other

    def features(self, a: Claim, b: Claim, earlier: Message, later: Message) -> Mapping[str, float]:
        """Numbers of about 0 to 3, none of which depends on a language; names stand in any/weights.toml."""
        weak = self._weak[earlier.reading.language]
        own = earlier.own | later.own
        skip = own | {"@" + a.attribute, "@" + b.attribute}
        names_a, names_b = a.names - own, b.names - own
        if a.kind == "status":
            skip |= a.words & b.words | {w for w in a.words | b.words if w[0] == "@"}
        elif a.kind == "amount":
            skip |= a.words & b.words
        near = shared(a.near - skip, b.near - skip, weak)
        wide = shared(a.topic - skip, b.topic - skip, weak)
        whole = shared(earlier.reading.topic - skip, later.reading.topic - skip, weak)
        one, other = earlier.event.data, later.event.data
        found = {
            f"kind:{a.kind}": 1.0,
            "near": min(near, 3.0),
            "wide": min(max(wide - near, 0.0), 3.0),
            "whole": min(max(whole - wide, 0.0), 5.0) / 2,
            "meaning": self.meaning(a, b, earlier, later),
            "names": float(bool(names_a & names_b)),
            "names_other": float(bool(names_a and names_b and not names_a & names_b)),
            "names_whole": float(bool((earlier.reading.names & later.reading.names) - own)),
            "counterparts": counterparts(a, b, skip, weak),
            "modifiers": modifiers(a, b, earlier, later),
            "unmet": float(a.kind == "axis" and (unmet(a, later, weak) or unmet(b, earlier, weak))),
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

    def meaning(self, a: Claim, b: Claim, earlier: Message, later: Message) -> float:
        """Asked across languages alone, where words cannot be compared: within one it added nothing measurable."""
        if earlier.reading.language == later.reading.language:
            return 0.0
        return self._similarity.between(sentence(a, earlier), sentence(b, later)) * 3

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


def groundless(a: Claim, b: Claim, found: Mapping[str, float]) -> bool:
    """Values that differ, and nothing that says they are of the same matter."""
    if found["unmet"] and found.get("need:axis", 0.0) >= GENERAL:
        return True
    if a.kind not in ("amount", "moment"):
        return False
    if found["counterparts"] and found["modifiers"] and not found["refs"]:
        return True
    linked = found["near"] + found["names"] + found["refs"]
    if a.kind == "moment" and not a.attribute and not b.attribute:
        whole = all(c.moment is not None and c.moment.kind in ("month", "year") for c in (a, b))
        return whole or not (found["refs"] or found["names"]) or found["near"] < 1.0
    if not (a.attribute and b.attribute):
        return linked + found["wide"] < 0.8 and not found["structured"]
    return bool(found["strangers"] and not found["names_whole"] and not found.get("particular"))


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


DAYS = ("day", "weekday", "week", "offset")


def other_time(a: Claim, b: Claim, sent_a: datetime, sent_b: datetime) -> bool:
    """Both speak of days of their own, and of none in common."""
    until = days_of(a.until, sent_a) if a.until else None
    if a.kind == "moment" or not b.when or not (a.when or until):
        return False
    if until is not None:
        starts = [days[0] for days in (days_of(m, sent_b) for m in b.when) if days]
        return bool(starts) and min(starts) > until[1]
    # A rate ("£30 a month") does not hold on one day: a day in its sentence is of something else.
    rates = a.per is not None and b.per is not None
    one = [days for days in (days_of(m, sent_a) for m in a.when if not (rates and m.kind in DAYS)) if days]
    other = [days for days in (days_of(m, sent_b) for m in b.when if not (rates and m.kind in DAYS)) if days]
    if not one or not other:
        return False
    return all(x[1] < y[0] or y[1] < x[0] for x in one for y in other)


def other_period(earlier: Message, later: Message) -> bool:
    """The two messages are for different months or years: two bills, two issues of a newsletter."""
    one = [days for days in (days_of(m, earlier.event.time) for m in earlier.reading.periods) if days]
    other = [days for days in (days_of(m, later.event.time) for m in later.reading.periods) if days]
    return bool(one and other) and all(x[1] < y[0] or y[1] < x[0] for x in one for y in other)


def following(a: Claim, b: Claim, earlier: Message, later: Message) -> bool:
    """The earlier day had passed when the later one was named: the next visit, not another day for the same one."""
    if a.moment is None or b.moment is None or a.moment.recurring or b.moment.recurring:
        return False
    one, other = days_of(a.moment, earlier.event.time), days_of(b.moment, later.event.time)
    if one is None or other is None or earlier.reading.refs & later.reading.refs:
        return False
    passed = later.event.time.date()
    if earlier.event.source == later.event.source and earlier.event.data.department == later.event.data.department:
        apart, later_by = (other[0] - one[0]).days, (passed - earlier.event.time.date()).days
        if apart >= WEEKLY and abs(apart - later_by) <= max(3, apart * 0.15):
            return True
        passed += timedelta(days=2)
    return one[1] < passed and other[0] >= later.event.time.date()


def multiple(a: Claim, b: Claim, earlier: Message, later: Message) -> bool:
    """One is so many times the other as a message says pieces: "two tickets, £40" at £20 each."""
    x, y = sorted((middle(a), middle(b)))
    if x <= 0 or y == INFINITY or a.per is not None or b.per is not None:
        return False
    times = round(y / x)
    counts = {c.low for m in (earlier, later) for c in m.claims if c.dimension.startswith(("count", "number"))}
    return times >= 2 and abs(y / x - times) < 0.005 and times in counts and a.dimension.startswith("money")


def counterparts(a: Claim, b: Claim, skip: frozenset[str], weak: frozenset[str]) -> float:
    """Clauses built alike of which each has a word of its own: "the family room is" and "the double room is"."""
    one, other = (frozenset(w for w in c.near - skip - c.words if w not in weak and w[0] != "@") for c in (a, b))
    mine, theirs = len(one - other), len(other - one)
    return float(bool(mine and theirs) and len(one & other) >= max(mine, theirs))


def modifiers(a: Claim, b: Claim, earlier: Message, later: Message) -> float:
    """How many words that both clauses have stand behind different ones that the other message lacks: two tables."""
    before: dict[str, set[str]] = {}
    for word, head in a.pairs:
        before.setdefault(head, set()).add(word)
    count = 0
    for head in {head for _, head in b.pairs} & before.keys():
        mine, theirs = before[head], {word for word, h in b.pairs if h == head}
        count += not mine & theirs and not mine & later.reading.topic and not theirs & earlier.reading.topic
    return float(min(count, 2))


def unmet(claim: Claim, other: Message, weak: frozenset[str]) -> bool:
    """The words say what it is about ("no exit fee"), and the other message does not speak of that."""
    return any(w[0] != "@" and w not in weak and w not in other.reading.topic for w in claim.words)


def sentence(claim: Claim, message: Message) -> str:
    if claim.structured:
        return claim.text
    start, end = message.reading.sentences[claim.sentence]
    return message.event.data.text[start:end]
