"""What the OpenAPI document says of the route; the examples are the contract's own."""

from typing import Any

from fastapi import FastAPI

from services.ingest.reading import BATCHED, JSON, STRUCTURED
from shared.events import EVENT_TYPES, MAX_BATCH_EVENTS
from shared.events.schema import any_of, example, reference, schemas
from shared.web.documentation import complete

DESCRIPTION = f"""One event (binary or structured mode) or to {MAX_BATCH_EVENTS:,} (batched mode), as CloudEvents 1.0.
The body may be compressed: `Content-Encoding: gzip`.

**One event** is answered 202 with the verdict `accepted` or `duplicate`, or with a problem.

**A batch** is answered 202 when every event is stored (accepted now, or known from before), and 207 when some are
not: each item has its verdict and the `status` it would have been answered by itself. Send again those with
`status` 503, correct the others. Any other answer is about the whole request: nothing of it was stored.

An event is known by `source` and `id`. The same content again is a `duplicate`; other content under the same
identity is refused with 409.

Binary mode carries the attributes in `ce-` headers, percent-encoded as the HTTP binding says, and the data as
`application/json`."""

PROBLEM = {"$ref": "#/components/schemas/Problem"}

PROBLEMS: dict[int, str] = {
    400: "Not JSON, not a batch, or headers that contradict the HTTP binding",
    401: "No key, or one that is not known",
    403: "The key is not a publisher's, or not of this department",
    408: "The body did not arrive in time",
    409: "This source and id were accepted before with other content",
    413: "The body, the event or the batch is too large",
    415: "Another media type, character set or content encoding",
    422: "Not an event of the contract; `errors` has the path and reason of each mistake",
    429: "More events than this key may publish; come back after `Retry-After` seconds",
    503: "The log is away or the service full; come back after `Retry-After` seconds",
}


def answers() -> dict[int | str, dict[str, Any]]:
    retry = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}}
    problems: dict[int | str, dict[str, Any]] = {
        status: {
            "description": description,
            "content": {"application/problem+json": {"schema": PROBLEM}},
            **({"headers": retry} if status in {429, 503} else {}),
        }
        for status, description in PROBLEMS.items()
    }
    batch = {"$ref": "#/components/schemas/BatchAnswer"}
    single = {"$ref": "#/components/schemas/SingleAnswer"}
    stored = {"description": "Stored", "content": {JSON: {"schema": {"anyOf": [single, batch]}}}}
    partly = {"description": "Some events of the batch are not stored", "content": {JSON: {"schema": batch}}}
    return {202: stored, 207: {**partly, "headers": retry}, **problems}


def body() -> dict[str, Any]:
    examples = {kind: {"value": example(kind)} for kind in EVENT_TYPES}
    data = [{"$ref": reference(kind)["$ref"].removesuffix("Event")} for kind in EVENT_TYPES]
    events = {"type": "array", "minItems": 1, "maxItems": MAX_BATCH_EVENTS, "items": any_of(EVENT_TYPES)}
    return {
        "required": True,
        "content": {
            STRUCTURED: {"schema": any_of(EVENT_TYPES), "examples": examples},
            BATCHED: {"schema": events, "example": [example(kind) for kind in EVENT_TYPES]},
            JSON: {
                "schema": {"anyOf": data},
                "examples": {kind: {"value": example(kind)["data"]} for kind in EVENT_TYPES},
            },
        },
    }


def header(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string", **schema}}


def headers() -> list[dict[str, Any]]:
    """Of the binary mode alone, so none is required."""
    return [
        header("ce-specversion", "Binary mode: the version of CloudEvents", enum=["1.0"]),
        header("ce-id", "Binary mode: the event's id", maxLength=256),
        header("ce-source", "Binary mode: the publishing system", maxLength=500),
        header("ce-type", "Binary mode: the event type", enum=list(EVENT_TYPES)),
        header("ce-time", "Binary mode: when it happened, RFC 3339", format="date-time"),
        header("Content-Encoding", "How the body is compressed", enum=["gzip", "identity"]),
    ]


EVENTS_DOCUMENTATION: dict[str, Any] = {
    "summary": "Publish one event or a batch",
    "description": DESCRIPTION,
    "status_code": 202,
    "responses": answers(),
    "openapi_extra": {"requestBody": body(), "parameters": headers(), "security": [{"key": []}]},
}

TEXT = {"type": "string"}
TEXT_OR_NULL = {"type": ["string", "null"]}
ERRORS = {
    "type": "array",
    "items": {"type": "object", "properties": {"path": TEXT, "reason": TEXT}, "required": ["path", "reason"]},
}


def component(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


ITEM = component(
    ("index", "verdict", "status", "id", "source"),
    index={"type": "integer"},
    verdict={"enum": ["accepted", "duplicate", "rejected"]},
    status={"type": "integer", "description": "What the event would have been answered by itself"},
    id=TEXT_OR_NULL,
    source=TEXT_OR_NULL,
    reason=TEXT,
    errors=ERRORS,
)
COUNT = {"type": "integer", "minimum": 0}
ANSWERS: dict[str, Any] = {
    "SingleAnswer": component(
        ("verdict", "id", "source"), verdict={"enum": ["accepted", "duplicate"]}, id=TEXT, source=TEXT
    ),
    "BatchAnswer": component(
        ("accepted", "duplicate", "rejected", "items"),
        accepted=COUNT,
        duplicate=COUNT,
        rejected=COUNT,
        items={"type": "array", "items": ITEM},
    ),
    "Problem": component(
        ("title", "status", "detail"),
        type=TEXT,
        title=TEXT,
        status={"type": "integer"},
        detail=TEXT,
        errors=ERRORS,
        items={"type": "array", "items": ITEM},
    ),
}


def document(app: FastAPI) -> None:
    """Adds the contract's schemas to the application's OpenAPI document."""
    complete(app, {**schemas(), **ANSWERS})
