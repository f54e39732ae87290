"""Who heard the wrong statement of an alert, and who has been corrected since."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from services.consistency.domain.causes import Side, ordered
from services.consistency.domain.stored import Alert, Ref, Sender, StoredConflict, written

Place = Literal[0, 1]
"""A side of a cause, which is the same whichever side was said first."""


class NoChoice(Exception):
    """It cannot be told which side is the wrong one, or there is nothing to correct in it; the message says why."""


def wrong_side(alert: Alert, side: Side | None, department: str | None) -> Side:
    """The side of the alert that ops take for the wrong one; raises `NoChoice`."""
    if side is None:
        if department is None:
            raise NoChoice("Which statement is the wrong one? Send side=a, side=b or the department.")
        sides: tuple[Side, ...] = ("a", "b")
        said = [one for one in sides if sender_of(alert, one).department == department]
        if not said:
            raise NoChoice(f"department: {department} said neither side of this alert.")
        if len(said) > 1:
            raise NoChoice(f"department: {department} said both sides of this alert; send side=a or side=b.")
        side = said[0]
    sender = sender_of(alert, side)
    if sender.department is None or sender.policy is not None:
        raise NoChoice(f"Side {side} of this alert is no message, so there is nothing to correct in it.")
    return side


def sender_of(alert: Alert, side: Side) -> Sender:
    return alert.senders[0 if side == "a" else 1]


def place_of(alert: Alert, side: Side) -> Place:
    return 0 if ordered(alert.senders, alert.values)[0] == side else 1


def places(alert: Alert, side: Side, members: Iterable[Alert]) -> dict[str, Place]:
    """By alert, the place that is wrong: of the alert itself and of those that are merged into it."""
    return {alert.id: place_of(alert, side)} | {
        member.id: place_of(member, counterpart(alert, side, member)) for member in members
    }


def counterpart(alert: Alert, side: Side, member: Alert) -> Side:
    """The member's side that says what `side` of the alert does: by sender and value, by department, by value."""
    wanted = (sender_of(alert, side), alert.values[0 if side == "a" else 1])
    sides: tuple[Side, ...] = ("a", "b")
    said = {one: (sender_of(member, one), member.values[0 if one == "a" else 1]) for one in sides}
    alike = (
        lambda one: (one[0].key, one[1]) == (wanted[0].key, wanted[1]),
        lambda one: one[0].department == wanted[0].department,
        lambda one: one[1] == wanted[1],
    )
    for test in alike:
        found = [one for one in sides if test(said[one])]
        if len(found) == 1:
            return found[0]
    return side


@dataclass(frozen=True, slots=True)
class Heard:
    """A customer and the wrong messages that they got; `messages`: each with whether it is corrected."""

    customer: str
    messages: tuple[tuple[Ref, bool], ...]
    corrected_at: int | None

    @property
    def corrected(self) -> bool:
        return all(done for _, done in self.messages)

    def to_json(self) -> dict[str, Any]:
        return {
            "customer": self.customer,
            "corrected": self.corrected,
            "corrected_at": written(self.corrected_at) if self.corrected and self.corrected_at else None,
            "messages": [
                {
                    **message.to_json(),
                    "channel": message.channel,
                    "time": None if message.time is None else written(message.time),
                    "corrected": done,
                }
                for message, done in self.messages
            ],
        }


def heard(customer: str, conflicts: Sequence[StoredConflict], wrong: Mapping[str, Place]) -> Heard:
    """`conflicts`: the customer's pairs of these alerts, open or settled, at least one."""
    done: dict[Ref, bool] = {}
    for conflict in conflicts:
        side = ordered(conflict.senders, conflict.values)[wrong[conflict.alert]]
        message = conflict.a if side == "a" else conflict.b
        done[message] = done.get(message, True) and conflict.pair == "settled"
    settled = [conflict.updated_at for conflict in conflicts if conflict.pair == "settled"]
    return Heard(customer, tuple(done.items()), max(settled, default=None))
