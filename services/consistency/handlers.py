"""From records to work: what each topic's records are and what is done with them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from services.consistency.examination import Cause, Examination
from services.consistency.memory import New
from services.consistency.reexamination import Reexamination
from services.consistency.store import Store
from services.consistency.store.events import Arrival
from shared.events import CustomerEvent, EmbargoEvent, parse_event
from shared.kafka.records import DeadLetter, Record
from shared.web.problems import errors_of

REUSED = "identity reused with other content"


class Unreadable(Exception):
    """The record is no touchpoint; the message says why."""


@dataclass(frozen=True, slots=True)
class Work:
    store: Store
    examination: Examination
    reexamination: Reexamination


async def compare_touchpoints(records: Sequence[Record], work: Work) -> list[DeadLetter]:
    """Stores the events and examines their customers; also of those stored before, for the last attempt may
    have ended between the two."""
    await work.reexamination.prepare()
    dead: list[DeadLetter] = []
    arrivals: list[tuple[Record, Arrival]] = []
    for record in records:
        try:
            arrivals.append((record, Arrival(read_touchpoint(record), record.partition, record.timestamp)))
        except Unreadable as reason:
            dead.append(DeadLetter(record, str(reason)))
    taken = await work.store.events.store([arrival for _, arrival in arrivals])
    causes: dict[str, Cause] = {}
    new: dict[str, list[New]] = defaultdict(list)
    for place, (record, arrival) in enumerate(arrivals):
        if place in taken.reused:
            dead.append(DeadLetter(record, REUSED))
            continue
        customer = arrival.event.data.customer.id
        causes[customer] = Cause(record.trace, record.timestamp)
        new[customer].append(New(arrival.event, record.partition, taken.ends[place], place in taken.repeated))
    await work.examination.examine_new(causes, new)
    return dead


def read_touchpoint(record: Record) -> CustomerEvent:
    """Raises `Unreadable`; the reason names the places of the mistakes, never what stands there."""
    if record.value is None:
        raise Unreadable("the record has no value")
    try:
        event = parse_event(record.value)
    except ValidationError as error:
        mistakes = [f"{mistake['path']}: {mistake['reason']}" for mistake in errors_of(error)[:5]]
        raise Unreadable(f"not a valid event: {'; '.join(mistakes)}"[:1_000]) from error
    if isinstance(event, EmbargoEvent):
        raise Unreadable("an embargo binds every customer and belongs on policies")
    return event
