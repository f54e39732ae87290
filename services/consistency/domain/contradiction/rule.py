"""The contradiction rule: every two messages of a history, compared once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from services.consistency.domain.comparer.comparer import Comparer
from services.consistency.domain.comparer.nearness import nearness_by
from services.consistency.domain.comparer.rendering import excerpts
from services.consistency.domain.conflict import Conflict, Span
from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.judgement import Judge, Judgement
from services.consistency.domain.contradiction.lexicon import Lexicon
from services.consistency.domain.contradiction.message import Message, Reader
from services.consistency.domain.contradiction.pairing import Finding
from services.consistency.domain.contradiction.reasons import reason, value_of
from services.consistency.domain.contradiction.relatedness import Relatedness
from services.consistency.domain.contradiction.review import ENOUGH, FOR_REVIEW, SURE, Reviewer
from services.consistency.domain.history import History
from services.consistency.domain.similarity import Similarity, best_similarity
from shared.events import MessageEvent, identity_of


@dataclass(frozen=True, slots=True)
class Compared:
    """Two messages of a history and what was made of them; `settled` by the message that announced a change,
    `undecided` where an outside judge is to be asked."""

    earlier: Message
    later: Message
    judged: Judgement
    probability: float
    settled: Message | None
    reported: bool
    undecided: bool


class Contradictions:
    """The rule over one lexicon; readings and judgements are kept between calls."""

    def __init__(
        self,
        lexicon: Lexicon,
        similarity: Similarity | None = None,
        comparer: Comparer | None = None,
        reviewer: Reviewer | None = None,
    ) -> None:
        near = similarity if similarity is not None else best_similarity()
        self._lexicon = lexicon
        self._reader = Reader(lexicon)
        self._nearness = nearness_by(near)
        self._judge = Judge(lexicon, Relatedness(lexicon, near), self._nearness, comparer)
        self._reviewer = reviewer

    def __call__(self, history: History) -> Iterator[Conflict]:
        every = list(self.compared(history))
        for one in every:
            if one.reported:
                words = self._judge.words(one.earlier, one.later, one.judged)
                yield conflict(one.earlier, one.later, words, self._lexicon)
        if self._reviewer is not None:
            yield from self._reviewed([one for one in every if one.undecided], self._reviewer)

    def _reviewed(self, left: Sequence[Compared], reviewer: Reviewer) -> Iterator[Conflict]:
        opinions = reviewer.opinions([excerpts(one.earlier, one.later, self._nearness) for one in left])
        for one, opinion in zip(left, opinions, strict=True):
            if opinion is not None and opinion >= ENOUGH:
                words = self._judge.words(one.earlier, one.later, one.judged)
                yield for_review(one.earlier, one.later, words, opinion, self._lexicon)

    def message(self, event: MessageEvent) -> Message:
        return self._reader.message(event)

    def compared(self, history: History) -> Iterator[Compared]:
        """Every two messages of which the earlier one still counts when the later one is sent."""
        messages = [self.message(event) for event in history.messages]
        pairs = [
            (earlier, later)
            for at, later in enumerate(messages)
            for earlier in messages[:at]
            if in_force(earlier, later)
        ]
        judged = {
            (identity_of(earlier.event), identity_of(later.event)): one
            for (earlier, later), one in zip(pairs, self._judge.judge(pairs), strict=True)
        }
        for earlier, later in pairs:
            found = judged[identity_of(earlier.event), identity_of(later.event)]
            reports = self._judge.reports(found)
            undecided = self._reviewer is not None and self._judge.undecided(earlier, later, found)
            by = settled(earlier, later, messages, self._judge, judged) if reports or undecided else None
            chance = self._judge.probability(found)
            yield Compared(earlier, later, found, chance, by, reports and by is None, undecided and by is None)


def in_force(earlier: Message, later: Message) -> bool:
    """The earlier message still counts when the later one is sent, and is not what that one corrects."""
    until = earlier.event.data.valid_until
    return (until is None or until >= later.event.time) and later.event.data.corrects != earlier.event.id


Judged = Mapping[tuple[str, str], Judgement]


def settled(
    earlier: Message, later: Message, messages: Sequence[Message], judge: Judge, judged: Judged
) -> Message | None:
    """The message between the two that announced a change of what the earlier one said, and the later one follows."""
    found = judged[identity_of(earlier.event), identity_of(later.event)]
    for middle in messages:
        if not earlier.event.time < middle.event.time < later.event.time:
            continue
        if middle.event.data.corrects == earlier.event.id:
            return middle
        change = judged.get((identity_of(earlier.event), identity_of(middle.event)))
        after = judged.get((identity_of(middle.event), identity_of(later.event)))
        if change is None or after is None or not judge.announces(change):
            continue
        if change.change is not None and found.finding is not None:
            if change.change.a.attribute == found.finding.a.attribute:
                return middle
        elif not judge.reports(after):
            return middle
    return None


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


def for_review(earlier: Message, later: Message, found: Finding, opinion: float, lexicon: Lexicon) -> Conflict:
    """What the outside judge alone says."""
    return replace(
        conflict(earlier, later, found, lexicon),
        attribute=FOR_REVIEW,
        reason=reason(earlier.event, later.event, found.a, found.b, lexicon, "review"),
        confidence=round(SURE * opinion, 2),
        rule="contradiction.judge",
    )


def span(event: MessageEvent, claim: Claim) -> Span:
    return Span(event.id, claim.start, claim.end, event.data.text[claim.start : claim.end])


def subject(found: Finding, later: Message) -> str:
    """What both speak of, as the later message writes it; empty where neither a name nor a number tells."""
    return spelled(found.a.names & found.b.names, later) or ", ".join(sorted(found.a.refs & found.b.refs))


def spelled(names: Iterable[str], message: Message) -> str:
    return ", ".join(message.reading.spelling.get(name, name) for name in sorted(names))
