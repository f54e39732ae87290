"""The contradiction rule: reads each text once, pairs what speaks of the same thing, and compares by type."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from services.consistency.domain.conflict import Conflict, Span
from services.consistency.domain.contradiction.claim import Claim, Reading
from services.consistency.domain.contradiction.compare import Said, clash
from services.consistency.domain.contradiction.correction import announced, expired, settled
from services.consistency.domain.contradiction.languages import language_of
from services.consistency.domain.contradiction.lexicon import Lexicon
from services.consistency.domain.contradiction.reading import read
from services.consistency.domain.contradiction.reasons import reason, value_of
from services.consistency.domain.contradiction.relatedness import Relatedness
from services.consistency.domain.similarity import Similarity, best_similarity
from services.consistency.domain.contradiction.structured import holds, structured_claims
from services.consistency.domain.detector import Rule
from services.consistency.domain.history import History
from shared.events import MessageEvent

READINGS = 50_000


@dataclass(frozen=True, slots=True)
class Message:
    """One message with what it states; `heading` are title, topic and campaign as words."""

    event: MessageEvent
    reading: Reading
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Claims `a` (earlier) and `b` of two messages that cannot both hold, with how near they are in matter."""

    a: Claim
    b: Claim
    strength: float


class Reader:
    """Reads each text once and keeps the readings of the last texts seen."""

    def __init__(self, lexicon: Lexicon, limit: int = READINGS) -> None:
        self._lexicon = lexicon
        self._limit = limit
        self._readings: OrderedDict[tuple[str, str], Reading] = OrderedDict()

    def reading(self, text: str, declared: str | None) -> Reading:
        language = language_of(text, declared, self._lexicon)
        key = (language.code, text)
        known = self._readings.get(key)
        if known is not None:
            self._readings.move_to_end(key)
            return known
        found = read(text, language, self._lexicon)
        self._readings[key] = found
        if len(self._readings) > self._limit:
            self._readings.popitem(last=False)
        return found

    def message(self, event: MessageEvent) -> Message:
        data = event.data
        reading = self.reading(data.text, data.language)
        heading = " . ".join(part for part in (data.title, (data.topic or "").replace("-", " ")) if part)
        about = self.reading(heading, data.language) if heading else None
        claims = list(reading.claims)
        for statement in data.claims:
            said = structured_claims(statement, data.text, lambda text: self.reading(text, data.language))
            start, end = holds(statement)
            if (start is None or start <= event.time) and (end is None or end >= event.time):
                claims.extend(said)
        if about is not None:
            reading = replace(
                reading, topic=reading.topic | about.topic, names=reading.names | about.names, refs=reading.refs | about.refs
            )
        return Message(event, reading, tuple(claims))


def contradiction_rule(lexicon: Lexicon, similarity: Similarity | None = None) -> Rule:
    """The rule over one lexicon; readings are kept between calls."""
    reader = Reader(lexicon)
    relatedness = Relatedness(lexicon, similarity if similarity is not None else best_similarity())

    def contradictions(history: History) -> Iterator[Conflict]:
        messages = [reader.message(event) for event in history.messages]
        for at, later in enumerate(messages):
            for earlier in messages[:at]:
                found = compare_messages(earlier, later, lexicon, relatedness)
                if found is None or settled(earlier, later, found, messages, lexicon, relatedness):
                    continue
                yield conflict(earlier, later, found, lexicon)

    return contradictions


Compare = Callable[[Message, Message], Finding | None]


def compare_messages(
    earlier: Message, later: Message, lexicon: Lexicon, relatedness: Relatedness, changes: bool = False
) -> Finding | None:
    """The strongest clash of two messages, or None; `changes` asks for clashes that the later one announces."""
    best: Finding | None = None
    for finding in findings(earlier, later, lexicon, relatedness):
        if announced(earlier, later, finding.b) is changes and (best is None or finding.strength > best.strength):
            best = finding
    return best


def findings(earlier: Message, later: Message, lexicon: Lexicon, relatedness: Relatedness) -> Iterable[Finding]:
    for a in earlier.claims:
        if a.mode != "asserted":
            continue
        for b in later.claims:
            if b.mode != "asserted" or a.kind != b.kind or expired(a, b, earlier.event, later.event):
                continue
            one, other = Said(a, earlier.event.time), Said(b, later.event.time)
            if not clash(one, other, lexicon):
                continue
            strength = relatedness.strength(a, b, earlier, later)
            if strength > 0 and not answered(a, b, strength, earlier, later, lexicon, relatedness):
                yield Finding(a, b, strength)


def answered(
    a: Claim, b: Claim, strength: float, earlier: Message, later: Message, lexicon: Lexicon, relatedness: Relatedness
) -> bool:
    """True where the other message also says what agrees with `a` or `b`, on a matter as near."""
    for claims, mine, first in ((earlier.claims, b, True), (later.claims, a, False)):
        for other in claims:
            if other is (a if first else b) or other.kind != mine.kind or other.mode != "asserted":
                continue
            x, y = (other, mine) if first else (mine, other)
            if same_value(x, y, earlier, later):
                return True
            if clash(Said(x, earlier.event.time), Said(y, later.event.time), lexicon) is False:
                if relatedness.strength(x, y, earlier, later) >= strength - 0.2:
                    return True
    return False


def same_value(x: Claim, y: Claim, earlier: Message, later: Message) -> bool:
    """The other message says this very value of a matter that may be the same."""
    if x.attribute and y.attribute and x.attribute != y.attribute:
        return False
    if x.kind == "amount":
        same = x.dimension == y.dimension or "money" in (x.dimension, y.dimension)
        return same and x.dimension != "number" and (x.low, x.high) == (y.low, y.high)
    if x.kind == "moment" and x.dimension == "day":
        return value_of(x, earlier.event) == value_of(y, later.event)
    return False


def conflict(earlier: Message, later: Message, found: Finding, lexicon: Lexicon) -> Conflict:
    return Conflict(
        kind="contradiction",
        a=earlier.event,
        b=later.event,
        attribute=found.a.attribute or found.b.attribute or found.a.dimension.split(":")[0],
        reason=reason(earlier.event, later.event, found.a, found.b, lexicon),
        spans=(span(earlier.event, found.a), span(later.event, found.b)),
        confidence=round(min(0.99, 0.5 + 0.2 * found.strength), 2),
        rule=f"contradiction.{found.a.kind}",
        subject=subject(found),
        values=(value_of(found.a, earlier.event), value_of(found.b, later.event)),
    )


def span(event: MessageEvent, claim: Claim) -> Span:
    return Span(event.id, claim.start, claim.end, event.data.text[claim.start : claim.end])


def subject(found: Finding) -> str:
    shared = sorted(found.a.names & found.b.names) or sorted(found.a.refs & found.b.refs)
    if shared:
        return ", ".join(shared)
    words = found.a.near & found.b.near or found.a.topic & found.b.topic
    return ", ".join(sorted(word.lstrip("@") for word in words)[:4])
