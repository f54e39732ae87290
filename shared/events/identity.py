"""An event's identity (`source` + `id`), its record key and its content's digest."""

import hashlib

import orjson

from shared.events.models import CustomerEvent, EmbargoEvent, customer_of


def identity(source: str, event_id: str) -> str:
    """32 hex digits that stand for `source` + `id` in every store; equal pairs give equal identities."""
    return hashlib.sha256(f"{len(source)}:{source}{event_id}".encode()).hexdigest()[:32]


def identity_of(event: CustomerEvent | EmbargoEvent) -> str:
    return identity(event.source, event.id)


def to_json(event: CustomerEvent | EmbargoEvent) -> bytes:
    """The event in the CloudEvents JSON format, keys sorted: equal events give equal bytes.

    `datacontenttype` is left out: it can only be JSON, which is what the format assumes where it is absent,
    and an event must have the same bytes whether its sender wrote it in a header, in the body or not at all.
    """
    plain = event.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"datacontenttype"})
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def digest(canonical: bytes) -> str:
    """32 hex digits over the bytes of `to_json`; tells the same content from other content."""
    return hashlib.sha256(canonical).hexdigest()[:32]


def record_key(event: CustomerEvent | EmbargoEvent) -> bytes:
    """The Kafka key: the customer, or the policy's identity where the event binds all customers."""
    return (customer_of(event) or identity_of(event)).encode()
