"""A conflict as the timeline carries it."""

from dataclasses import dataclass
from typing import Any

import orjson

from shared.events import identity


@dataclass(frozen=True, slots=True)
class Mark:
    """`events` are the identities of the two messages, `conflict` the record's JSON as it came."""

    id: str
    customer: str
    events: tuple[str, str]
    state: str
    revision: int
    conflict: bytes
    arrived: int = 0
    """When Kafka took the record, in milliseconds since 1970."""


def read_mark(value: bytes | None, arrived: int = 0) -> Mark:
    """Raises `ValueError` where the record is not a conflict."""
    plain: Any = orjson.loads(value or b"")
    try:
        mark = Mark(
            id=plain["id"],
            customer=plain["customer"],
            events=(identity(plain["a"]["source"], plain["a"]["id"]), identity(plain["b"]["source"], plain["b"]["id"])),
            state=plain["state"],
            revision=plain["revision"],
            conflict=orjson.dumps(plain),
            arrived=arrived,
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a conflict record: {type(error).__name__} at {error}") from error
    if not (isinstance(mark.id, str) and isinstance(mark.customer, str) and isinstance(mark.state, str)):
        raise ValueError("not a conflict record: id, customer and state are strings")
    if type(mark.revision) is not int:
        raise ValueError("not a conflict record: revision is a whole number")
    return mark
