"""A Kafka record as handlers see it, and a dead letter as operators see it."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Record:
    """`trace` is a W3C traceparent, opaque to handlers: pass it on with what the record causes."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """Milliseconds since 1970 (UTC), as the broker has it."""
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes] = field(default_factory=dict)
    trace: str | None = None

    @property
    def place(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that cannot be processed, and why, in a sentence for its operators."""

    record: Record
    reason: str

    def to_json(self, consumer: str, now: datetime) -> bytes:
        """`{"reason", "consumer", "topic", "partition", "offset", "at", "key", "value", "trace"}`.

        The original key and value are in base64, `at` is RFC 3339.
        """
        plain: dict[str, Any] = {
            "reason": self.reason,
            "consumer": consumer,
            "topic": self.record.topic,
            "partition": self.record.partition,
            "offset": self.record.offset,
            "at": now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "key": base64.b64encode(self.record.key or b"").decode(),
            "value": base64.b64encode(self.record.value or b"").decode(),
            "trace": self.record.trace,
        }
        return orjson.dumps(plain)
