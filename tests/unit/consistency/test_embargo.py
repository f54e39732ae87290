import json
from collections import Counter
from pathlib import Path

import pytest

from tests.unit.consistency.timeline import conflicts, embargo, said, states

MATTER = "the takeover of Tolland Building Society"
TERMS = ("Tolland", "takeover")
TELLS = "Tolland belongs to us from next month, so you can use their counters."
CASES = [json.loads(line) for line in (Path(__file__).parent / "embargo_cases.jsonl").read_text("utf-8").splitlines()]


def test_another_department_tells_before_it_is_lifted() -> None:
    events = (embargo("e", 0, 100, MATTER, *TERMS), said("m", 1, TELLS, department="sales"))
    assert conflicts(*events) == [("e", "m", "embargo")]


def test_the_owner_may_tell() -> None:
    assert conflicts(embargo("e", 0, 100, MATTER, *TERMS), said("m", 1, TELLS, department="product")) == []


def test_lifted_or_not_yet_set() -> None:
    held_back = embargo("e", 10, 100, MATTER, *TERMS)
    assert conflicts(said("before", 9, TELLS), held_back, said("lifted", 100, TELLS)) == []


def test_the_owner_moves_the_date() -> None:
    events = (embargo("e1", 0, 100, MATTER, *TERMS), embargo("e2", 10, 20, MATTER, *TERMS))
    assert conflicts(*events, said("m1", 15, TELLS), said("m2", 30, TELLS)) == [("e2", "m1", "embargo")]


@pytest.mark.parametrize(
    "text",
    [
        "I can't comment on Tolland or any takeover, sorry.",
        "News about Tolland will be announced on 5 May.",
        "The rumours of a takeover of Tolland are not true.",
        "Our Tolland Road branch is closed on Monday.",
        "Is there anything else I can do for you?",
    ],
)
def test_what_does_not_state_it(text: str) -> None:
    assert not states(MATTER, text, *TERMS)


def test_the_date_of_the_results_is_no_result_but_the_profit_is() -> None:
    matter, terms = "half-year results 2025: profit, dividend", ("profit", "dividend")
    assert not states(matter, "Our half-year results are published on 5 May.", *terms)
    assert states(matter, "Our half-year results, out on 5 May, will show profit up 14%.", *terms)
    assert not states(matter, "We support 12 non-profit partners.", *terms)


def test_a_turn_after_a_refusal_tells() -> None:
    assert states(MATTER, "Officially I can't comment, but Tolland will be ours in May.", *TERMS)


def test_the_title_tells() -> None:
    assert states(MATTER, "See you soon!", *TERMS, title="Tolland joins us in May")


def test_sentences_of_many_trades() -> None:
    """Each line of the file says whether its text states the matter; most hard cases are told in other words."""
    tally = Counter((case["states"], states(case["matter"], case["text"], *case["terms"])) for case in CASES)
    right, false, missed = tally[True, True], tally[False, True], tally[True, False]
    assert right / (right + false) >= 0.95
    assert right / (right + missed) >= 0.8
