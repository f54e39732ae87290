"""The contradiction rule: every two messages of a history, compared once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from services.consistency.domain.bounds import REACH, REPORTED
from services.consistency.domain.comparer.comparer import Comparer
from services.consistency.domain.comparer.nearness import nearness_by
from services.consistency.domain.comparer.rendering import excerpts
from services.consistency.domain.conflict import Conflict, Span
from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.judgement import NOTHING, Judge, Judgement, Row
from services.consistency.domain.contradiction.kept import Kept
from services.consistency.domain.contradiction.lexicon import Lexicon
from services.consistency.domain.contradiction.message import Message, Reader
from services.consistency.domain.contradiction.pairing import Finding
from services.consistency.domain.contradiction.reasons import as_compared, reason, value_of
from services.consistency.domain.contradiction.relatedness import Relatedness
from services.consistency.domain.contradiction.review import ENOUGH, FOR_REVIEW, SURE, Reviewer
from services.consistency.domain.history import History
from services.consistency.domain.similarity import Similarity, best_similarity
from shared.events import MessageEvent

ROWS_AT_ONCE = 50
"""Messages whose pairs are judged together: the comparer takes several pairs at a time."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two messages of a history and what was made of them; `settled` by the message that announced a change,
    `undecided` where an outside judge is to be asked."""

    earlier: Message
    later: Message
    judged: Judgement
    settled: Message | None
    reported: bool
    undecided: bool

    @property
    def probability(self) -> float:
        return self.judged.probability


@dataclass(frozen=True, slots=True)
class Read:
    """A message of a history with what is known of it: `said` has what is reported or announced (see `settled`), by the
    key of the earlier message, `reported` the conflicts with earlier ones, `undecided` what an outside judge is asked
    about."""

    message: Message
    said: Mapping[str, Judgement]
    reported: tuple[Conflict, ...] = ()
    undecided: tuple[Compared, ...] = ()


class Contradictions:
    """The rule over one lexicon.

    What was found is kept by customer, so that a new message costs its own comparisons and no others; where one comes
    late, those after it are compared anew. The same history gives the same conflicts, whatever was kept.
    """

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
        self._kept: Kept[Read] = Kept()

    def __call__(self, history: History) -> Iterator[Conflict]:
        read = self._read(history)[len(history.messages) - len(history.new) :]
        for one in read:
            yield from one.reported
        if self._reviewer is not None:
            yield from self._reviewed([undecided for one in read for undecided in one.undecided], self._reviewer)

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
        read: list[Read] = []
        for row, judged in self._judged([self.message(event) for event in history.messages], 0):
            read.append(Read(row.later, judged))
            for earlier in row.earlier:
                yield self._compared(earlier, read, judged.get(earlier.key, NOTHING))

    def _read(self, history: History) -> list[Read]:
        kept = self._kept.beginning(history)
        read = kept.found
        messages = [one.message for one in read]
        messages += [self.message(event) for event in history.messages[len(read) :]]
        for row, judged in self._judged(messages, len(read)):
            kept.append(Read(row.later, {key: one for key, one in judged.items() if one.reported or one.announced}))
            every = [
                self._compared(earlier, read, judged[earlier.key])
                for earlier in row.earlier
                if earlier.key in judged and self._answers(earlier, row.later, judged[earlier.key])
            ]
            surest = sorted((one for one in every if one.reported), key=lambda one: -one.probability)[:REPORTED]
            reported = tuple(self._conflict(one) for one in surest)
            undecided = tuple(one for one in every if one.undecided)
            if reported or undecided:
                read[-1] = replace(read[-1], reported=reported, undecided=undecided)
        self._kept.keep(history, kept)
        return read

    def _judged(self, messages: Sequence[Message], start: int) -> Iterator[tuple[Row, dict[str, Judgement]]]:
        """The messages from the place `start` on, each with what was made of it and of those before it."""
        for block in range(start, len(messages), ROWS_AT_ONCE):
            rows = [row_of(messages, at) for at in range(block, min(block + ROWS_AT_ONCE, len(messages)))]
            yield from zip(rows, self._judge.judge(rows), strict=True)

    def _answers(self, earlier: Message, later: Message, judged: Judgement) -> bool:
        return judged.reported or self._undecided(earlier, later, judged)

    def _undecided(self, earlier: Message, later: Message, judged: Judgement) -> bool:
        return self._reviewer is not None and self._judge.undecided(earlier, later, judged)

    def _compared(self, earlier: Message, read: Sequence[Read], found: Judgement) -> Compared:
        """The last of `read` with one before it."""
        later = read[-1].message
        undecided = self._undecided(earlier, later, found)
        by = settled(earlier, read, found) if found.reported or undecided else None
        return Compared(earlier, later, found, by, found.reported and by is None, undecided and by is None)

    def _conflict(self, one: Compared) -> Conflict:
        return conflict(one.earlier, one.later, self._judge.words(one.earlier, one.later, one.judged), self._lexicon)


def row_of(messages: Sequence[Message], at: int) -> Row:
    """With those in reach that are `in_force`, asked of all of them at once."""
    later = messages[at]
    sent, corrected = later.event.time, later.event.data.corrects
    earlier = messages[max(0, at - REACH) : at]
    if corrected is not None:
        earlier = [one for one in earlier if one.event.id != corrected]
    return Row(later, tuple(one for one in earlier if one.until is None or one.until >= sent))


def in_force(earlier: Message, later: Message) -> bool:
    """The earlier message still counts when the later one is sent, and is not what that one corrects."""
    return (
        earlier.until is None or earlier.until >= later.event.time
    ) and later.event.data.corrects != earlier.event.id


def settled(earlier: Message, read: Sequence[Read], found: Judgement) -> Message | None:
    """The message between the two that announced a change of what the earlier one said, and the last of `read`, of
    which something was `found`, follows."""
    last = read[-1]
    later = last.message
    for one in since(earlier, read):
        middle = one.message
        if not earlier.event.time < middle.event.time < later.event.time:
            continue
        if middle.event.data.corrects == earlier.event.id:
            return middle
        change = one.said.get(earlier.key)
        if change is None or not change.announced or not in_force(middle, later):
            continue
        if change.change is not None and found.finding is not None:
            if change.change.a.attribute == found.finding.a.attribute:
                return middle
        elif not last.said.get(middle.key, NOTHING).reported:
            return middle
    return None


def since(earlier: Message, read: Sequence[Read]) -> Sequence[Read]:
    """Those after the earlier message, without the last."""
    after = 1
    while after < len(read) and read[-1 - after].message is not earlier:
        after += 1
    return read[len(read) - after : -1]


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
        values=(
            value_of(as_compared(found.a, found.b), earlier.event),
            value_of(as_compared(found.b, found.a), later.event),
        ),
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
