"""The course of an alert in spans that a plot can show."""

import pytest

from services.consistency.domain.course import MOST_SPANS, Span, course

DAY = 24


def test_spans_have_what_was_told_and_corrected_in_them_and_what_was_left() -> None:
    length, spans = course({100: 2, 101: 1, 103: 1}, {102: 1, 103: 2})
    assert length == 1
    assert spans == [Span(100, 2, 0, 2), Span(101, 1, 0, 3), Span(102, 0, 1, 2), Span(103, 1, 2, 1)]
    assert course({}, {}) == (1, [])


@pytest.mark.parametrize(
    ("hours", "length", "count"),
    [
        (MOST_SPANS - 1, 1, MOST_SPANS),
        (MOST_SPANS, 3, 21),
        (20 * DAY, 12, 41),
        (59 * DAY, DAY, 60),
        (365 * DAY, 7 * DAY, 53),
        (3 * 365 * DAY, 4 * 7 * DAY, 40),
    ],
)
def test_a_span_is_as_short_as_a_bounded_number_of_them_lets_it_be(hours: int, length: int, count: int) -> None:
    first = 20_000 * DAY + 9
    found, spans = course({first: 3, first + hours: 4}, {first + hours: 2})
    assert (found, len(spans)) == (length, count)
    assert count <= MOST_SPANS
    assert (sum(span.told for span in spans), spans[-1].corrected, spans[-1].open) == (7, 2, 5)
    assert spans[0].first <= first < spans[0].first + length
    assert {span.first % min(length, DAY) for span in spans} == {0}
