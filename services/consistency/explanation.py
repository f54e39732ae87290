"""What the detector read in messages and what it made of every two of them, as lines of text for people."""

from collections.abc import Iterable, Iterator, Sequence

from services.consistency.domain.conflict import Conflict
from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.message import Message
from services.consistency.domain.contradiction.reasons import value_of
from services.consistency.domain.contradiction.rule import Compared, Contradictions
from shared.events import CustomerEvent, EmbargoEvent, MessageEvent, timestamp

WORTH_TELLING = 0.1
"""From what probability on a pair of messages that was not reported is listed."""


def explained(conflict: Conflict) -> Iterator[str]:
    yield f"{conflict.kind}: {conflict.reason}"
    yield f"  decided by {conflict.rule}, {conflict.attribute}, confidence {conflict.confidence:.2f}"
    for event in (conflict.a, conflict.b):
        yield f"  {in_words(event, conflict)}"


def in_words(event: CustomerEvent | EmbargoEvent, conflict: Conflict) -> str:
    spans = " … ".join(span.text for span in conflict.spans if span.event == event.id)
    who = f"{event.id} {timestamp(event.time)}"
    if isinstance(event, MessageEvent):
        return f"{who} {event.data.department} by {event.data.channel}: {spans or event.data.text}"
    return f"{who} {event.type.split('.')[1]}"


def read_in(events: Iterable[MessageEvent], rule: Contradictions) -> Iterator[str]:
    """Each message with the claims that were read in it."""
    for event in events:
        said = event.data
        yield f"{event.id} {timestamp(event.time)} {said.department} by {said.channel}: {' '.join(said.text.split())}"
        message = rule.message(event)
        if not message.claims:
            yield "  no typed claim"
        for claim in message.claims:
            yield f"  {described(claim, message)}"


def described(claim: Claim, message: Message) -> str:
    """One claim: its words, what it is of, its value, and what limits it."""
    words = claim.text if claim.structured else message.event.data.text[claim.start : claim.end]
    matter = " ".join(part for part in (claim.kind, claim.attribute or claim.dimension) if part)
    subject = sorted({message.reading.spelling.get(name, name) for name in claim.names} | claim.refs)
    more = [
        f"of {', '.join(subject)}" if subject else "",
        claim.bound.replace("_", " "),
        "about" if claim.approximate else "",
        f"if {', '.join(sorted(claim.conditions))}" if claim.conditions else "",
        "ends" if claim.until else "",
        "" if claim.mode == "asserted" else claim.mode,
        "announced as a change" if claim.changed else "",
        "from the structured claims" if claim.structured else "",
    ]
    return "; ".join([f"“{' '.join(words.split())}”  {matter} = {value_of(claim, message.event)}", *filter(None, more)])


def paired(compared: Iterable[Compared]) -> Iterator[str]:
    """What was made of each two messages, those with nothing to say left out."""
    for one in compared:
        if one.reported or one.settled is not None or one.probability >= WORTH_TELLING:
            yield f"{one.earlier.event.id} ~ {one.later.event.id}: {outcome(one)}"
            yield from (f"  {line}" for line in grounds(one))


def outcome(one: Compared) -> str:
    if one.settled is not None:
        return f"not a conflict: {one.settled.event.id} announced the change in between"
    return f"{'a conflict' if one.reported else 'not reported'}, probability {one.probability:.2f}"


def grounds(one: Compared) -> Iterator[str]:
    for name, finding in (("rules", one.judged.finding), ("announced change", one.judged.change)):
        if finding is not None:
            first, second = described(finding.a, one.earlier), described(finding.b, one.later)
            yield f"{name} {finding.strength:.2f}: {first}  against  {second}"
    verdict = one.judged.verdict
    if verdict is not None:
        yield f"comparer: conflict {verdict.conflict:.2f}, change {verdict.change:.2f}, same {verdict.same:.2f}"


def account(events: Sequence[MessageEvent], compared: Iterable[Compared], rule: Contradictions) -> Iterator[str]:
    """Claims first, then pairs."""
    yield from read_in(events, rule)
    lines = list(paired(compared))
    yield from lines or ["no two messages come near a conflict"]
