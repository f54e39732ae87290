"""What is kept of a history saves work and changes nothing; a very long one is compared in its newest part."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.consistency.domain.bounds import HISTORY, REACH, REPORTED, RULED
from services.consistency.domain.contradiction.judgement import Judgement
from services.consistency.domain.contradiction.kept import Beginning, Kept
from services.consistency.domain.contradiction.lexicon import load_lexicon
from services.consistency.domain.contradiction.rule import Compared, Contradictions, Read
from services.consistency.domain.detector import Detector
from services.consistency.domain.history import History
from services.consistency.domain.similarity import NoSimilarity
from shared.events import MessageEvent
from tests.unit.consistency.told import START, delivery, message

LEXICON = load_lexicon()
TEXTS = (
    "Your Harbour Pro plan costs £30 a month.",
    "The Harbour Pro plan costs £36 a month.",
    "From next month the Harbour Pro plan costs £36 a month instead of £30.",
    "Your order 7741-26 was shipped.",
    "Your order 7741-26 was cancelled.",
    "Thank you for your call.",
)


def fresh() -> Detector:
    return Detector((Contradictions(LEXICON, NoSimilarity()),))


def said(number: int, text: str, hour: int | None = None, **data: object) -> MessageEvent:
    return message(
        f"m{number}", "billing" if number % 2 else "sales", hour if hour is not None else number, text=text, **data
    )


def pairs(detector: Detector, events: Sequence[MessageEvent], since: datetime | None = None) -> set[tuple[str, str]]:
    return {(found.a.id, found.b.id) for found in detector.detect(events, since=since)}


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(TEXTS), min_size=2, max_size=9).flatmap(
        lambda texts: st.tuples(
            st.just(texts), st.permutations(range(len(texts))), st.sets(st.integers(0, 8), max_size=2)
        )
    )
)
def test_in_whatever_order_messages_come_and_go_the_same_is_found(drawn: tuple[list[str], list[int], set[int]]) -> None:
    texts, order, bounced = drawn
    used = fresh()
    known: list[MessageEvent] = []
    for number in order:
        known.append(said(number, texts[number]))
        assert used.detect(known) == fresh().detect(known)
    lost = [delivery(f"m{number}", "bounced") for number in bounced]
    assert used.detect([*known, *lost]) == fresh().detect([*known, *lost])
    assert used.detect(known) == fresh().detect(known)


def test_a_correction_that_comes_late_settles() -> None:
    used = fresh()
    known = [said(1, TEXTS[0]), said(3, TEXTS[1])]
    assert pairs(used, known) == {("m1", "m3")}
    late = said(2, "We were wrong about your plan.", corrects="m1")
    assert pairs(used, [*known, late]) == set()
    assert pairs(used, known) == {("m1", "m3")}


def test_customers_are_not_mixed_up_in_what_is_kept() -> None:
    used = fresh()
    for customer in ("c1", "c2"):
        told = [said(number, TEXTS[number], customer={"id": customer}) for number in range(2)]
        assert [found.b.data.customer.id for found in used.detect(told)] == [customer]


def test_what_is_kept_is_bounded() -> None:
    kept: Kept[Read] = Kept(limit=500)
    rule = Contradictions(LEXICON, NoSimilarity())
    histories = [history_of(customer) for customer in ("c1", "c2", "c3")]
    for history in histories:
        found: Beginning[Read] = kept.beginning(history)
        for event in history.messages:
            found.append(Read(rule.message(event), {}))
        kept.keep(history, found)
    assert [len(kept.beginning(history).found) for history in histories] == [0, 2, 2]


def history_of(customer: str) -> History:
    return History.of([said(number, TEXTS[number], customer={"id": customer}) for number in range(2)])


LONG = HISTORY + 200


@pytest.fixture(scope="module")
def long() -> list[MessageEvent]:
    """Small talk, and now and then a price."""
    texts = {place: TEXTS[at] for place, at in ((50, 0), (1_000, 1), (1_700, 0), (LONG - 20, 1), (LONG - 1, 0))}
    return [
        said(
            number, texts.get(number, f"Thank you, and {('good day', 'best wishes', 'good luck')[number % 3]}."), 0
        ).model_copy(update={"time": START + timedelta(minutes=number)})
        for number in range(LONG)
    ]


def test_the_newest_part_of_a_long_history_gives_what_the_whole_gives(long: list[MessageEvent]) -> None:
    whole = pairs(fresh(), long)
    assert {("m50", "m1000"), ("m1000", "m1700")} <= whole
    assert not any(int(b[1:]) - int(a[1:]) > REACH for a, b in whole)
    used = fresh()
    for end in (LONG - 10, LONG):
        newest = long[:end][-HISTORY:]
        since = newest[REACH].time
        found = pairs(used, newest, since=since)
        assert found == pairs(fresh(), newest, since=since)
        assert found == {(a, b) for a, b in whole if long[int(b[1:])].time >= since and int(b[1:]) < end}
    assert found == {("m1000", "m1700"), ("m1700", f"m{LONG - 20}"), (f"m{LONG - 20}", f"m{LONG - 1}")}


def test_one_message_makes_so_many_conflicts_at_the_most() -> None:
    told = [said(number, TEXTS[0], number) for number in range(RULED)]
    assert len(pairs(fresh(), [*told, said(RULED + 1, TEXTS[1])])) == REPORTED


PAIRS = (
    (TEXTS[0], TEXTS[1]),
    (TEXTS[0], TEXTS[2]),
    ("Your order 7741-26 arrives on Friday.", "Your order 7741-26 arrives tomorrow."),
    ("20% off every bike until 9 March.", "There is 10% off every bike this week."),
    ("Списано 790 ₽ за подписку.", "Списано 640 ₽ за подписку."),
)
HOLDING = {"subject": "Harbour Pro", "attribute": "price", "value": 40, "unit": "GBP/month", "from": "2026-03-04"}
OPTIONAL = st.fixed_dictionaries(
    {},
    optional={
        "campaign": st.sampled_from(("spring", "summer")),
        "valid_until": st.sampled_from(("2026-03-03T09:00:00Z", "2026-03-05T09:00:00Z")),
        "claims": st.just([HOLDING]),
    },
)
"""What one message says beside its text, whoever it goes to."""
OWN = st.tuples(st.integers(0, 9), st.sampled_from((None, "t1", "t2")), st.sampled_from((None, None, "m0", "m1")))
"""The day, the thread and what is corrected."""


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PAIRS), st.tuples(OPTIONAL, OPTIONAL), st.lists(st.tuples(OWN, OWN), min_size=2, max_size=3))
def test_what_others_were_told_changes_nothing(
    texts: tuple[str, str], more: tuple[dict[str, object], ...], customers: list[tuple[tuple[int, str, str], ...]]
) -> None:
    used = Contradictions(LEXICON, NoSimilarity())
    for number, own in enumerate(customers):
        events = [
            message(
                f"m{at}",
                ("sales", "billing")[at],
                24 * day + at,
                customer={"id": f"c{number}"},
                text=text,
                **data,
                **{name: value for name, value in (("thread", thread), ("corrects", corrects)) if value is not None},
            )
            for at, (text, data, (day, thread, corrects)) in enumerate(zip(texts, more, own, strict=True))
        ]
        history = History.of(events)
        anew = Contradictions(LEXICON, NoSimilarity()).compared(history)
        assert [judged_of(one) for one in used.compared(history)] == [judged_of(one) for one in anew]


def judged_of(one: Compared) -> tuple[str, str, Judgement, float]:
    return one.earlier.event.id, one.later.event.id, one.judged, one.probability
