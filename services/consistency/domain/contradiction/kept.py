"""What was found in the histories looked at last, so that looking again costs what is new."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from services.consistency.domain.contradiction.message import Message
from services.consistency.domain.history import History
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


class Kept(Generic[Found]):
    """By customer, what was found of each message, in order; it depends on the messages before it alone."""

    def __init__(self, limit: int = CHARACTERS) -> None:
        self._limit = limit
        self._found: OrderedDict[str, Sequence[Found]] = OrderedDict()
        self._size = 0

    def beginning(self, history: History) -> list[Found]:
        """What still holds: up to the first message that was not there, or is not there any more.

        A history that is cut lost messages from its beginning that are still known to what was found.
        """
        if not history.messages:
            return []
        found = self._found.get(customer_of(history), ())
        start = place_of(history.messages[0], found) if history.cut else 0
        same = 0
        for one, event in zip(found[start:], history.messages, strict=False):
            if not is_of(one, event):
                break
            same += 1
        return list(found[start : start + same])

    def keep(self, history: History, found: Sequence[Found]) -> None:
        if not found:
            return
        customer = customer_of(history)
        self._size += size_of(found) - size_of(self._found.pop(customer, ()))
        self._found[customer] = found
        while self._size > self._limit and len(self._found) > 1:
            _, forgotten = self._found.popitem(last=False)
            self._size -= size_of(forgotten)


def size_of(found: Sequence[OfMessage]) -> int:
    return sum(max(LEAST, len(one.message.event.data.text)) for one in found)


def customer_of(history: History) -> str:
    return history.messages[0].data.customer.id


def place_of(event: MessageEvent, found: Sequence[OfMessage]) -> int:
    """The end where it is not there."""
    return next((at for at, one in enumerate(found) if is_of(one, event)), len(found))


def is_of(one: OfMessage, event: MessageEvent) -> bool:
    return one.message.event is event or one.message.event == event
