"""Consent: a promotional message on a channel after consent for it was withdrawn and before it was granted again."""

from collections.abc import Iterable, Iterator

from services.consistency.domain import naming
from services.consistency.domain.conflict import Conflict
from services.consistency.domain.detector import Rule
from services.consistency.domain.history import History
from services.consistency.domain.promotional import IsPromotional
from shared.events import ConsentEvent, MessageEvent

ALL_CHANNELS = "*"


def consent_rule(is_promotional: IsPromotional) -> Rule:
    def rule(history: History) -> Iterator[Conflict]:
        if not history.consents:
            return
        for message in history.new:
            withdrawal = withdrawal_for(message, history.consents)
            if withdrawal and is_promotional(message):
                yield consent_conflict(withdrawal, message)

    return rule


def withdrawal_for(message: MessageEvent, consents: Iterable[ConsentEvent]) -> ConsentEvent | None:
    """The last word on the message's channel before it went out, if that word was a withdrawal."""
    last = None
    for consent in consents:
        if consent.time < message.time and consent.data.channel in (message.data.channel, ALL_CHANNELS):
            last = consent
    return last if last and last.data.status == "withdrawn" else None


def consent_conflict(withdrawal: ConsentEvent, message: MessageEvent) -> Conflict:
    scope, used = naming.channel(withdrawal.data.channel), naming.channel(message.data.channel)
    return Conflict(
        kind="consent",
        a=withdrawal,
        b=message,
        attribute="consent",
        subject=message.data.channel,
        reason=(
            f"{naming.department(message)} sent advertising by {used} on {naming.day(message.time)}, but the customer "
            f"withdrew consent for {scope} on {naming.day(withdrawal.time)} and has not granted it again since."
        ),
        spans=(naming.opening(message),),
        confidence=1.0 if message.data.purpose else 0.8,
        rule="consent",
        values=(f"withdrawn {withdrawal.data.channel}", f"promotional {message.data.channel}"),
    )
