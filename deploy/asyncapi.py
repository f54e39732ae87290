"""The AsyncAPI 3.0 document of the topics, from the event models and the table of topics."""

from typing import Any

from shared.events import EVENT_TYPES
from shared.events.schema import example, reference, schemas
from shared.kafka.records import HISTORY, MAX_HISTORY
from shared.kafka.topics import DEAD_LETTERS, POLICIES, TOPICS, TOUCHPOINTS, Topic, retention_ms
from shared.retention import shipped
from shared.web.serve import VERSION

CLOUDEVENTS = "application/cloudevents+json"
JSON = "application/json"
EMBARGO = "touchpoint.embargo.v1"
EVENTS_OF: dict[str, tuple[str, ...]] = {
    TOUCHPOINTS: tuple(kind for kind in EVENT_TYPES if kind != EMBARGO),
    POLICIES: (EMBARGO,),
}
"""The event types a topic carries; other topics carry messages of their own, `RECORDS`."""

TEXT: dict[str, Any] = {"type": "string"}
TEXT_OR_NULL: dict[str, Any] = {"type": ["string", "null"]}
MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
MOMENT_OR_NULL: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}


def record(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}


def choice(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


KIND = choice("contradiction", "consent", "open_case", "embargo", "pressure")
EVENT_PLACE = record({"source": TEXT, "id": TEXT})
SENDER = record({"department": TEXT_OR_NULL, "campaign": TEXT_OR_NULL, "template": TEXT_OR_NULL})
SPAN = record({"event": TEXT, "start": COUNT, "end": COUNT, "text": TEXT})
CHANGE = record(
    {"state": TEXT, "by": TEXT_OR_NULL, "at": MOMENT, "reason": TEXT_OR_NULL},
    {"did": TEXT_OR_NULL, "detail": TEXT_OR_NULL},
)
ASSIGNEE = record({"kind": choice("person", "department"), "name": TEXT})

EARLIER = record(
    {
        "offset": {**COUNT, "description": "Of the earlier letter on dead-letters"},
        "consumer": TEXT,
        "reason": TEXT,
        "at": MOMENT,
        "round": {**COUNT, "description": "Counts the replays of the record from 1"},
        "by": TEXT,
        "replayed_at": MOMENT,
    }
)
HISTORY_OF_RECORD: dict[str, Any] = {"type": "array", "maxItems": MAX_HISTORY, "items": EARLIER}

RECORDS: dict[str, dict[str, dict[str, Any]]] = {
    "conflicts": {
        "Conflict": record(
            {
                "id": TEXT,
                "customer": TEXT,
                "kind": KIND,
                "attribute": TEXT_OR_NULL,
                "subject": TEXT_OR_NULL,
                "a": EVENT_PLACE,
                "b": EVENT_PLACE,
                "reason": TEXT,
                "spans": {"type": "array", "items": SPAN},
                "confidence": {"type": "number", "minimum": 0, "maximum": 1},
                "rule": TEXT,
                "state": choice("open", "settled", "withdrawn", "resolved", "dismissed"),
                "alert": TEXT_OR_NULL,
                "revision": {**COUNT, "description": "Grows with every change of this conflict"},
                "found_at": MOMENT,
                "updated_at": MOMENT,
            },
            {
                "departments": record({"a": TEXT_OR_NULL, "b": TEXT_OR_NULL}),
                "languages": {"type": "array", "items": TEXT, "description": "Of its messages, such as en"},
                "channel": {**TEXT_OR_NULL, "description": "Of the later message"},
                "told_at": {**MOMENT, "description": "When the later event was"},
                "corrected_at": {**TEXT_OR_NULL, "description": "When the company corrected one of a settled pair"},
            },
        ),
    },
    "alerts": {
        "Alert": record(
            {
                "id": TEXT,
                "kind": KIND,
                "attribute": TEXT_OR_NULL,
                "subject": TEXT_OR_NULL,
                "state": choice("open", "acknowledged", "resolved", "dismissed", "merged"),
                "severity": choice("critical", "high", "medium", "low"),
                "until": {**MOMENT_OR_NULL, "description": "When the acknowledgement ends"},
                "assignee": {"oneOf": [ASSIGNEE, {"type": "null"}]},
                "dismissal": {"enum": ["not_a_conflict", "tolerated", "duplicate", None]},
                "verdict": choice("right", "wrong", "undecided"),
                "judged_at": {**MOMENT_OR_NULL, "description": "When a decision or a correction said so"},
                "merged_into": {**TEXT_OR_NULL, "description": "The alert on which its conflicts count meanwhile"},
                "senders": record({"a": SENDER, "b": SENDER}),
                "values": record({"a": {}, "b": {}}),
                "customers": COUNT,
                "conflicts": COUNT,
                "first_seen": MOMENT,
                "last_seen": MOMENT,
                "reason": TEXT,
                "confidence": {"type": "number", "minimum": 0, "maximum": 1},
                "rules": {"type": "array", "items": TEXT, "description": "Those that found its newest conflicts"},
                "languages": {"type": "array", "items": TEXT, "description": "Of its newest messages, such as en"},
                "examples": {
                    "type": "array",
                    "maxItems": 5,
                    "items": record({"conflict": TEXT, "customer": TEXT}),
                },
                "history": {"type": "array", "items": CHANGE},
                "revision": {**COUNT, "description": "Grows with every change of this alert"},
            }
        ),
    },
    "dead-letters": {
        "DeadLetter": record(
            {
                "reason": TEXT,
                "consumer": TEXT,
                "topic": TEXT,
                "partition": COUNT,
                "offset": COUNT,
                "at": MOMENT,
                "key": {**TEXT_OR_NULL, "contentEncoding": "base64"},
                "value": {**TEXT_OR_NULL, "contentEncoding": "base64"},
                "trace": TEXT_OR_NULL,
                "history": HISTORY_OF_RECORD,
            }
        ),
        "DeadLetterReplayed": record(
            {
                "replayed": {
                    "type": "array",
                    "items": COUNT,
                    "description": "Offsets on dead-letters of the letters that this replay settled",
                },
                "by": TEXT,
                "at": MOMENT,
                "topic": TEXT,
                "partition": COUNT,
                "offset": COUNT,
            }
        ),
    },
}
HEADERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "content-type": {"type": "string"},
        "traceparent": {"type": "string", "description": "W3C trace context of what caused the record"},
    },
    "required": ["content-type"],
}
HISTORY_HEADER = {
    "type": "string",
    "contentMediaType": JSON,
    "contentSchema": HISTORY_OF_RECORD,
    "description": "On a replayed record alone: the dead letters that it was before, oldest first",
}


def headers(topic: Topic) -> dict[str, Any]:
    """What the gateway writes onto a topic of others is a replayed record."""
    replayed = {HISTORY: HISTORY_HEADER} if "gateway" in topic.producers and topic.name != DEAD_LETTERS else {}
    return {**HEADERS, "properties": {**HEADERS["properties"], **replayed}}


def asyncapi() -> dict[str, Any]:
    """One channel a topic, with who sends and who receives."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Onevoice topics",
            "version": VERSION,
            "description": "What the services tell each other through Kafka. Events are CloudEvents 1.0 in structured "
            "mode, canonical JSON: equal events have equal bytes. An event's identity is `source` and `id`; "
            "the same record may come more than once, and consumers change nothing then.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": JSON,
        "channels": {topic.name: channel(topic) for topic in TOPICS},
        "operations": {name: operation for topic in TOPICS for name, operation in operations(topic).items()},
        "components": {
            "messages": {name: message for topic in TOPICS for name, message in messages(topic).items()},
            "schemas": {**schemas(), **{name: one for own in RECORDS.values() for name, one in own.items()}},
        },
    }


def channel(topic: Topic) -> dict[str, Any]:
    retention = int(retention_ms(shipped().topics[topic.name]))
    configuration: dict[str, Any] = {"cleanup.policy": [topic.cleanup], "retention.ms": retention}
    if topic.max_record_bytes is not None:
        configuration["max.message.bytes"] = topic.max_record_bytes
    return {
        "address": topic.name,
        "description": f"{topic.carries}. Key: {topic.key}. Written by {', '.join(topic.producers)}; "
        f"read by {', '.join(topic.consumers)}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages(topic)},
        "bindings": {"kafka": {"topic": topic.name, "topicConfiguration": configuration, "bindingVersion": "0.5.0"}},
    }


def messages(topic: Topic) -> dict[str, dict[str, Any]]:
    """Messages by name: an event type, or the topic's own records."""
    if topic.name in EVENTS_OF:
        return {kind: event_message(kind, topic) for kind in EVENTS_OF[topic.name]}
    return {name: message(name, topic, JSON, {"$ref": f"#/components/schemas/{name}"}) for name in RECORDS[topic.name]}


def event_message(kind: str, topic: Topic) -> dict[str, Any]:
    shown = {"name": kind, "payload": {k: v for k, v in example(kind).items() if k != "datacontenttype"}}
    return {**message(kind, topic, CLOUDEVENTS, dict(reference(kind))), "examples": [shown]}


def message(name: str, topic: Topic, content_type: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "contentType": content_type,
        "headers": headers(topic),
        "payload": payload,
        "bindings": {"kafka": {"key": {"type": "string", "description": topic.key}, "bindingVersion": "0.5.0"}},
    }


def operations(topic: Topic) -> dict[str, dict[str, Any]]:
    """Each service's part, as the service sees it."""
    target = {"$ref": f"#/channels/{topic.name}"}
    sent = [(service, "send", "writes") for service in topic.producers]
    received = [(service, "receive", "reads") for service in topic.consumers]
    return {
        f"{service}.{action}.{topic.name}": {
            "action": action,
            "channel": target,
            "summary": f"{service} {verb} {topic.name}",
            "messages": [{"$ref": f"#/channels/{topic.name}/messages/{name}"} for name in messages(topic)],
        }
        for service, action, verb in sent + received
    }
