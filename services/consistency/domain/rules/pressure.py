"""Pressure: more promotional messages than the cap within the window, over all departments together."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from services.consistency.domain import naming
from services.consistency.domain.conflict import Conflict
from services.consistency.domain.detector import Rule
from services.consistency.domain.history import History
from services.consistency.domain.promotional import IsPromotional
from shared.events import MessageEvent


def pressure_rule(is_promotional: IsPromotional, cap: int, window: timedelta) -> Rule:
    def rule(history: History) -> Iterator[Conflict]:
        new = next((message for message in history.new if is_promotional(message)), None)
        if new is None or len(history.messages) <= cap:
            return
        promotional = [message for message in history.messages if is_promotional(message)]
        for burst in bursts(promotional, cap, window):
            if burst[-1].time >= new.time:
                yield pressure_conflict(burst, cap, window)

    return rule


def bursts(messages: Sequence[MessageEvent], cap: int, window: timedelta) -> Iterator[Sequence[MessageEvent]]:
    """The messages of each burst, in order: all those within the window of its first.

    What a burst holds is counted once: the next begins after it, so that a long run of messages is a burst a
    window, and six in a day are one.
    """
    first = 0
    while first + cap < len(messages):
        last = first
        while last < len(messages) and messages[last].time - messages[first].time <= window:
            last += 1
        if last - first > cap:
            yield messages[first:last]
            first = last
        else:
            first += 1


def pressure_conflict(burst: Sequence[MessageEvent], cap: int, window: timedelta) -> Conflict:
    first, over = burst[0], burst[cap]
    hours = f"{window.total_seconds() / 3600:g} hours"
    departments = sorted({naming.department(message) for message in burst})
    return Conflict(
        kind="pressure",
        a=first,
        b=over,
        attribute="promotional messages",
        subject=hours,
        reason=(
            f"{len(burst)} promotional messages reached the customer within {hours} of {naming.day(first.time)}, "
            f"from {', '.join(departments)}; at most {cap} may. The one sent by {naming.department(over)} by "
            f"{naming.channel(over.data.channel)} on {naming.day(over.time)} was the first too many."
        ),
        spans=(naming.opening(first), naming.opening(over)),
        confidence=1.0 if all(message.data.purpose for message in burst) else 0.8,
        rule="pressure",
        values=(f"cap {cap} in {hours}", ", ".join(sorted({message.data.department for message in burst}))),
    )
