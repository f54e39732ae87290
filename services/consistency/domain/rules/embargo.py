"""Embargo: a department other than its owner states the embargoed matter before it is lifted."""

from collections.abc import Iterable, Iterator

from services.consistency.domain import naming
from services.consistency.domain.conflict import Conflict
from services.consistency.domain.detector import Rule
from services.consistency.domain.embargo.statement import Statement, States
from services.consistency.domain.history import History
from shared.events import EmbargoEvent, MessageEvent


def embargo_rule(states: States) -> Rule:
    def rule(history: History) -> Iterator[Conflict]:
        for message in history.new:
            for embargo in embargoes_on(message, history.embargoes):
                statement = states(embargo.data, message.data)
                if statement is not None:
                    yield embargo_conflict(embargo, message, statement)

    return rule


def embargoes_on(message: MessageEvent, embargoes: Iterable[EmbargoEvent]) -> list[EmbargoEvent]:
    """The embargoes that bind the message's department when it goes out.

    An owner who states the same matter again with another date replaces what was set before.
    """
    latest: dict[tuple[str, str], EmbargoEvent] = {}
    for embargo in embargoes:
        if embargo.time <= message.time and embargo.data.department != message.data.department:
            latest[embargo.data.department, " ".join(embargo.data.matter.casefold().split())] = embargo
    return [embargo for embargo in latest.values() if message.time < embargo.data.until]


def embargo_conflict(embargo: EmbargoEvent, message: MessageEvent, statement: Statement) -> Conflict:
    owner, teller = naming.department_name(embargo.data.department), naming.department(message)
    return Conflict(
        kind="embargo",
        a=embargo,
        b=message,
        attribute="embargoed matter",
        subject=embargo.data.matter,
        reason=(
            f"{teller} told the customer by {naming.channel(message.data.channel)} on {naming.day(message.time)} of "
            f"“{embargo.data.matter}”, which {owner} holds back until {naming.day(embargo.data.until)}."
        ),
        spans=naming.spans(message, statement.places) or (naming.opening(message),),
        confidence=statement.confidence,
        rule=f"embargo: {statement.ground}",
        values=(embargo.data.matter, message.data.department),
    )
