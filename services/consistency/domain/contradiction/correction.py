"""What no longer counts: statements that ran out, were corrected, or changed with an announcement."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.dates import Moment, days_of
from services.consistency.domain.contradiction.lexicon import Lexicon
from services.consistency.domain.contradiction.relatedness import Relatedness
from shared.events import MessageEvent

if TYPE_CHECKING:
    from services.consistency.domain.contradiction.rule import Finding, Message


def announced(earlier: "Message", later: "Message", claim: Claim) -> bool:
    """The later message says that it changes or corrects what was said."""
    return later.event.data.corrects == earlier.event.id or claim.changed


def expired(a: Claim, b: Claim, earlier: MessageEvent, later: MessageEvent) -> bool:
    """The earlier statement had run out when the later message was sent."""
    until = earlier.data.valid_until
    if until is not None and until < later.time:
        return True
    return a.until is not None and ended(a.until, earlier.time, later.time)


def ended(until: Moment, said: datetime, now: datetime) -> bool:
    days = days_of(until, said)
    return days is not None and days[1] < now.date()


def settled(
    earlier: "Message",
    later: "Message",
    found: "Finding",
    messages: Sequence["Message"],
    lexicon: Lexicon,
    relatedness: Relatedness,
) -> bool:
    """An announced change between the two (or the later one's own `corrects`) took the earlier statement back."""
    from services.consistency.domain.contradiction.rule import compare_messages

    for middle in messages:
        if not earlier.event.time < middle.event.time < later.event.time:
            continue
        if middle.event.data.corrects == earlier.event.id:
            return True
        change = compare_messages(earlier, middle, lexicon, relatedness, changes=True)
        if change is not None and change.a.attribute == found.a.attribute:
            return True
    return False
