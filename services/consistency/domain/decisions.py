"""What people decide about an alert, one step of its history each: who, when, and why."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, get_args

from services.consistency.domain.alerts import changed, moved, noted
from services.consistency.domain.feedback import VERDICT_OF
from services.consistency.domain.stored import Alert, AlertState, Assignee, Dismissal, Step, written

Action = Literal["acknowledge", "unacknowledge", "assign", "unassign", "comment", "resolve", "dismiss", "reopen"]
DISMISSALS: tuple[Dismissal, ...] = get_args(Dismissal)

TRANSITIONS: dict[Action, tuple[tuple[AlertState, ...], AlertState]] = {
    "acknowledge": (("open", "acknowledged"), "acknowledged"),
    "unacknowledge": (("acknowledged",), "open"),
    "resolve": (("open", "acknowledged"), "resolved"),
    "dismiss": (("open", "acknowledged"), "dismissed"),
    "reopen": (("resolved", "dismissed"), "open"),
}
"""From which states each action leads to which; the others leave the state as it is."""

A_YEAR = 366 * 86_400_000_000
"""Microseconds for which an alert can be acknowledged at most."""


class NotPossible(Exception):
    """The action makes no sense in the alert's state; the message says why."""


class Incomplete(Exception):
    """The decision lacks what its action needs; the message says what."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides what, and why. `until` belongs to acknowledge, `assignee` to assign, `dismissal` to dismiss."""

    action: Action
    by: str
    reason: str | None = None
    until: int | None = None
    assignee: Assignee | None = None
    dismissal: Dismissal | None = None


def decided(alert: Alert, decision: Decision, now: int) -> Alert:
    """The alert after a person's decision; raises `NotPossible` or `Incomplete`."""
    if alert.state == "merged":
        raise NotPossible(
            f"The alert is merged into {alert.merged_into}: decide about that one, or split this one off."
        )
    if decision.action in TRANSITIONS:
        allowed, target = TRANSITIONS[decision.action]
        if alert.state not in allowed:
            states = " or ".join(allowed)
            raise NotPossible(f"The alert is {alert.state}; only one that is {states} can become {target}.")
    return changed(alert, DOING[decision.action](alert, decision, now), now, None)


def acknowledge(alert: Alert, decision: Decision, now: int) -> Alert:
    until = decision.until
    if until is not None and not now < until <= now + A_YEAR:
        raise Incomplete("until: a time that is still to come, within a year.")
    if alert.state == "acknowledged" and alert.until == until:
        raise NotPossible("The alert is acknowledged; send another `until` to change how long.")
    detail = None if until is None else written(until)
    return replace(moved(alert, step(decision, "acknowledged", now, detail)), until=until, spreading=alert.spreading)


def unacknowledge(alert: Alert, decision: Decision, now: int) -> Alert:
    return replace(moved(alert, step(decision, "open", now)), spreading=alert.spreading)


def assign(alert: Alert, decision: Decision, now: int) -> Alert:
    if decision.assignee is None:
        raise Incomplete("Who is to see to it? Name a person or a department.")
    if alert.assignee == decision.assignee:
        raise NotPossible(f"The alert is assigned to {decision.assignee.name} already.")
    done = noted(alert, step(decision, alert.state, now, str(decision.assignee)))
    return replace(done, assignee=decision.assignee)


def unassign(alert: Alert, decision: Decision, now: int) -> Alert:
    if alert.assignee is None:
        raise NotPossible("The alert is assigned to nobody.")
    return replace(noted(alert, step(decision, alert.state, now, str(alert.assignee))), assignee=None)


def comment(alert: Alert, decision: Decision, now: int) -> Alert:
    given(decision, "A comment needs words.")
    return noted(alert, step(decision, alert.state, now))


def resolve(alert: Alert, decision: Decision, now: int) -> Alert:
    given(decision, "reason: say how it was resolved; a correction that reaches every customer resolves it by itself.")
    return moved(alert, step(decision, "resolved", now), "right")


def dismiss(alert: Alert, decision: Decision, now: int) -> Alert:
    if decision.dismissal is None:
        raise Incomplete(f"kind: say why it is none: {', '.join(DISMISSALS)}.")
    given(decision, "reason: say in your words why it is dismissed.")
    dismissal = step(decision, "dismissed", now, decision.dismissal)
    dismissed = moved(alert, dismissal, VERDICT_OF[decision.dismissal])
    return replace(dismissed, dismissal=decision.dismissal)


def reopen(alert: Alert, decision: Decision, now: int) -> Alert:
    if alert.conflicts == 0:
        raise NotPossible("Every conflict of the alert was withdrawn or settled: nothing is left to reopen.")
    return moved(alert, step(decision, "open", now))


DOING: dict[Action, Callable[[Alert, Decision, int], Alert]] = {
    "acknowledge": acknowledge,
    "unacknowledge": unacknowledge,
    "assign": assign,
    "unassign": unassign,
    "comment": comment,
    "resolve": resolve,
    "dismiss": dismiss,
    "reopen": reopen,
}


def given(decision: Decision, otherwise: str) -> None:
    if not decision.reason:
        raise Incomplete(otherwise)


def step(decision: Decision, state: AlertState, now: int, detail: str | None = None) -> Step:
    return Step(state, decision.by, now, decision.reason, decision.action, detail)
