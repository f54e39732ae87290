"""Two alerts as one, and apart again.

A merged alert keeps its conflicts: they count on the alert that took it in as long as `merged_into` says so, so that
splitting it off restores both, whatever was counted meanwhile.
"""

from collections.abc import Sequence
from dataclasses import replace

from services.consistency.domain.alerts import changed, noted
from services.consistency.domain.decisions import NotPossible
from services.consistency.domain.stored import Alert, AlertState, Step

MOST_MEMBERS = 100


def taking_in(target: Alert, source: Alert, members: Sequence[str], by: str, reason: str | None, now: int) -> Alert:
    """The target with a note of it; raises `NotPossible`. `members`: what is merged into the source already.

    The target is written first, so that who would merge it elsewhere at the same time finds another revision: no
    alert can come to be merged into itself by a detour.
    """
    if target.id == source.id:
        raise NotPossible("An alert cannot be merged into itself.")
    if source.state == "merged":
        raise NotPossible(f"The alert is merged into {source.merged_into} already: split it off first.")
    if target.state not in ("open", "acknowledged"):
        raise NotPossible(f"The alert {target.id} is {target.state}; only an open or acknowledged one takes others in.")
    if target.kind != source.kind:
        raise NotPossible(f"One is about {source.kind}, the other about {target.kind}: these have no cause in common.")
    if target.id in members:
        raise NotPossible(f"The alert {target.id} is merged into this one.")
    if len(members) >= MOST_MEMBERS:
        raise NotPossible(f"At most {MOST_MEMBERS} alerts can be merged into one.")
    step = Step(target.state, by, now, reason, "take_in", source.id)
    tried = target.history[-1] if target.history else None
    if tried is not None and (tried.by, tried.did, tried.detail) == (by, "take_in", source.id):
        target = replace(target, history=target.history[:-1])  # an attempt that somebody else's change undid
    return changed(target, noted(target, step), now, None)


def merged(source: Alert, target: str, by: str, reason: str | None, now: int) -> Alert:
    away = replace(source, state="merged", merged_into=target, spreading=False)
    return changed(source, noted(away, Step("merged", by, now, reason, "merge", target)), now, None)


def split(source: Alert, by: str, reason: str | None, now: int) -> Alert:
    """The source on its own again, in the state that it had; raises `NotPossible`."""
    if source.state != "merged" or source.merged_into is None:
        raise NotPossible("The alert is not merged into another one.")
    before = state_before(source)
    # What it shows was the other alert's state meanwhile.
    alone = replace(source, state=before, merged_into=None, spreading=True)
    return changed(source, noted(alone, Step(before, by, now, reason, "split", source.merged_into)), now, None)


def giving_back(target: Alert, source: str, by: str, reason: str | None, now: int) -> Alert:
    return changed(target, noted(target, Step(target.state, by, now, reason, "give_back", source)), now, None)


def state_before(source: Alert) -> AlertState:
    return next((step.state for step in reversed(source.history) if step.state != "merged"), "open")
