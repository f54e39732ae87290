"""Pairs of messages, and whether they can both be relied on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.consistency.domain.causes import cause_of
from services.consistency.domain.contradiction.lexicon import load_lexicon
from services.consistency.domain.contradiction.reading import read
from services.consistency.domain.contradiction.rule import Contradictions
from services.consistency.domain.contradiction.standing import standing_claims
from services.consistency.domain.detector import Detector
from services.consistency.domain.history import History
from services.consistency.domain.similarity import NoSimilarity
from shared.events import MessageEvent

LEXICON = load_lexicon()
DETECTOR = Detector([Contradictions(LEXICON, NoSimilarity())])
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday


def message(number: int, text: str, **data: Any) -> MessageEvent:
    return MessageEvent.model_validate(
        {
            "specversion": "1.0",
            "id": f"m{number}",
            "source": "tests",
            "type": "touchpoint.message.v1",
            "time": START + timedelta(days=number),
            "data": {
                "customer": {"id": "c"},
                "department": "sales" if number % 2 else "billing",
                "channel": "email",
                "direction": "outbound",
                "text": text,
                **data,
            },
        }
    )


def pairs(*texts: str) -> set[tuple[str, str]]:
    return {(c.a.id, c.b.id) for c in DETECTOR.detect([message(n, text) for n, text in enumerate(texts)])}


CLASH = [
    (
        "As agreed, your Harbour Pro plan costs £30 a month, and we set it up for you on the 16th.",
        "Your first bill is on its way. The Harbour Pro plan costs £36 a month and is collected on the 20th.",
    ),
    ("You get 20% off Pro until Friday!", "For the Pro plan I can offer you 10 % off."),
    ("You can get a refund within 30 days of purchase.", "All sales are final, we do not give refunds."),
    ("We ship to Norway.", "Unfortunately we do not ship to Norway."),
    ("Your data is never shared with third parties.", "We share your data with selected partners."),
    ("Your claim has been approved.", "Your claim has been rejected."),
    ("Your appointment is on 5 May at 10:00.", "We look forward to seeing you on 6 May at 10:00 for your appointment."),
    ("Fibre 500 costs £28 a month.", "The price of Fibre 500 is £31 a month."),
    ("Breakfast is included in the rate for booking MB-3381.", "Booking MB-3381: your rate is room only."),
    ("You get 20% off the Juniper tent.", "The discount on the Juniper tent is 10%."),
    ("Your personal loan is approved.", "Your personal loan is still being assessed."),
    ("The notice period is 30 days.", "The notice period is 90 days."),
    ("Check-in opens at 2 pm.", "Check-in is from 16:00."),
]
AGREE = [
    ("Fibre 500 costs £120 a year.", "The price of Fibre 500 is £10 a month."),
    ("The notice period is 14 days.", "Your notice period is two weeks."),
    ("Check-in opens at 2 pm.", "Check-in is from 14:00."),
    ("The discount on the tent is up to 20%.", "Your discount on the tent is 15%."),
    ("Fibre 500 costs £28 a month.", "Fibre 900 costs £38 a month."),
    ("Your delivery comes on Friday.", "Sorry, we have moved your delivery to Saturday."),
    ("Your personal loan is still being assessed.", "Your personal loan is approved."),
    ("Order 55810: delivery £4.95.", "Order 55811: delivery £7.50."),
]


@pytest.mark.parametrize(("first", "second"), CLASH)
def test_statements_that_cannot_both_hold_clash(first: str, second: str) -> None:
    assert pairs(first, second) == {("m0", "m1")}


@pytest.mark.parametrize(("first", "second"), AGREE)
def test_statements_that_can_both_hold_do_not_clash(first: str, second: str) -> None:
    assert pairs(first, second) == set()


@pytest.mark.parametrize("text", [text for pair in (*CLASH, *AGREE) for text in pair])
def test_a_message_never_conflicts_with_its_copy(text: str) -> None:
    assert pairs(text, text) == set()


@given(st.permutations(range(4)))
@settings(deadline=None, max_examples=12)
def test_the_order_of_arrival_changes_nothing(order: list[int]) -> None:
    texts = [CLASH[0][0], CLASH[0][1], CLASH[4][0], CLASH[4][1]]
    events = [message(n, texts[n]) for n in order]
    found = {(c.a.id, c.b.id) for c in DETECTOR.detect(events)}
    assert found == {("m0", "m1"), ("m2", "m3")}


@given(st.sampled_from(["Thanks for calling.", "The lake path is lovely in spring.", "See you at the fair!"]))
@settings(deadline=None, max_examples=3)
def test_a_message_about_something_else_changes_nothing(other: str) -> None:
    assert pairs(*CLASH[0], other) == {("m0", "m1")}


def test_a_conflict_names_both_departments_and_marks_the_words() -> None:
    first, second = (message(n, text) for n, text in enumerate(CLASH[0]))
    [conflict] = DETECTOR.detect([first, second])
    assert "Billing" in conflict.reason
    assert "Sales" in conflict.reason
    for span, event in zip(conflict.spans, (first, second), strict=True):
        assert event.data.text[span.start : span.end] == span.text
    assert conflict.attribute == "price"
    assert 0.5 <= conflict.confidence <= 1


def test_a_statement_that_ran_out_holds_no_more() -> None:
    old = message(0, "20% off the Juniper tent.", valid_until=START + timedelta(hours=5))
    assert DETECTOR.detect([old, message(1, "The discount on the Juniper tent is 10%.")]) == []


def test_a_correction_takes_the_old_statement_back_and_clashes_with_its_repetition() -> None:
    old, new = "Check-in opens at 2 pm.", "Correction: check-in is from 4 pm."
    events = [message(0, old), message(1, new), message(2, old)]
    assert {(c.a.id, c.b.id) for c in DETECTOR.detect(events)} == {("m1", "m2")}


def test_statements_given_as_data_are_compared_with_text() -> None:
    said = message(
        0,
        "See the attached quote.",
        claims=[{"subject": "Fibre 500", "attribute": "monthly price", "value": 28, "unit": "GBP"}],
    )
    assert len(DETECTOR.detect([said, message(1, "The price of Fibre 500 is £31 a month.")])) == 1


def test_standing_claims_say_what_holds_and_what_was_superseded() -> None:
    events = [message(0, "The notice period is 30 days."), message(1, "The notice period is 90 days.")]
    standing = standing_claims(History.of(events), START + timedelta(days=9), LEXICON)
    notice = [claim for claim in standing if claim.attribute == "notice_period"]
    assert [claim.superseded_by for claim in notice] == ["m1", None]


VALUES = [
    ("It costs £1,200.50 in all.", "money:GBP", 1200.5),
    ("It costs forty-five pounds.", "money:GBP", 45.0),
    ("Revenue was $1.2bn.", "money:USD", 1.2e9),
    ("half price today", "percent", 50.0),
    ("You have two weeks to return it.", "duration", 14.0),
    ("two and a half hours", "duration", 2.5 / 24),
    ("The bag may weigh 23 kg.", "mass", 23.0),
]


@pytest.mark.parametrize(("text", "dimension", "value"), VALUES)
def test_values_are_read_in_any_notation(text: str, dimension: str, value: float) -> None:
    claims = read(text, LEXICON.languages["en"], LEXICON).claims
    assert any(c.dimension == dimension and abs(c.low - value) < 1e-6 * max(1, value) for c in claims)


@pytest.mark.parametrize("text", ["Ring us on 0800 555 0143.", "Order LW-55120 is on its way.", "Ref QS-1187."])
def test_references_and_telephone_numbers_are_no_quantities(text: str) -> None:
    claims = read(text, LEXICON.languages["en"], LEXICON).claims
    assert [c for c in claims if c.kind == "amount"] == []


def test_a_value_said_in_full_and_in_short_is_one_cause() -> None:
    told = [
        message(1, "We renew you at the same $42 per seat per month."),
        message(2, "Renewal notice. Rate: USD 49.00 per seat per month."),
        message(3, "All on track for the renewal. 42 a seat is what you'll pay."),
    ]
    found = DETECTOR.detect(told)
    assert len(found) == 2
    assert len({cause_of(conflict) for conflict in found}) == 1
