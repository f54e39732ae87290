"""What was found in the histories looked at last, so that looking again costs what is new."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from services.consistency.domain.contradiction.message import Message
from services.consistency.domain.history import History
from services.consistency.domain.recent import Recent
from shared.events import MessageEvent

CHARACTERS = 2_000_000
"""Of the messages of all customers together; the customers looked at longest ago are forgotten first. What is read in a
message takes some 200 bytes a character."""
LEAST = 100
"""As so many characters a message counts at least."""


class OfMessage(Protocol):
    @property
    def message(self) -> Message: ...


Found = TypeVar("Found", bound=OfMessage)


@dataclass(slots=True)
class Beginning(Generic[Found]):
    """What was found of the first messages of a history, in order, and how many characters they count."""

    found: list[Found]
    events: list[MessageEvent]
    size: int = 0

    def append(self, one: Found) -> None:
        self.found.append(one)
        self.events.append(one.message.event)
        self.size += size_of(one.message.event)


class Kept(Generic[Found]):
    """By customer, what was found of each message, in order; it depends on the messages before it alone."""

    def __init__(self, limit: int = CHARACTERS) -> None:
        self._kept: Recent[str, Beginning[Found]] = Recent(limit)

    def beginning(self, history: History) -> Beginning[Found]:
        """What still holds: up to the first message that was not there, or is not there any more.

        A history that is cut lost messages from its beginning that are still known to what was found.
        """
        kept = self._kept.get(customer_of(history)) if history.messages else None
        if kept is None:
            return Beginning([], [])
        start = place_of(history.messages[0], kept.events) if history.cut else 0
        end = start + alike(kept.events[start:], history.messages)
        left_out = (*kept.events[:start], *kept.events[end:])
        return Beginning(kept.found[start:end], kept.events[start:end], kept.size - sum(map(size_of, left_out)))

    def keep(self, history: History, found: Beginning[Found]) -> None:
        if found.found:
            self._kept.put(customer_of(history), found, found.size)


def size_of(event: MessageEvent) -> int:
    return max(LEAST, len(event.data.text))


def customer_of(history: History) -> str:
    return history.messages[0].data.customer.id


def place_of(event: MessageEvent, known: Sequence[MessageEvent]) -> int:
    """The end where it is not there."""
    return next((at for at, one in enumerate(known) if one is event or one == event), len(known))


def alike(known: list[MessageEvent], told: Sequence[MessageEvent]) -> int:
    """How many of the first are the same in both."""
    shared = min(len(known), len(told))
    if known[:shared] == list(told[:shared]):  # one comparison where, as most often, nothing but the end is new
        return shared
    return next(at for at in range(shared) if known[at] is not told[at] and known[at] != told[at])
