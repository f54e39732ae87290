"""Opaque cursors of keyset paging: the sort key of the last item shown."""

import base64
import binascii

import orjson

from shared.web.problems import problem

MOST_NEGATIVE = -(2**63)
"""Stores keep integers of 64 bits."""


class BadCursor(ValueError):
    """Not a cursor that this service gave."""


def encode(*key: int | str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def decode(cursor: str, *kinds: type) -> tuple[int | str, ...]:
    """The sort key, with values of `kinds`; raises `BadCursor`."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        key = orjson.loads(raw)
    except (binascii.Error, ValueError) as error:
        raise BadCursor("this cursor was not given by this service") from error
    if not isinstance(key, list) or [type(part) for part in key] != list(kinds):
        raise BadCursor("this cursor was not given by this service")
    if any(type(part) is int and not MOST_NEGATIVE <= part < -MOST_NEGATIVE for part in key):
        raise BadCursor("this cursor was not given by this service")
    return tuple(key)


def key_in(cursor: str | None, *kinds: type) -> tuple[int | str, ...] | None:
    """As `decode`, of a page's query; raises a 422 problem."""
    try:
        return None if cursor is None else decode(cursor, *kinds)
    except BadCursor as error:
        raise problem(422, f"cursor: {error}") from error


def moment_and_id(cursor: str | None) -> tuple[int, str] | None:
    """The usual sort key, a moment in microseconds and an id; raises a 422 problem."""
    key = key_in(cursor, int, str)
    return None if key is None else (int(key[0]), str(key[1]))
