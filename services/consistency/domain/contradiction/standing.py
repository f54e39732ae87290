"""What a customer was told and still holds."""

from dataclasses import dataclass
from datetime import datetime

from services.consistency.domain.conflict import Span
from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.compare import Said, clash
from services.consistency.domain.contradiction.correction import ended
from services.consistency.domain.contradiction.lexicon import Lexicon
from services.consistency.domain.contradiction.message import Message, Reader
from services.consistency.domain.contradiction.reasons import value_of
from services.consistency.domain.contradiction.relatedness import Relatedness
from services.consistency.domain.contradiction.rule import span, spelled
from services.consistency.domain.history import History
from services.consistency.domain.similarity import NoSimilarity
from shared.events import MessageEvent


@dataclass(frozen=True, slots=True)
class StandingClaim:
    """`subject` was told `text`; `superseded_by` is the later event that says otherwise, None while it stands."""

    subject: str
    attribute: str
    text: str
    value: str
    event: MessageEvent
    span: Span
    valid_until: datetime | None
    superseded_by: str | None


def standing_claims(history: History, now: datetime, lexicon: Lexicon) -> list[StandingClaim]:
    """By time, latest last: statements on a known attribute that had not run out at `now`."""
    reader = Reader(lexicon)
    relatedness = Relatedness(lexicon, NoSimilarity())
    messages = [reader.message(event) for event in history.messages if event.time <= now]
    found: dict[tuple[str, str, str], StandingClaim] = {}
    for at, message in enumerate(messages):
        until = message.event.data.valid_until
        if until is not None and until < now:
            continue
        for claim in message.claims:
            if claim.mode != "asserted" or not claim.attribute or not claim.text or is_general(claim, lexicon):
                continue
            if claim.until is not None and ended(claim.until, message.event.time, now):
                continue
            value = value_of(claim, message.event)
            if (message.event.id, claim.attribute, value) in found:
                continue
            later = superseding(message, claim, messages[at + 1 :], lexicon, relatedness)
            found[message.event.id, claim.attribute, value] = StandingClaim(
                subject=spelled(claim.names, message) or ", ".join(sorted(claim.refs)),
                attribute=claim.attribute,
                text=claim.text,
                value=value,
                event=message.event,
                span=span(message.event, claim),
                valid_until=until,
                superseded_by=later,
            )
    return list(found.values())


GENERAL = 0.7
"""The `need` from which on a statement says too little by itself: "possible: yes" tells nobody what."""


def is_general(claim: Claim, lexicon: Lexicon) -> bool:
    return claim.kind == "axis" and float(lexicon.axes[claim.attribute].get("need", 0.0)) >= GENERAL


def superseding(
    message: Message, claim: Claim, following: list[Message], lexicon: Lexicon, relatedness: Relatedness
) -> str | None:
    for later in following:
        for other in later.claims:
            if other.kind != claim.kind or other.mode != "asserted":
                continue
            if (
                clash(Said(claim, message.event.time), Said(other, later.event.time), lexicon)
                and relatedness.probability(claim, other, message, later) >= lexicon.threshold
            ):
                return later.event.id
    return None
