"""A Kafka record as handlers see it, and a dead letter as operators see it.

What fails, is replayed and fails again brings its history with it: the replayed record has it in the header `HISTORY`,
and the dead letter that it becomes takes it from there. Handlers and consumers know nothing of it.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

HISTORY = "dead-letter"
"""The header of a replayed record: a JSON list of its earlier dead letters, oldest first, `MAX_HISTORY` at the most."""
MAX_HISTORY = 10
MAX_HISTORY_BYTES = 64 * 1024

History = list[dict[str, Any]]
"""`[{"offset", "consumer", "reason", "at", "round", "by", "replayed_at"}]`: `offset` is the letter's on `dead-letters`,
`round` counts the replays of the record from 1, `by` and `replayed_at` say who replayed it then."""


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
        """`{"reason", "consumer", "topic", "partition", "offset", "at", "key", "value", "trace", "history"}`.

        The original key and value are in base64, null where the record had none; `at` is RFC 3339; for `history` see
        `History`.
        """
        plain: dict[str, Any] = {
            "reason": self.reason,
            "consumer": consumer,
            "topic": self.record.topic,
            "partition": self.record.partition,
            "offset": self.record.offset,
            "at": now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "key": _base64(self.record.key),
            "value": _base64(self.record.value),
            "trace": self.record.trace,
            "history": history_of(self.record.headers),
        }
        return orjson.dumps(plain)


def history_of(headers: Mapping[str, bytes]) -> History:
    """The earlier dead letters of a replayed record; empty of any other, also where the header cannot be read."""
    raw = headers.get(HISTORY, b"")
    if not raw or len(raw) > MAX_HISTORY_BYTES:
        return []
    try:
        plain = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return []
    return [one for one in plain if isinstance(one, dict)][-MAX_HISTORY:] if isinstance(plain, list) else []


def _base64(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode()
