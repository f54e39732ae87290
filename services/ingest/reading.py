"""Reads events out of a request in the three CloudEvents HTTP modes.

Source: CloudEvents HTTP protocol binding 1.0.2, section 3; JSON event format 1.0.2, sections 2 to 4.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote_to_bytes

import orjson
from pydantic import TypeAdapter, ValidationError

from services.ingest.strict_json import Mistake, load, mistakes
from shared.events import EVENT_TYPES, MAX_BATCH_EVENTS, MAX_EVENT_BYTES, digest, identity_of, to_json
from shared.events.models import EVENT, CustomerEvent, EmbargoEvent, Event
from shared.web.problems import errors_of, problem

Mode = Literal["binary", "structured", "batched"]
Headers = Iterable[tuple[bytes, bytes]]
Errors = list[Mistake]

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
JSON = "application/json"
MODES = (
    f"Send one event as {STRUCTURED}, or to {MAX_BATCH_EVENTS:,} as {BATCHED}, "
    f"or one with its attributes in ce- headers and its data as {JSON}."
)
MAX_ERRORS = 50
"""Mistakes told of one event."""
EVENTS: TypeAdapter[list[CustomerEvent | EmbargoEvent]] = TypeAdapter(list[Event])


@dataclass(frozen=True, slots=True)
class Candidate:
    """An event that keeps the contract, with the bytes it goes on as."""

    event: CustomerEvent | EmbargoEvent
    canonical: bytes
    identity: str
    digest: str


@dataclass(frozen=True, slots=True)
class Refused:
    """What is wrong with an event; `id` and `source` as far as they could be read."""

    status: int
    reason: str
    errors: Errors
    id: str | None = None
    source: str | None = None


Reading = Candidate | Refused


def mode_of(content_type: str | None, headers: Headers) -> Mode:
    """Raises 415 where the media type is none of the three modes'."""
    media_type, _, parameters = (content_type or "").partition(";")
    media_type = media_type.strip().lower()
    if not is_utf8(parameters):
        raise problem(415, "JSON is read as UTF-8 here.")
    if media_type == BATCHED:
        return "batched"
    if media_type == STRUCTURED:
        return "structured"
    if media_type == JSON and any(name.startswith(b"ce-") for name, _ in headers):
        return "binary"
    raise problem(415, MODES)


def is_utf8(parameters: str) -> bool:
    for parameter in parameters.lower().split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset":
            return value.strip(' "') in {"utf-8", "utf8", "us-ascii"}
    return True


def split(mode: Mode, headers: Headers, body: bytes) -> tuple[list[Any], bytes]:
    """The events as plain JSON values, and the bytes of the whole; raises 400, 413 or 422."""
    if mode == "binary":
        body = assemble(headers, body)
    whole = load(body)
    if mode != "batched":
        return [whole], body
    if not isinstance(whole, list):
        raise problem(400, "A batch is a JSON array of events.")
    if not whole:
        raise problem(400, "The batch is empty.")
    if len(whole) > MAX_BATCH_EVENTS:
        raise problem(413, f"A batch takes {MAX_BATCH_EVENTS:,} events, this one has {len(whole):,}.")
    return whole, body


def assemble(headers: Headers, data: bytes) -> bytes:
    """The event in JSON out of the `ce-` headers and the data, which is taken over byte for byte."""
    load(data)
    attributes: dict[str, str] = {}
    for header, value in headers:
        if not header.startswith(b"ce-"):
            continue
        name = header[3:].decode("latin-1")
        if name in attributes or name in {"data", "datacontenttype", "data_base64"}:
            raise problem(400, f"The header ce-{name} is sent more than once, or must not be sent.")
        attributes[name] = header_text(name, value)
    return orjson.dumps(attributes)[:-1] + b',"data":' + data + b"}"


def header_text(name: str, value: bytes) -> str:
    """Undoes the quotes of RFC 9110 (section 5.6.4), then the percent-encoding of UTF-8, once."""
    value = value.strip()
    if len(value) >= 2 and value[:1] == value[-1:] == b'"':
        value = value[1:-1].replace(b'\\"', b'"').replace(b"\\\\", b"\\")
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        raise problem(400, f"The header ce-{name} is not percent-encoded UTF-8.") from None


def read(mode: Mode, items: list[Any], body: bytes) -> list[Reading]:
    """One reading an event of what `split` gave, in order.

    Most requests are right, so all is validated at once from the bytes; where anything is wrong, each event
    by itself.
    """
    unfit = mistakes(items, body)
    if not unfit:
        events = right_at_once(mode, body)
        if events is not None:
            return [candidate(event) for event in events]
    return [unfit_json(item, unfit[i]) if i in unfit else read_one(item) for i, item in enumerate(items)]


def right_at_once(mode: Mode, body: bytes) -> list[CustomerEvent | EmbargoEvent] | None:
    try:
        return EVENTS.validate_json(body) if mode == "batched" else [EVENT.validate_json(body)]
    except ValidationError:
        return None


def read_one(item: Any) -> Reading:
    if not isinstance(item, dict):
        return Refused(422, "not an event", [{"path": "$", "reason": "an event is a JSON object"}])
    kind = item.get("type")
    if not isinstance(kind, str) or kind not in EVENT_TYPES:
        said = "is missing" if kind is None else f"{str(kind)[:100]!r} is not known"
        reason = f"the type {said}; known are {', '.join(EVENT_TYPES)}"
        return refused(item, 422, "unknown type", [{"path": "$.type", "reason": reason}])
    if "data_base64" in item:
        mistake = {"path": "$.data_base64", "reason": "send the data as JSON in 'data'"}
        return refused(item, 422, "not valid", [mistake])
    try:
        return candidate(EVENT.validate_json(orjson.dumps(item)))
    except ValidationError as error:
        errors = errors_of(error)
        return refused(item, 422, f"{len(errors)} mistake{'s' if len(errors) > 1 else ''}", errors[:MAX_ERRORS])


def candidate(event: CustomerEvent | EmbargoEvent) -> Reading:
    canonical = to_json(event)
    if len(canonical) > MAX_EVENT_BYTES:
        reason = f"an event takes {MAX_EVENT_BYTES:,} bytes, this one has {len(canonical):,}"
        return Refused(413, reason, [{"path": "$", "reason": reason}], event.id, event.source)
    return Candidate(event, canonical, identity_of(event), digest(canonical))


def unfit_json(item: Any, mistake: Mistake) -> Refused:
    return refused(item, 422, mistake["reason"], [mistake])


def refused(item: Any, status: int, reason: str, errors: Errors) -> Refused:
    return Refused(status, reason, errors, short_text(item, "id"), short_text(item, "source"))


def short_text(item: Any, name: str) -> str | None:
    value = item.get(name) if isinstance(item, dict) else None
    return value if isinstance(value, str) and len(value) <= 500 else None
