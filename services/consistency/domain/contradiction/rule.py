"""The contradiction rule: every two messages of a history, compared once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from services.consistency.domain.comparer.comparer import Comparer
from services.consistency.domain.comparer.nearness import nearness_by
from services.consistency.domain.conflict import Conflict, Span
from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.judgement import Judge, Judgement
from services.consistency.domain.contradiction.lexicon import Lexicon
from services.consistency.domain.contradiction.message import Message, Reader
from services.consistency.domain.contradiction.pairing import Finding
from services.consistency.domain.contradiction.reasons import reason, value_of
from services.consistency.domain.contradiction.relatedness import Relatedness
from services.consistency.domain.detector import Rule
from services.consistency.domain.history import History
from services.consistency.domain.similarity import Similarity, best_similarity
from shared.events import MessageEvent, identity_of


def contradiction_rule(
    lexicon: Lexicon, similarity: Similarity | None = None, comparer: Comparer | None = None
) -> Rule:
    """The rule over one lexicon; readings and judgements are kept between calls."""
    reader = Reader(lexicon)
    near = similarity if similarity is not None else best_similarity()
    judge = Judge(lexicon, Relatedness(lexicon, near), nearness_by(near), comparer)

    def contradictions(history: History) -> Iterator[Conflict]:
        messages = [reader.message(event) for event in history.messages]
        pairs = [
            (earlier, later)
            for at, later in enumerate(messages)
            for earlier in messages[:at]
            if in_force(earlier, later)
        ]
        judged = {
            (identity_of(earlier.event), identity_of(later.event)): one
            for (earlier, later), one in zip(pairs, judge.judge(pairs), strict=True)
        }
        for earlier, later in pairs:
            found = judged[identity_of(earlier.event), identity_of(later.event)]
            if judge.reports(found) and not settled(earlier, later, messages, judge, judged):
                yield conflict(earlier, later, judge.words(earlier, later, found), lexicon)

    return contradictions


def in_force(earlier: Message, later: Message) -> bool:
    """The earlier message still counts when the later one is sent, and is not what that one corrects."""
    until = earlier.event.data.valid_until
    return (until is None or until >= later.event.time) and later.event.data.corrects != earlier.event.id


Judged = Mapping[tuple[str, str], Judgement]


def settled(earlier: Message, later: Message, messages: Sequence[Message], judge: Judge, judged: Judged) -> bool:
    """A message between the two announced a change of what the earlier one said, and the later one follows it."""
    found = judged[identity_of(earlier.event), identity_of(later.event)]
    for middle in messages:
        if not earlier.event.time < middle.event.time < later.event.time:
            continue
        if middle.event.data.corrects == earlier.event.id:
            return True
        change = judged.get((identity_of(earlier.event), identity_of(middle.event)))
        after = judged.get((identity_of(middle.event), identity_of(later.event)))
        if change is None or after is None or not judge.announces(change):
            continue
        if change.change is not None and found.finding is not None:
            if change.change.a.attribute == found.finding.a.attribute:
                return True
        elif not judge.reports(after):
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
