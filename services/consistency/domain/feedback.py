"""What people do with an alert says whether its finding was right; docs/feedback.md has the reasons.

A judgement belongs to the state that it came with: opened again, by a person or because it was said again, an alert is
undecided. Who acknowledges, assigns or comments says nothing yet.
"""

from collections.abc import Sequence
from dataclasses import replace

from services.consistency.domain.stored import (
    ONEVOICE,
    Alert,
    Did,
    Dismissal,
    Judgement,
    Step,
    StoredConflict,
    Verdict,
)

VERDICT_OF: dict[Dismissal | None, Verdict] = {
    "not_a_conflict": "wrong",
    "tolerated": "right",
    "duplicate": "undecided",
    None: "undecided",
}
"""A tolerated conflict is one; that something is known already says nothing of how it was found. None: dismissals that
were stored before they said why."""


def judgement(verdict: Verdict, step: Step) -> Judgement | None:
    return None if verdict == "undecided" else Judgement(verdict, step.at, step.by)


DECISIVE: tuple[Did | None, ...] = ("resolve", "dismiss", "withdrawn", None)
"""Steps that bring an alert into a state that decides; None: from before it was written down what a step did."""


def decision(alert: Alert) -> Step | None:
    """The step that brought a resolved or dismissed alert into its state."""
    if alert.state not in ("resolved", "dismissed"):
        return None
    into_it = (step for step in reversed(alert.history) if step.state == alert.state and step.did in DECISIVE)
    return next(into_it, None)


def by_correction(alert: Alert, corrected: Sequence[StoredConflict], now: int) -> Judgement | None:
    """Of an alert that has no open pair left: where nobody decided about it, a company that takes back one of both
    statements says that they did not go together. `corrected`: its pairs of which that is so."""
    judged = alert.judgement
    if alert.state != "resolved" or (judged is not None and judged.by != ONEVOICE):
        return judged
    if not corrected:
        return None
    by_itself = decision(alert)
    return judged or Judgement("right", now if by_itself is None else by_itself.at, ONEVOICE)


def with_what_was_found(alert: Alert, pairs: Sequence[StoredConflict]) -> Alert:
    """The alert with the rules and languages of these pairs, its newest; without any it keeps what it had."""
    rules = {pair.rule for pair in pairs} or set(alert.rules or ())
    languages = {language for pair in pairs for language in pair.languages} or set(alert.languages)
    known = alert if alert.rules is not None else replace(alert, judgement=judged_before(alert))
    return replace(known, rules=tuple(sorted(rules)), languages=tuple(sorted(languages)))


def judged_before(alert: Alert) -> Judgement | None:
    """Of an alert that was stored before judgements were kept: what its last decision says."""
    last = decision(alert)
    if last is None or last.by == ONEVOICE:
        return None
    return judgement("right" if alert.state == "resolved" else VERDICT_OF[alert.dismissal], last)
