"""The contradiction rule: every two messages of a history, compared once."""

from collections.abc import Iterable, Iterator, Sequence

from services.consistency.domain.conflict import Conflict, Span
from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.lexicon import Lexicon
from services.consistency.domain.contradiction.message import Message, Reader
from services.consistency.domain.contradiction.pairing import Finding, compare_messages
from services.consistency.domain.contradiction.reasons import reason, value_of
from services.consistency.domain.contradiction.relatedness import Relatedness
from services.consistency.domain.detector import Rule
from services.consistency.domain.history import History
from services.consistency.domain.similarity import Similarity, best_similarity
from shared.events import MessageEvent


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


def settled(
    earlier: Message,
    later: Message,
    found: Finding,
    messages: Sequence[Message],
    lexicon: Lexicon,
    relatedness: Relatedness,
) -> bool:
    """A message between the two announced a change of what the earlier one said, so that it no longer counts."""
    for middle in messages:
        if earlier.event.time < middle.event.time < later.event.time:
            if middle.event.data.corrects == earlier.event.id:
                return True
            change = compare_messages(earlier, middle, lexicon, relatedness, changes=True)
            if change is not None and change.a.attribute == found.a.attribute:
                return True
    return False


def conflict(earlier: Message, later: Message, found: Finding, lexicon: Lexicon) -> Conflict:
    return Conflict(
        kind="contradiction",
        a=earlier.event,
        b=later.event,
        attribute=found.a.attribute or found.b.attribute or found.a.dimension.split(":")[0],
        reason=reason(earlier.event, later.event, found.a, found.b, lexicon),
        spans=(span(earlier.event, found.a), span(later.event, found.b)),
        confidence=round(min(0.99, found.strength), 2),
        rule=f"contradiction.{found.a.kind}",
        subject=subject(found, later),
        values=(value_of(found.a, earlier.event), value_of(found.b, later.event)),
    )


def span(event: MessageEvent, claim: Claim) -> Span:
    return Span(event.id, claim.start, claim.end, event.data.text[claim.start : claim.end])


def subject(found: Finding, later: Message) -> str:
    """What both speak of, as the later message writes it; empty where neither a name nor a number tells."""
    return spelled(found.a.names & found.b.names, later) or ", ".join(sorted(found.a.refs & found.b.refs))


def spelled(names: Iterable[str], message: Message) -> str:
    return ", ".join(message.reading.spelling.get(name, name) for name in sorted(names))
