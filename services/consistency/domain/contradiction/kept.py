"""What was found in the histories looked at last, so that looking again costs what is new."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from services.consistency.domain.contradiction.message import Message
from services.consistency.domain.history import History
from shared.events import MessageEvent

MESSAGES = 100_000
"""Kept of all customers together; those looked at longest ago are forgotten first."""


class OfMessage(Protocol):
    @property
    def message(self) -> Message: ...


Found = TypeVar("Found", bound=OfMessage)


class Kept(Generic[Found]):
    """By customer, what was found of each message, in order; it depends on the messages before it alone."""

    def __init__(self, limit: int = MESSAGES) -> None:
        self._limit = limit
        self._found: OrderedDict[str, Sequence[Found]] = OrderedDict()
        self._count = 0

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
        self._count += len(found) - len(self._found.pop(customer, ()))
        self._found[customer] = found
        while self._count > self._limit and len(self._found) > 1:
            _, forgotten = self._found.popitem(last=False)
            self._count -= len(forgotten)


def customer_of(history: History) -> str:
    return history.messages[0].data.customer.id


def place_of(event: MessageEvent, found: Sequence[OfMessage]) -> int:
    """The end where it is not there."""
    return next((at for at, one in enumerate(found) if is_of(one, event)), len(found))


def is_of(one: OfMessage, event: MessageEvent) -> bool:
    return one.message.event is event or one.message.event == event
