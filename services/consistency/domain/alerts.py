"""The life of an alert: counted anew when its conflicts change, moved by people, resolved when nothing is left."""

from dataclasses import dataclass, replace
from typing import Literal

from services.consistency.domain.stored import Alert, AlertState, ConflictState, Step, StoredConflict

ONEVOICE = "onevoice"
EXAMPLES = 5
MAX_STEPS = 200
"""Steps of history kept, the newest; only an alert that flaps for months gets there."""

Action = Literal["acknowledge", "resolve", "dismiss", "reopen"]
TRANSITIONS: dict[Action, tuple[tuple[AlertState, ...], AlertState]] = {
    "acknowledge": (("open",), "acknowledged"),
    "resolve": (("open", "acknowledged"), "resolved"),
    "dismiss": (("open", "acknowledged"), "dismissed"),
    "reopen": (("resolved", "dismissed"), "open"),
}

SPREADS: dict[AlertState, tuple[ConflictState, tuple[ConflictState, ...]]] = {
    "resolved": ("resolved", ("open",)),
    "dismissed": ("dismissed", ("open", "resolved")),
    "open": ("open", ("resolved", "dismissed")),
}
"""What the open pairs of an alert come to show with its new state, and those of which states do."""


class NotPossible(Exception):
    """The action makes no sense in the alert's state; the message says why."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the conflicts of one alert say: counts over open pairs, `fresh` where one came open since last time.

    `newest` are open pairs, the newest first, at most `EXAMPLES`; `trace` is of what changed last.
    """

    customers: int
    conflicts: int
    first: int
    last: int
    fresh: bool
    newest: tuple[StoredConflict, ...]
    trace: str | None


def recounted(alert: Alert | None, alert_id: str, facts: Facts | None, now: int) -> Alert | None:
    """The alert after its conflicts changed: `alert` itself where nothing did. `facts` None: no open pair."""
    if facts is None:
        return None if alert is None else without_conflicts(alert, now)
    if alert is None:
        return first_alert(alert_id, facts, now)
    counted = replace(
        alert,
        customers=facts.customers,
        conflicts=facts.conflicts,
        first_seen=min(alert.first_seen, facts.first),
        last_seen=max(alert.last_seen, facts.last),
        reason=facts.newest[0].reason,
        examples=examples(facts),
    )
    if facts.fresh and alert.state == "resolved":
        # What was resolved with the alert stays so: only what came since is open.
        counted = replace(moved(counted, "open", ONEVOICE, now, "regressed: it was said again"), spreading=False)
    if facts.fresh and alert.state == "dismissed":
        counted = replace(counted, spreading=True)
    return changed(alert, counted, now, facts.trace)


def first_alert(alert_id: str, facts: Facts, now: int) -> Alert:
    sample = facts.newest[-1]
    return Alert(
        id=alert_id,
        kind=sample.kind,
        attribute=sample.attribute,
        subject=sample.subject,
        state="open",
        senders=sample.senders,
        values=sample.values,
        customers=facts.customers,
        conflicts=facts.conflicts,
        first_seen=facts.first,
        last_seen=facts.last,
        reason=facts.newest[0].reason,
        examples=examples(facts),
        history=(Step("open", ONEVOICE, now, "found"),),
        revision=1,
        spreading=False,
        updated_at=now,
        trace=facts.trace,
    )


def without_conflicts(alert: Alert, now: int) -> Alert:
    counted = replace(alert, customers=0, conflicts=0, examples=())
    if alert.state in ("open", "acknowledged"):
        counted = moved(counted, "resolved", ONEVOICE, now, "every conflict of it was withdrawn or settled")
        counted = replace(counted, spreading=False)
    return changed(alert, counted, now, None)


def transition(alert: Alert, action: Action, by: str, reason: str | None, now: int) -> Alert:
    """The alert after a person's action; raises `NotPossible`."""
    allowed, target = TRANSITIONS[action]
    if alert.state not in allowed:
        raise NotPossible(f"The alert is {alert.state}; only one that is {' or '.join(allowed)} can become {target}.")
    if action == "reopen" and alert.conflicts == 0:
        raise NotPossible("Every conflict of the alert was withdrawn or settled: nothing is left to reopen.")
    return changed(alert, moved(alert, target, by, now, reason), now, None)


def moved(alert: Alert, state: AlertState, by: str, now: int, reason: str | None) -> Alert:
    history = (*alert.history, Step(state, by, now, reason))[-MAX_STEPS:]
    return replace(alert, state=state, history=history, spreading=state != "acknowledged")


def changed(before: Alert, after: Alert, now: int, trace: str | None) -> Alert:
    """`after` with the next revision; `before` itself where they are equal."""
    if after == before:
        return before
    return replace(after, revision=before.revision + 1, updated_at=now, trace=trace)


def examples(facts: Facts) -> tuple[tuple[str, str], ...]:
    return tuple((conflict.id, conflict.customer) for conflict in facts.newest[:EXAMPLES])
