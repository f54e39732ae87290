import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from services.consistency.domain.embargo.statement import States, statement_reader
from services.consistency.domain.embargo.words import default_words
from tests.unit.consistency.timeline import conflicts, embargo, said, states

MATTER = "the takeover of Tolland Building Society"
TERMS = ("Tolland", "takeover")
TELLS = "Tolland belongs to us from next month, so you can use their counters."


def cases(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (Path(__file__).parent / f"{name}.jsonl").read_text("utf-8").splitlines()]


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


def judged(name: str, reader: States | None = None) -> tuple[float, float]:
    """Precision and recall over a file, each line of which says whether its text states the matter."""
    tally = Counter((c["states"], states(c["matter"], c["text"], *c["terms"], reader=reader)) for c in cases(name))
    right, false, missed = tally[True, True], tally[False, True], tally[True, False]
    return right / (right + false), right / (right + missed)


@pytest.mark.parametrize(
    ("name", "least_precision", "least_recall"),
    [
        ("embargo_cases", 0.95, 0.8),  # the weights are fitted on these
        ("embargo_tune", 0.95, 0.7),  # and on these
        ("embargo_held", 0.9, 0.5),  # but not on these: other matters, most of them told in other words
    ],
)
def test_messages_of_many_trades(name: str, least_precision: float, least_recall: float) -> None:
    precision, recall = judged(name)
    assert precision >= least_precision
    assert recall >= least_recall


def test_words_alone_decide_where_no_encoder_is_installed() -> None:
    precision, recall = judged("embargo_cases", statement_reader(default_words(), telling=None))
    assert precision >= 0.9
    assert recall >= 0.6
