"""What conflicts come to over some days, and when one was corrected."""

from services.consistency.domain import trends
from services.consistency.domain.changes import aftermath, changes
from services.consistency.domain.stored import microseconds
from services.consistency.domain.trends import Cell
from tests.unit.consistency.told import NOW, conflict, message

CELLS = [
    Cell(2, "contradiction", "sales", "billing", "email", settled=False, count=3),
    Cell(1, "contradiction", "sales", "billing", "sms", settled=True, count=2),
    Cell(2, "consent", None, "marketing", "sms", settled=False, count=4),
    Cell(2, "embargo", "investor-relations", "sales", None, settled=False, count=1),
]


def test_days_pairs_and_channels_are_summed() -> None:
    assert trends.by_day(CELLS) == {1: {"contradiction": 2}, 2: {"contradiction": 3, "consent": 4, "embargo": 1}}
    assert trends.by_pair(CELLS)[:2] == [
        {"earlier": "sales", "later": "billing", "count": 5},
        {"earlier": None, "later": "marketing", "count": 4},
    ]
    assert trends.by_channel(CELLS) == {"sms": 6, "email": 3}


def test_the_time_to_correction_is_told_by_its_median_and_ninth_tenth() -> None:
    assert trends.to_correction([]) is None
    seconds = [number * 1_000_000 for number in range(1, 11)]
    assert trends.to_correction(seconds) == {"count": 10, "median_seconds": 5.5, "p90_seconds": 9.0}
    assert trends.to_correction([7_000_000]) == {"count": 1, "median_seconds": 7.0, "p90_seconds": 7.0}


def test_a_corrected_pair_says_when_it_was_corrected_and_one_reopened_does_not() -> None:
    a, b = message("a", "marketing", 0), message("b", "sales", 1, channel="sms")
    correction = message("c", "sales", 5, corrects="b")
    (settled,) = changes("c1", [conflict(a, b)], [], aftermath((a, b, correction)), NOW, None)
    assert (settled.channel, settled.corrected_at) == ("sms", microseconds(correction.time))
    (again,) = changes("c1", [conflict(a, b)], [settled], aftermath((a, b)), NOW, None)
    assert (again.pair, again.corrected_at) == ("open", None)
