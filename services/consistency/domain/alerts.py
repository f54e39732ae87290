"""The life of an alert: counted anew when its conflicts change, resolved when nothing is left, open when it comes back.

What people do to it stands in `decisions` and `merging`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.consistency.domain.feedback import by_correction, judgement, with_what_was_found
from services.consistency.domain.stored import (
    ONEVOICE,
    Alert,
    AlertState,
    ConflictState,
    Step,
    StoredConflict,
    Verdict,
    written,
)

EXAMPLES = 5
MAX_STEPS = 200
"""Steps of history kept. Those of people are kept longest: an alert that flaps for months makes many by itself."""

SPREADS: dict[AlertState, tuple[ConflictState, tuple[ConflictState, ...]]] = {
    "resolved": ("resolved", ("open",)),
    "dismissed": ("dismissed", ("open", "resolved")),
    "open": ("open", ("resolved", "dismissed")),
    "acknowledged": ("open", ("resolved", "dismissed")),
}
"""What the open pairs of an alert come to show with its new state, and those of which states do."""


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


def recounted(
    alert: Alert | None, alert_id: str, facts: Facts | None, now: int, corrected: Sequence[StoredConflict] = ()
) -> Alert | None:
    """The alert after its conflicts changed: `alert` itself where nothing did. `facts` None: no open pair; `corrected`
    are then the newest pairs that the company settled, at most `EXAMPLES`."""
    if facts is None:
        return None if alert is None else without_conflicts(alert, corrected, now)
    if alert is None:
        return first_alert(alert_id, facts, now)
    counted = replace(
        with_what_was_found(alert, facts.newest),
        customers=facts.customers,
        conflicts=facts.conflicts,
        first_seen=min(alert.first_seen, facts.first),
        last_seen=max(alert.last_seen, facts.last),
        reason=facts.newest[0].reason,
        confidence=confidence(facts),
        examples=examples(facts),
    )
    if facts.fresh and alert.state == "resolved":
        # What was resolved with the alert stays so: only what came since is open.
        step = Step("open", ONEVOICE, now, "regressed: it was said again", "regressed")
        counted = replace(moved(counted, step), spreading=False)
    if facts.fresh and alert.state == "dismissed":
        counted = replace(counted, spreading=True)
    return changed(alert, counted, now, facts.trace)


def first_alert(alert_id: str, facts: Facts, now: int) -> Alert:
    sample = facts.newest[-1]
    found = Alert(
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
        history=(Step("open", ONEVOICE, now, "found", "found"),),
        revision=1,
        spreading=False,
        updated_at=now,
        trace=facts.trace,
        confidence=confidence(facts),
    )
    return with_what_was_found(found, facts.newest)


def without_conflicts(alert: Alert, corrected: Sequence[StoredConflict], now: int) -> Alert:
    counted = replace(with_what_was_found(alert, corrected), customers=0, conflicts=0, examples=())
    if alert.state in ("open", "acknowledged"):
        step = Step("resolved", ONEVOICE, now, "every conflict of it was withdrawn or settled", "withdrawn")
        counted = replace(moved(counted, step), spreading=False)
    return changed(alert, replace(counted, judgement=by_correction(counted, corrected, now)), now, None)


def lapsed(alert: Alert, now: int) -> Alert:
    """The alert after its acknowledgement ended; `alert` itself where it has not."""
    if alert.state != "acknowledged" or alert.until is None or alert.until > now:
        return alert
    reason = f"the acknowledgement ended at {written(alert.until)}"
    return changed(
        alert, replace(moved(alert, Step("open", ONEVOICE, now, reason, "lapsed")), spreading=False), now, None
    )


def moved(alert: Alert, step: Step, verdict: Verdict = "undecided") -> Alert:
    """The alert in the step's state; what belonged to the state before it is gone. `verdict`: what the step says of
    the finding."""
    moving = replace(
        alert,
        state=step.state,
        until=None,
        dismissal=None,
        judgement=judgement(verdict, step),
        spreading=step.state != "acknowledged",
    )
    return noted(moving, step)


def noted(alert: Alert, step: Step) -> Alert:
    return replace(alert, history=within_bounds((*alert.history, step)))


def within_bounds(history: tuple[Step, ...]) -> tuple[Step, ...]:
    """At most `MAX_STEPS`: the oldest of Onevoice's own go first, then the oldest."""
    excess = len(history) - MAX_STEPS
    if excess <= 0:
        return history
    by_worth = sorted(range(len(history)), key=lambda place: (history[place].by != ONEVOICE, place))
    dropped = frozenset(by_worth[:excess])
    return tuple(step for place, step in enumerate(history) if place not in dropped)


def changed(before: Alert, after: Alert, now: int, trace: str | None) -> Alert:
    """`after` with the next revision; `before` itself where they are equal."""
    if after == before:
        return before
    return replace(after, revision=before.revision + 1, updated_at=now, trace=trace)


def examples(facts: Facts) -> tuple[tuple[str, str], ...]:
    return tuple((conflict.id, conflict.customer) for conflict in facts.newest[:EXAMPLES])


def confidence(facts: Facts) -> float:
    return max(conflict.confidence for conflict in facts.newest)
