"""One customer's history, put in order whatever order it came in."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.events import (
    CaseEvent,
    ConsentEvent,
    CustomerEvent,
    DeliveryEvent,
    EmbargoEvent,
    MessageEvent,
    identity_of,
)

NOT_RECEIVED = frozenset({"bounced", "suppressed"})
READ = frozenset({"opened", "clicked"})


@dataclass(frozen=True, slots=True)
class History:
    """What reached one customer, by event time.

    `messages` are the outbound messages that reached the customer; a message without a delivery event
    counts as delivered. `cases`, `consents` and `embargoes` are in order of time as well. `cut`: there were messages
    before the first. `grown`: so many of the newest are new, and nothing else is; what was found before is known. None
    where nothing is known.
    """

    messages: tuple[MessageEvent, ...]
    cases: tuple[CaseEvent, ...] = ()
    consents: tuple[ConsentEvent, ...] = ()
    embargoes: tuple[EmbargoEvent, ...] = ()
    cut: bool = False
    grown: int | None = None

    @property
    def new(self) -> tuple[MessageEvent, ...]:
        """The messages whose conflicts with earlier events are asked for."""
        return self.messages if self.grown is None else self.messages[len(self.messages) - self.grown :]

    @classmethod
    def of(
        cls,
        events: Iterable[CustomerEvent | EmbargoEvent],
        policies: Iterable[EmbargoEvent] = (),
        *,
        cut: bool = False,
    ) -> "History":
        unique = {identity_of(event): event for event in (*events, *policies)}
        ordered = sorted(unique.values(), key=lambda event: (event.time, identity_of(event)))
        lost = lost_messages(event for event in ordered if isinstance(event, DeliveryEvent))
        return cls(
            messages=tuple(
                event
                for event in ordered
                if isinstance(event, MessageEvent) and event.data.direction == "outbound" and event.id not in lost
            ),
            cases=tuple(event for event in ordered if isinstance(event, CaseEvent)),
            consents=tuple(event for event in ordered if isinstance(event, ConsentEvent)),
            embargoes=tuple(event for event in ordered if isinstance(event, EmbargoEvent)),
            cut=cut,
        )


def lost_messages(deliveries: Iterable[DeliveryEvent]) -> frozenset[str]:
    """Ids of messages that never reached the customer: the last word is that they bounced or were suppressed,
    and they were never opened."""
    last: dict[str, str] = {}
    read: set[str] = set()
    for delivery in sorted(deliveries, key=lambda event: (event.time, identity_of(event))):
        last[delivery.data.message] = delivery.data.status
        if delivery.data.status in READ:
            read.add(delivery.data.message)
    return frozenset(message for message, status in last.items() if status in NOT_RECEIVED and message not in read)
