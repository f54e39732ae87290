"""What makes conflicts one cause: kind, attribute, who said each side, and what each side said."""

import hashlib
from typing import Literal

from services.consistency.domain.conflict import Conflict
from services.consistency.domain.stored import Sender
from shared.events import CaseEvent, CustomerEvent, EmbargoEvent, MessageEvent, identity_of
from shared.reserved import is_reserved

Side = Literal["a", "b"]


def sender_of(event: CustomerEvent | EmbargoEvent) -> Sender:
    if isinstance(event, MessageEvent):
        return Sender(event.data.department, event.data.campaign, event.data.template)
    if isinstance(event, EmbargoEvent):
        return Sender(event.data.department, policy=identity_of(event))
    if isinstance(event, CaseEvent):
        return Sender(event.data.department)
    return Sender()


def senders_of(conflict: Conflict) -> tuple[Sender, Sender]:
    return sender_of(conflict.a), sender_of(conflict.b)


NO_ALERT = ""
"""Of a reserved customer's conflicts: they are stored and shown by name, and spread no further."""


def alert_of(customer: str, conflict: Conflict) -> str:
    return NO_ALERT if is_reserved(customer) else cause_of(conflict)


def cause_of(conflict: Conflict) -> str:
    """The alert's id, 32 hex digits; the same whichever side was said first."""
    sides = sorted(statements(senders_of(conflict), conflict.values))
    parts = [conflict.kind, conflict.attribute, *(part for side in sides for part in side)]
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()[:32]


def statements(senders: tuple[Sender, Sender], values: tuple[str, str]) -> tuple[tuple[str, str], tuple[str, str]]:
    """What each side is told by, in a cause."""
    return (senders[0].key, values[0]), (senders[1].key, values[1])


def ordered(senders: tuple[Sender, Sender], values: tuple[str, str]) -> tuple[Side, Side]:
    """The sides in an order that is the same for all conflicts of one cause."""
    a, b = statements(senders, values)
    return ("a", "b") if a <= b else ("b", "a")
