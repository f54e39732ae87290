"""Opaque cursors of keyset paging: the sort key of the last item shown."""

import base64
import binascii

import orjson


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
    return tuple(key)
