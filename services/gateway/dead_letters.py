"""Dead letters as operators see them: where a record came from, why it could not be processed, its bytes."""

import base64
import binascii

import orjson

from services.gateway.ring import Entry, Ring
from services.gateway.shapes import DeadLetter, DeadLetterPage, Shown

MAX_SHOWN = 2_000
"""Characters of a record's value that are shown."""


def page(ring: Ring, limit: int, before: int | None) -> DeadLetterPage:
    """Newest first; `next` is the offset below which the next page starts."""
    found = ring.newest(before, limit + 1)
    shown = [rendered(entry) for entry in found[:limit]]
    return {"items": shown, "next": str(found[limit - 1].offset) if len(found) > limit else None}


def rendered(entry: Entry) -> DeadLetter:
    """A record that is itself no dead letter is shown as one, so that nothing is hidden."""
    try:
        plain = orjson.loads(entry.value)
        return {
            "id": entry.offset,
            "reason": str(plain["reason"]),
            "consumer": str(plain["consumer"]),
            "origin": {
                "topic": str(plain["topic"]),
                "partition": int(plain["partition"]),
                "offset": int(plain["offset"]),
            },
            "at": str(plain["at"]),
            "key": shown(base64.b64decode(plain["key"])),
            "value": shown(base64.b64decode(plain["value"])),
            "trace": plain.get("trace"),
        }
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, binascii.Error) as error:
        return {
            "id": entry.offset,
            "reason": f"not a dead letter: {type(error).__name__}",
            "consumer": "",
            "origin": {"topic": "", "partition": 0, "offset": 0},
            "at": "",
            "key": shown(b""),
            "value": shown(entry.value),
            "trace": None,
        }


def shown(raw: bytes) -> Shown:
    """UTF-8 where it is; other bytes and what does not print as escapes, so that it can be put anywhere."""
    text = raw[: MAX_SHOWN * 4].decode("utf-8", "backslashreplace")
    printable = "".join(char if char.isprintable() or char == "\n" else escaped(char) for char in text[:MAX_SHOWN])
    return {"text": printable, "bytes": len(raw), "cut": len(text) > MAX_SHOWN or len(raw) > MAX_SHOWN * 4}


def escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()
