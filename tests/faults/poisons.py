"""Records that no consumer can process, by kind; straight onto the topics, as a broken producer would put them."""

import random
from collections.abc import Callable
from typing import Any

import orjson

from shared.kafka.topics import CONFLICTS, POLICIES, TOUCHPOINTS

Json = dict[str, Any]
MEGABYTE = 1_000_000
"""Characters of the text that is too long; with its envelope just under what a broker takes by default."""
CONSUMERS = {
    TOUCHPOINTS: ("journey", "consistency"),
    CONFLICTS: ("journey-marks",),
    POLICIES: ("consistency-policies",),
}
"""Who makes a dead letter of a poison on the topic."""


def event(number: int, **changes: Any) -> Json:
    data = {"customer": {"id": "c-poison"}, "department": "sales", "channel": "email", "direction": "outbound"}
    envelope = {
        "specversion": "1.0",
        "id": f"poison-{number}",
        "source": "//broken.example.com",
        "type": "touchpoint.message.v1",
        "time": "2026-03-02T09:00:00Z",
        "data": {**data, "text": "Your invoice for March is ready."},
    }
    return envelope | changes


def with_data(number: int, **changes: Any) -> Json:
    plain = event(number)
    return plain | {"data": plain["data"] | changes}


def embargo(number: int, **changes: Any) -> Json:
    data = {"department": "executive", "matter": "A merger", "terms": [], "until": "2027-01-01T00:00:00Z"}
    return event(number, type="touchpoint.embargo.v1", data=data | changes)


def of_the_future(number: int) -> bytes:
    return orjson.dumps(embargo(number) | {"type": "touchpoint.embargo.v2"})


def conflict(number: int, **changes: Any) -> Json:
    side = {"source": "//broken.example.com", "id": f"poison-{number}"}
    return {"id": f"p-{number}", "customer": "c-poison", "a": side, "b": side, "state": "open", "revision": 1} | changes


def noise(number: int) -> bytes:
    """Bytes that are neither UTF-8 nor of any form."""
    return b"\xff\xfe" + random.Random(number).randbytes(200)


def long_text(number: int) -> str:
    return f"{number} ".ljust(MEGABYTE, "x")


Poison = Callable[[int], bytes | None]

POISONS: dict[str, dict[str, Poison]] = {
    TOUCHPOINTS: {
        "unreadable bytes": noise,
        "nothing": lambda _: None,
        "empty": lambda _: b"",
        "not an object": lambda number: orjson.dumps([number]),
        "cut short": lambda number: orjson.dumps(event(number))[:-9],
        "brackets without end": lambda _: b"[" * 200_000,
        "half a surrogate pair": lambda number: orjson.dumps(with_data(number, text="?")).replace(b"?", b"\\ud800"),
        "wrong schema": lambda number: orjson.dumps(with_data(number, channel="pigeon", text=number)),
        "without data": lambda number: orjson.dumps({"specversion": "1.0", "id": str(number)}),
        "an unknown field": lambda number: orjson.dumps(with_data(number, colour="red")),
        "a clock beyond the calendar": lambda number: orjson.dumps(event(number, time="9999-12-31T23:59:59-23:59")),
        "an event of a future version": lambda number: orjson.dumps(event(number, type="touchpoint.message.v2")),
        "an envelope of a future version": lambda number: orjson.dumps(event(number, specversion="2.0")),
        "a text of a megabyte": lambda number: orjson.dumps(with_data(number, text=long_text(number))),
        "an embargo": lambda number: orjson.dumps(embargo(number)),
    },
    CONFLICTS: {
        "unreadable bytes": noise,
        "nothing": lambda _: None,
        "not an object": lambda number: orjson.dumps([number]),
        "without sides": lambda number: orjson.dumps(conflict(number, a=None)),
        "a revision in words": lambda number: orjson.dumps(conflict(number, revision="first")),
        "a revision beyond 63 bits": lambda number: orjson.dumps(conflict(number, revision=2**63)),
        "a text of a megabyte": lambda number: orjson.dumps(conflict(number, a=long_text(number))),
    },
    POLICIES: {
        "unreadable bytes": noise,
        "wrong schema": lambda number: orjson.dumps(embargo(number, until="soon")),
        "an event of a future version": lambda number: orjson.dumps(
            embargo(number) | {"type": "touchpoint.embargo.v2"}
        ),
        "an event of a customer": lambda number: orjson.dumps(event(number)),
        "a matter of a megabyte": lambda number: orjson.dumps(embargo(number, matter=long_text(number))),
    },
}
