"""What the journey keeps of an event: the event as it came, and the few fields that it is found by."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.journey.domain.terms import terms_of
from shared.events import (
    CaseEvent,
    ConsentEvent,
    CustomerEvent,
    DeliveryEvent,
    MessageEvent,
    digest,
    identity_of,
    to_json,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Touchpoint:
    """`moment` is the event's time in microseconds since 1970 (UTC): timelines are ordered by it, then by id."""

    id: str
    customer: str
    type: str
    event_id: str
    moment: int
    event: bytes
    digest: str
    department: str | None = None
    channel: str | None = None
    direction: str | None = None
    purpose: str | None = None
    words: str | None = None
    """Text and title, case folded, for finding words in one timeline."""
    terms: tuple[str, ...] | None = None
    """What the message is found by among those of all customers."""
    message: str | None = None
    """Of a delivery: the id of the message's event."""
    status: str | None = None
    reason: str | None = None
    """Of a delivery: why the message did not arrive."""
    case: str | None = None
    category: str | None = None
    arrived: int = 0
    """When Kafka took the event, in milliseconds since 1970."""


def touchpoint(event: CustomerEvent, arrived: int = 0) -> Touchpoint:
    raw = to_json(event)
    fields: dict[str, str | None] = {}
    terms: tuple[str, ...] | None = None
    match event:
        case MessageEvent(data=data):
            said = f"{data.title or ''}\n{data.text}"
            terms = terms_of(said)
            fields = {
                "department": data.department,
                "channel": data.channel,
                "direction": data.direction,
                "purpose": data.purpose,
                "words": said.casefold(),
            }
        case DeliveryEvent(data=data):
            fields = {"message": data.message, "status": data.status, "reason": data.reason}
        case CaseEvent(data=data):
            fields = {
                "department": data.department,
                "case": data.case,
                "status": data.status,
                "category": data.category,
            }
        case ConsentEvent(data=data):
            fields = {"channel": data.channel, "status": data.status}
    return Touchpoint(
        id=identity_of(event),
        customer=event.data.customer.id,
        type=event.type,
        event_id=event.id,
        moment=microseconds(event.time),
        event=raw,
        digest=digest(raw),
        arrived=arrived,
        terms=terms,
        **fields,
    )


def microseconds(moment: datetime) -> int:
    """Since 1970 (UTC), exactly."""
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def moment_of(moment: int) -> datetime:
    return EPOCH + timedelta(microseconds=moment)


def from_microseconds(moment: int) -> str:
    """RFC 3339 in UTC."""
    return moment_of(moment).isoformat().replace("+00:00", "Z")
