"""What stands on the topic `dead-letters`: letters, and marks that say which of them were replayed."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from shared.events import timestamp
from shared.kafka.records import MAX_HISTORY, History

MAX_REASON = 1_000
MAX_EARLIER_REASON = 300
KEY_SHOWN = 120
"""Bytes of a record's key that are held for lists."""


class Unreadable(Exception):
    """The record is neither a letter nor a mark; the message says why."""


class Origin(NamedTuple):
    """Where a record stood; the digest of its bytes tells it from one that had the place before."""

    topic: str
    partition: int
    offset: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """All of a dead letter but the original bytes; `offset` is its own place on the topic, and its id."""

    offset: int
    reason: str
    consumer: str
    origin: Origin
    at: datetime | None
    key: bytes
    """The first `KEY_SHOWN` bytes."""
    size: int
    """Bytes of the original value."""
    trace: str | None
    history: tuple[dict[str, Any], ...]
    is_letter: bool = True
    """False: something else stands at this offset, and is shown so that nothing is hidden."""

    @property
    def round(self) -> int:
        """How often the record was replayed before it became this letter."""
        return max((number(earlier.get("round")) for earlier in self.history), default=0)


@dataclass(frozen=True, slots=True)
class Original:
    """A record as it was before it became a dead letter."""

    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Mark:
    """These letters were replayed, by whom and when."""

    letters: tuple[int, ...]
    by: str
    at: str

    def to_json(self, origin: Origin) -> bytes:
        """`{"replayed", "by", "at", "topic", "partition", "offset"}`; the last three are the record's place."""
        place = {"topic": origin.topic, "partition": origin.partition, "offset": origin.offset}
        return orjson.dumps({"replayed": self.letters, "by": self.by, "at": self.at, **place})


def read(offset: int, value: bytes) -> Letter | Mark:
    """A record of the topic; one that is neither is a letter without an origin, whose reason says so."""
    try:
        plain = plain_of(value)
        return mark_of(plain) if "replayed" in plain else letter_of(offset, plain)
    except Unreadable as error:
        nowhere = Origin("", 0, 0, hashlib.sha256(value).digest()[:16])
        return Letter(offset, f"not a dead letter: {error}", "", nowhere, None, b"", len(value), None, (), False)


def plain_of(value: bytes) -> dict[str, Any]:
    try:
        plain = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise Unreadable("no JSON") from error
    if not isinstance(plain, dict):
        raise Unreadable("no JSON object")
    return plain


def mark_of(plain: dict[str, Any]) -> Mark:
    letters = plain["replayed"]
    if not isinstance(letters, list):
        raise Unreadable("a mark without letters")
    return Mark(tuple(number(one) for one in letters), str(plain.get("by", "")), str(plain.get("at", "")))


def letter_of(offset: int, plain: dict[str, Any]) -> Letter:
    original = original_of(plain)
    digest = hashlib.sha256(
        b"%d:" % len(original.key or b"") + (original.key or b"") + (original.value or b"")
    ).digest()
    try:
        origin = Origin(str(plain["topic"]), int(plain["partition"]), int(plain["offset"]), digest[:16])
        history = plain.get("history") or []
        return Letter(
            offset,
            str(plain["reason"])[:MAX_REASON],
            str(plain["consumer"]),
            origin,
            moment(str(plain["at"])),
            (original.key or b"")[:KEY_SHOWN],
            len(original.value or b""),
            None if plain.get("trace") is None else str(plain["trace"]),
            tuple(one for one in history if isinstance(one, dict))[-MAX_HISTORY:],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}"[:200]) from error


def original_of(plain: dict[str, Any]) -> Original:
    return Original(decoded(plain, "key"), decoded(plain, "value"))


def decoded(plain: dict[str, Any], name: str) -> bytes | None:
    try:
        raw = plain[name]
        return None if raw is None else base64.b64decode(raw, validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise Unreadable(f"{name}: {type(error).__name__}") from error


def moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def number(plain: Any) -> int:
    return plain if isinstance(plain, int) and plain >= 0 else 0


def history_with(letters: Sequence[Letter], by: str, at: str) -> History:
    """What the replayed record carries: what its letters carried, and the letters themselves, the newest last.

    The letters are of one record, so all of them carried the same.
    """
    rounds = [
        {
            "offset": letter.offset,
            "consumer": letter.consumer,
            "reason": letter.reason[:MAX_EARLIER_REASON],
            "at": timestamp(letter.at) if letter.at else "",
            "round": letter.round + 1,
            "by": by,
            "replayed_at": at,
        }
        for letter in letters
    ]
    return [*letters[0].history, *rounds][-MAX_HISTORY:]
