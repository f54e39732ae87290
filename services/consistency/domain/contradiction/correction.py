"""What no longer counts: statements that ran out, were corrected, or changed with an announcement."""

from datetime import datetime

from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.dates import Moment, days_of
from services.consistency.domain.contradiction.message import Message
from shared.events import MessageEvent


def announced(earlier: Message, later: Message, claim: Claim) -> bool:
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
