"""What has changed between the conflicts found in a customer's history and those stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.consistency.domain.causes import alert_of, senders_of
from services.consistency.domain.conflict import Conflict
from services.consistency.domain.history import lost_messages
from services.consistency.domain.languages import languages_in
from services.consistency.domain.stored import Ref, StoredConflict, microseconds
from shared.events import CustomerEvent, DeliveryEvent, EmbargoEvent, MessageEvent


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What became of messages: `corrected` has the id of each that the company corrected and when it last did
    (microseconds), `lost` the ids of those that never reached the customer."""

    corrected: Mapping[str, int]
    lost: frozenset[str]


def aftermath(events: Iterable[CustomerEvent]) -> Aftermath:
    """A correction is an outbound message that says what it corrects and that reached the customer."""
    known = list(events)
    lost = lost_messages(event for event in known if isinstance(event, DeliveryEvent))
    corrected: dict[str, int] = {}
    for event in known:
        if not isinstance(event, MessageEvent) or event.data.corrects is None:
            continue
        if event.data.direction == "outbound" and event.id not in lost:
            at = microseconds(event.time)
            corrected[event.data.corrects] = max(at, corrected.get(event.data.corrects, at))
    return Aftermath(corrected, lost)


def changes(
    customer: str,
    found: Sequence[Conflict],
    stored: Sequence[StoredConflict],
    after: Aftermath,
    now: int,
    trace: str | None,
) -> list[StoredConflict]:
    """The conflicts to write, each with its next revision; none where all is stored as found."""
    known = {conflict.id: conflict for conflict in stored}
    fresh = [as_stored(customer, conflict, after, now, trace) for conflict in found]
    changed = [
        merged
        for conflict in fresh
        if (merged := merge(known.get(conflict.id), conflict)) is not known.get(conflict.id)
    ]
    still_found = {conflict.id for conflict in fresh}
    for conflict in stored:
        if conflict.id in still_found:
            continue
        # Withdrawn even where a correction followed: had the events come in order, it would never have been found.
        if conflict.pair != "withdrawn":
            changed.append(
                replace(
                    conflict,
                    pair="withdrawn",
                    state="withdrawn",
                    fresh=False,
                    revision=conflict.revision + 1,
                    updated_at=now,
                    trace=trace,
                )
            )
    return changed


def as_stored(customer: str, conflict: Conflict, after: Aftermath, now: int, trace: str | None) -> StoredConflict:
    """The conflict as it is stored the first time."""
    new = StoredConflict(
        id=conflict.id,
        customer=customer,
        kind=conflict.kind,
        attribute=conflict.attribute,
        subject=conflict.subject,
        a=ref(conflict.a),
        b=ref(conflict.b),
        reason=conflict.reason,
        spans=tuple(conflict.spans),
        confidence=round(conflict.confidence, 4),
        rule=conflict.rule,
        values=conflict.values,
        senders=senders_of(conflict),
        b_time=microseconds(conflict.b.time),
        alert=alert_of(customer, conflict),
        pair="open",
        state="open",
        fresh=True,
        left=(),
        revision=1,
        found_at=now,
        updated_at=now,
        trace=trace,
        channel=conflict.b.data.channel if isinstance(conflict.b, MessageEvent) else None,
        languages=languages_in(conflict),
    )
    corrected = corrected_at(new, after)
    if corrected is None:
        return new
    return replace(new, pair="settled", state="settled", fresh=False, corrected_at=corrected)


def ref(event: CustomerEvent | EmbargoEvent) -> Ref:
    channel = event.data.channel if isinstance(event, MessageEvent) else None
    return Ref(event.source, event.id, channel, microseconds(event.time))


def corrected_at(conflict: StoredConflict, after: Aftermath) -> int | None:
    """When the company, after both messages, announced a correction of one of them."""
    if conflict.kind != "contradiction":
        return None  # words cannot take back that promotion was sent, or a secret told
    sides = (conflict.a.id, conflict.b.id)
    if any(side in after.lost for side in sides):
        return None
    announced = (after.corrected[side] for side in sides if side in after.corrected)
    return min((at for at in announced if at > conflict.b_time), default=None)


def merge(stored: StoredConflict | None, found: StoredConflict) -> StoredConflict:
    """`stored` itself where nothing changed; else what it becomes."""
    if stored is None:
        return found
    keeps_state = stored.pair == found.pair
    merged = replace(
        found,
        state=stored.state if keeps_state and stored.alert == found.alert else found.state,
        fresh=stored.fresh if keeps_state and stored.alert == found.alert else found.fresh,
        left=stored.left if stored.alert == found.alert else tuple(dict.fromkeys((*stored.left, stored.alert))),
        revision=stored.revision,
        found_at=stored.found_at,
        updated_at=stored.updated_at,
        trace=stored.trace,
    )
    if merged == stored:
        return stored
    return replace(merged, revision=stored.revision + 1, updated_at=found.updated_at, trace=found.trace)
