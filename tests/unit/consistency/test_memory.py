"""What is kept in memory of a customer gives, event by event, what reading all of it again gives."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.consistency.detection import other_rules
from services.consistency.domain.conflict import Conflict
from services.consistency.domain.contradiction.lexicon import load_lexicon
from services.consistency.domain.contradiction.rule import Contradictions
from services.consistency.domain.detector import Detector
from services.consistency.domain.similarity import NoSimilarity
from services.consistency.memory import CustomerMemory, New
from services.consistency.store.events import MESSAGE, Bounds, StoredHistory
from shared.events import CustomerEvent, identity_of, to_json
from tests.unit.consistency.told import case, consent, delivery, message

LEXICON = load_lexicon()
WIDE, NARROW = Bounds(), Bounds(messages=4, reach=2)
TEXTS = (
    "Your Harbour Pro plan costs £30 a month.",
    "The Harbour Pro plan costs £36 a month.",
    "From next month the Harbour Pro plan costs £36 a month instead of £30.",
    "20% off every bike until Friday. Buy now!",
    "Thank you for your call.",
)
HOURS = st.integers(0, 30)
DEPARTMENTS = st.sampled_from(("sales", "support", "marketing"))


def named(number: int) -> str:
    return f"m{number}"


MESSAGES = st.builds(
    lambda number, department, hour, text, promotional, direction, corrects: message(
        named(number),
        department,
        hour,
        text=text,
        direction=direction,
        purpose="promotional" if promotional else "transactional",
        **({} if corrects is None else {"corrects": named(corrects)}),
    ),
    st.integers(0, 11),
    DEPARTMENTS,
    HOURS,
    st.sampled_from(TEXTS),
    st.booleans(),
    st.sampled_from(("outbound", "outbound", "outbound", "inbound")),
    st.none() | st.none() | st.integers(0, 11),
)
DELIVERIES = st.builds(
    lambda number, status, hour: delivery(named(number), status, hour),
    st.integers(0, 11),
    st.sampled_from(("delivered", "delivered", "opened", "bounced", "suppressed")),
    HOURS,
)
OTHERS = st.builds(
    lambda status, hour: case("c", status, hour), st.sampled_from(("opened", "closed")), HOURS
) | st.builds(lambda status, hour: consent("email", status, hour), st.sampled_from(("granted", "withdrawn")), HOURS)
EVENTS = st.lists(st.one_of(MESSAGES, MESSAGES, DELIVERIES, OTHERS), min_size=1, max_size=14, unique_by=identity_of)


def detector() -> Detector:
    return Detector((Contradictions(LEXICON, NoSimilarity()), *other_rules()))


def stored(events: Sequence[CustomerEvent]) -> StoredHistory:
    return StoredHistory({identity_of(event): to_json(event).decode() for event in events})


@settings(max_examples=200, deadline=None)
@given(EVENTS, st.integers(0, 5), st.integers(1, 4), st.booleans())
def test_event_by_event_the_same_is_found_as_in_all(
    events: list[CustomerEvent], known: int, batch: int, in_order: bool
) -> None:
    if in_order:
        events = sorted(events, key=lambda event: event.time)
    used = detector()
    memory = CustomerMemory(stored(events[:known]), WIDE)
    found = {one.id: one for one in used.detect_in(memory.view().history)}
    for start in range(known, len(events), batch):
        view = memory.grow([New(event, 0) for event in events[start : start + batch]])
        now = {one.id: one for one in used.detect_in(view.history)}
        found = now if view.is_whole else found | now
        whole = detector().detect(events[: start + batch])
        assert found == {one.id: one for one in whole}
        assert view.after == CustomerMemory(stored(events[: start + batch]), WIDE).view().after
        assert set(view.identities) == {identity_of(event) for event in events[: start + batch]}


@settings(max_examples=200, deadline=None)
@given(EVENTS, st.integers(1, 4))
def test_of_many_messages_the_newest_stay(events: list[CustomerEvent], batch: int) -> None:
    memory = CustomerMemory(StoredHistory({}), NARROW)
    for start in range(0, len(events), batch):
        memory.grow([New(event, 0) for event in events[start : start + batch]])
        told = events[: start + batch]
        messages = sorted((one for one in told if one.type == MESSAGE), key=lambda one: (one.time, identity_of(one)))
        kept = {identity_of(one) for one in (*messages[-4:], *(one for one in told if one.type != MESSAGE))}
        others = [sum(one.type == kind for one in told) for kind in NARROW.by_type if kind != MESSAGE]
        if max(others) <= 4:
            assert set(memory.view().identities) == kept
        assert (memory.view().since is not None) == (len(messages) > 4)


def test_a_plain_message_is_compared_and_nothing_else() -> None:
    memory = CustomerMemory(stored([message("m1", hour=1), message("m2", hour=2)]), WIDE)
    view = memory.grow([New(message("m3", hour=3), 0), New(delivery("m1", "delivered", 4), 0)])
    assert (view.is_whole, [one.id for one in view.history.new]) == (False, ["m3"])


@pytest.mark.parametrize(
    "event",
    [
        message("late", hour=1),
        message("m3", hour=3, corrects="m1"),
        delivery("m1", "bounced", 3),
        case("c", "opened", 3),
        consent("email", "withdrawn", 3),
    ],
    ids=["late", "correction", "bounce", "case", "consent"],
)
def test_what_bears_on_others_has_all_compared(event: CustomerEvent) -> None:
    memory = CustomerMemory(stored([message("m1", hour=1), message("m2", hour=2)]), WIDE)
    assert memory.grow([New(event, 0)]).is_whole


def test_what_expired_is_told() -> None:
    memory = CustomerMemory(stored([message("m1", hour=1)]), WIDE)
    memory.grow([New(message("m2", hour=2), 0, expires=1_000)])
    assert (memory.is_complete(999), memory.is_complete(1_000)) == (True, False)


def test_a_burst_grows_with_each_message_of_it() -> None:
    events = [message(named(n), hour=n, text=f"Offer {n}", purpose="promotional") for n in range(12)]
    used, memory = detector(), CustomerMemory(StoredHistory({}), WIDE)
    found: dict[str, Conflict] = {}
    for count, event in enumerate(events, 1):
        found |= {one.id: one for one in used.detect_in(memory.grow([New(event, 0)]).history)}
        assert list(found.values()) == detector().detect(events[:count])
    assert [one.kind for one in found.values()] == ["pressure"]
