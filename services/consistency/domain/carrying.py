"""What a new generation takes over from the one before it, so that what is published goes on from there.

Readers keep the highest revision of a conflict or an alert. So what both generations say alike keeps the old
one's revision, and what the new one says differently gets a higher one.
"""

from collections.abc import Sequence
from dataclasses import replace

from services.consistency.domain.alerts import within_bounds
from services.consistency.domain.changes import merge
from services.consistency.domain.stored import ONEVOICE, Alert, Did, Step, StoredConflict


def taken_over(old: StoredConflict, new: StoredConflict | None) -> StoredConflict:
    """As if what the new generation found had been found by the old one now: state, and when it was first found,
    stay. One that the new generation does not have comes over as it is, to be looked at again."""
    if new is None:
        return old
    merged = merge(old, new)
    if merged == new or merged.revision > new.revision:
        return merged
    # Never the revision that the document has: whoever read it meanwhile must not write over this.
    return replace(merged, revision=new.revision + 1)


def kept_ahead(old: StoredConflict, new: StoredConflict | None) -> StoredConflict:
    """For what the old generation did after it was taken over, by an instance that still ran: the new one's word
    stands, with a revision above the old one's where the two differ."""
    if new is None:
        return old
    alike = merge(old, new) is old
    if new.revision > old.revision or (alike and new.revision == old.revision):
        return new
    return replace(new, revision=old.revision + 1)


def alert_taken_over(old: Alert, new: Alert | None) -> Alert:
    """The old one with all that people did to it; it is to be counted again from the new conflicts."""
    if new is None or new.revision < old.revision or new == old:
        return old
    return replace(old, revision=new.revision + 1)


def alert_kept_ahead(old: Alert, new: Alert | None) -> Alert:
    """As `kept_ahead`; what people did through the old generation meanwhile is added, and the last word holds."""
    if new is None:
        return old
    unknown = [step for step in old.history if step not in new.history]
    decided = next((step.at for step in unknown if step.by != ONEVOICE), None)
    if decided is None:
        return new if new.revision > old.revision else replace(new, revision=old.revision + 1)
    late = [step for step in unknown if step.at >= decided]  # also that it was said again after it was resolved
    history = within_bounds(tuple(sorted((*new.history, *late), key=lambda step: step.at)))
    merged = replace(new, history=history, revision=max(old.revision, new.revision) + 1)
    if last(history, but=BESIDES) in late:
        merged = replace(
            merged,
            state=old.state,
            until=old.until,
            dismissal=old.dismissal,
            judgement=old.judgement,
            merged_into=old.merged_into,
            spreading=new.spreading or (old.state != new.state and old.state != "acknowledged"),
        )
    if (assigned := last(history, of=ASSIGNING)) is not None and assigned in late:
        merged = replace(merged, assignee=old.assignee)
    return merged


ASSIGNING: tuple[Did, ...] = ("assign", "unassign")
BESIDES: tuple[Did, ...] = (*ASSIGNING, "comment", "take_in", "give_back")
"""Steps that leave the state as it is."""


def last(history: Sequence[Step], *, of: Sequence[Did] = (), but: Sequence[Did] = ()) -> Step | None:
    """The last step that did one `of` these, or any `but` those."""
    chosen = (step for step in reversed(history) if (step.did in of if of else step.did not in but))
    return next(chosen, None)
