"""From records to stored touchpoints and marks."""

import time
from collections.abc import Sequence
from typing import Protocol

from pydantic import ValidationError

from services.journey.domain.mark import Mark, read_mark
from services.journey.domain.touchpoint import Touchpoint, touchpoint
from shared.events import EmbargoEvent, parse_event
from shared.kafka.records import DeadLetter, Record
from shared.telemetry.metrics import METRICS


class Touchpoints(Protocol):
    async def append(self, touchpoints: Sequence[Touchpoint]) -> frozenset[str]:
        """Stores each once, the first of an identity; answers identities that hold other content."""
        ...


class Marks(Protocol):
    async def mark(self, marks: Sequence[Mark]) -> None:
        """Keeps the newest revision of each conflict."""
        ...


async def append_to_timeline(records: Sequence[Record], store: Touchpoints) -> list[DeadLetter]:
    """Stores the events of a batch; answers those that cannot be read, or reuse an identity."""
    dead: list[DeadLetter] = []
    read: list[tuple[Record, Touchpoint]] = []
    first: dict[str, Touchpoint] = {}
    for record in records:
        try:
            point = _touchpoint(record)
        except ValueError as error:
            dead.append(DeadLetter(record, reason_of(error)))
            continue
        if first.setdefault(point.id, point).digest != point.digest:
            dead.append(DeadLetter(record, REUSED))
        else:
            read.append((record, point))
    reused = await store.append(list(first.values())) if first else frozenset()
    dead += [DeadLetter(record, REUSED) for record, point in read if point.id in reused]
    now = time.time()
    for record, _ in read:
        METRICS.delay("timeline", max(0.0, now - record.timestamp / 1000))
    return dead


REUSED = "identity reused: source and id are those of an event with other content, which stays"


def _touchpoint(record: Record) -> Touchpoint:
    event = parse_event(record.value or b"")
    if isinstance(event, EmbargoEvent):
        raise ValueError("an embargo has no customer: it belongs to the topic policies")
    return touchpoint(event, record.timestamp)


def reason_of(error: ValueError) -> str:
    """A sentence without the event's own words."""
    if isinstance(error, ValidationError):
        places = [(".".join(map(str, item["loc"])) or "the event") + ": " + item["type"] for item in error.errors()[:5]]
        return "not an event of the contract: " + "; ".join(places)
    return str(error)


async def mark_timeline(records: Sequence[Record], store: Marks) -> list[DeadLetter]:
    """Marks both messages of each conflict, the newest revision winning in whatever order they come."""
    dead: list[DeadLetter] = []
    newest: dict[str, Mark] = {}
    for record in records:
        try:
            mark = read_mark(record.value, record.timestamp)
        except ValueError as error:
            dead.append(DeadLetter(record, str(error)))
            continue
        if mark.id not in newest or newest[mark.id].revision < mark.revision:
            newest[mark.id] = mark
    if newest:
        await store.mark(list(newest.values()))
    return dead
