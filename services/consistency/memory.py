"""Customers' events in memory, for the instance that has their partition, so that a new event costs no reading.

An instance is given every record of its partitions, and what was stored before it got them is read when a customer is
first needed: so what is here is all there is. It is forgotten when partitions are assigned anew, and where what was
done with it did not end well. Whoever else looks at a customer reads the store.
"""

from bisect import insort
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache

from services.consistency.clock import Clock
from services.consistency.domain.changes import Aftermath, aftermath
from services.consistency.domain.history import NOT_RECEIVED, History
from services.consistency.domain.recent import Recent
from services.consistency.domain.stored import microseconds
from services.consistency.store.events import FOREVER, MESSAGE, Bounds, Events, StoredHistory
from shared.events import CustomerEvent, DeliveryEvent, EmbargoEvent, MessageEvent, identity_of, parse_event

Place = tuple[int, str]
"""An event's time (microseconds) and identity: where it stands among the others of its customer."""
EVENTS = 40_000
"""Of all customers together; those looked at longest ago are forgotten first. An event takes some four kilobytes."""
PARSED = 20_000
"""Events kept parsed for those who read the store."""


@dataclass(frozen=True, slots=True)
class New:
    """An event that has just been stored, its partition, and when it expires (microseconds). `repeated`: it was stored
    before, and whoever stored it may not have compared it."""

    event: CustomerEvent
    partition: int
    expires: int = FOREVER
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """What there is to compare of a customer. `since` (microseconds): what was found up to then stands as it is, for
    not all that it depends on is there; None where all is. `identities`: of all the events."""

    history: History
    after: Aftermath
    identities: Set[str]
    since: int | None = None

    @property
    def is_whole(self) -> bool:
        """All conflicts are to be found again, and not only those of what is new."""
        return self.history.grown is None


class CustomerMemory:
    """The newest events of one customer, as many of each type as the bounds say."""

    def __init__(self, stored: StoredHistory, bounds: Bounds) -> None:
        self._bounds = bounds
        self._events: dict[str, CustomerEvent] = {}
        self._places: dict[str, list[Place]] = {kind: [] for kind in bounds.by_type}
        self._cut = stored.since is not None
        self._expires = min(stored.ends.values(), default=FOREVER)
        for body in stored.bodies.values():
            event = parsed(body)
            self._place(event, place_of(event))
        self._history, self._after = self._derived()

    def __len__(self) -> int:
        return len(self._events)

    def is_complete(self, now: int) -> bool:
        """False once any of the events has expired."""
        return now < self._expires

    def view(self) -> View:
        places = self._places[MESSAGE]
        since = places[self._bounds.reach][0] if self._cut and len(places) > self._bounds.reach else None
        history = self._history if self._history.grown is None else replace(self._history, grown=None)
        return View(history, self._after, self._events.keys(), since)

    def grow(self, new: Iterable[New]) -> View:
        """Takes in events that are not there yet; answers what is to be compared: only what is new where, as most
        often, it changes nothing about what was there."""
        told: list[tuple[Place, MessageEvent]] = []
        simple = True
        for one in new:
            place = place_of(one.event)
            self._expires = min(self._expires, one.expires)
            simple = self._place(one.event, place) and simple and self._is_simple(one.event)
            if isinstance(one.event, MessageEvent) and self._reached(one.event):
                told.append((place, one.event))
        told = sorted(one for one in told if one[0][1] in self._events)
        before = self._history
        if not simple or (told and before.messages and told[0][0] <= place_of(before.messages[-1])):
            self._history, self._after = self._derived()
            return self.view()
        messages = (*before.messages, *(message for _, message in told))
        if self._cut:
            gone = next((at for at, one in enumerate(messages) if identity_of(one) in self._events), len(messages))
            messages = messages[gone:]
        grown = min(len(told), len(messages))
        self._history = History(messages, before.cases, before.consents, before.embargoes, self._cut, grown)
        return View(self._history, self._after, self._events.keys())

    def _place(self, event: CustomerEvent, place: Place) -> bool:
        """False where an event other than a message had to go for it."""
        _, identity = place
        self._events[identity] = event
        places = self._places[event.type]
        insort(places, place)
        if len(places) <= self._bounds.by_type[event.type]:
            return True
        _, oldest = places.pop(0)
        del self._events[oldest]
        self._cut = self._cut or event.type == MESSAGE
        return event.type == MESSAGE

    def _is_simple(self, event: CustomerEvent) -> bool:
        """It says nothing about other messages."""
        if isinstance(event, MessageEvent):
            return event.data.corrects is None
        if isinstance(event, DeliveryEvent):
            return event.data.status not in NOT_RECEIVED and event.data.message not in self._after.lost
        return False

    def _reached(self, message: MessageEvent) -> bool:
        return message.data.direction == "outbound" and message.id not in self._after.lost

    def _derived(self) -> tuple[History, Aftermath]:
        events = list(self._events.values())
        return History.of(events, cut=self._cut), aftermath(events)


class Memory:
    """What is kept of the customers looked at last."""

    def __init__(self, events: Events, clock: Clock, limit: int = EVENTS) -> None:
        self._events = events
        self._clock = clock
        self._customers: Recent[str, tuple[int, CustomerMemory]] = Recent(limit)
        """With the partition that each came from."""

    async def grow(self, new: Mapping[str, Sequence[New]]) -> dict[str, View]:
        """What there is to compare of each customer after what is new, which the store has already."""
        now = self._clock()
        complete = {customer: self._complete(customer, some, now) for customer, some in new.items()}
        known = {customer: found for customer, found in complete.items() if found is not None}
        unknown = [customer for customer in new if customer not in known]
        self.forget(unknown)
        read = await self._events.histories(unknown)
        views: dict[str, View] = {}
        for customer, some in new.items():
            partition = some[0].partition
            if customer in known:
                found = known[customer]
                views[customer] = found.grow(some)
                self._customers.put(customer, (partition, found), len(found))
                continue
            found = CustomerMemory(read[customer], self._events.bounds)
            views[customer] = found.view()
            if read[customer].partitions <= {partition}:
                self._customers.put(customer, (partition, found), len(found))
        return views

    def _complete(self, customer: str, new: Sequence[New], now: int) -> CustomerMemory | None:
        """What is known of the customer, where that and what is new is all there is."""
        partition, found = self._customers.get(customer) or (None, None)
        if found is None or not found.is_complete(now):
            return None
        return found if all(one.partition == partition and not one.repeated for one in new) else None

    def forget(self, customers: Iterable[str]) -> None:
        self._customers.drop(customers)

    def clear(self) -> None:
        self._customers.clear()

    @contextmanager
    def until_done(self, customers: Iterable[str]) -> Iterator[None]:
        """Forgets the customers where the block does not come to its end."""
        done = False
        try:
            yield
            done = True
        finally:
            if not done:
                self.forget(customers)


def place_of(event: CustomerEvent) -> Place:
    return microseconds(event.time), identity_of(event)


@lru_cache(maxsize=PARSED)
def parsed(body: str) -> CustomerEvent:
    event = parse_event(body)
    if isinstance(event, EmbargoEvent):
        raise TypeError("an embargo is stored among the events of a customer")
    return event
