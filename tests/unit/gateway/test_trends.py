"""The overview's spans and matrices."""

from datetime import date

import pytest

from services.gateway.console.charts import by_kind, shares, side_by_side, stacked, steps
from services.gateway.console.trends import judged_spans, matrix, of_pairs, spans
from services.gateway.shapes.alerts import CourseSpan
from services.gateway.shapes.feedback import JudgedOn
from shared.web.window import Window

LAST = date(2026, 3, 9)


@pytest.mark.parametrize(("days", "bars"), [(7, 7), (30, 30), (90, 13), (365, 13)])
def test_a_window_is_shown_in_bars_that_can_be_told_apart_and_nothing_is_lost(days: int, bars: int) -> None:
    window = Window.ending(LAST, days)
    found = spans(
        window, [{"day": "2026-03-09", "kinds": {"consent": 2}}, {"day": "2026-03-03", "kinds": {"consent": 1}}]
    )
    assert len(found) == bars
    assert (found[0].first, found[-1].last) == (window.first, window.last)
    assert sum(span.total for span in found) == 3
    assert b"<script" not in stacked(found, by_kind(found), narrow=days == 7)


def test_precision_over_time_has_a_gap_where_nothing_was_judged() -> None:
    by_day: list[JudgedOn] = [
        {"day": "2026-03-08", "right": 3, "wrong": 1},
        {"day": "2026-03-09", "right": 1, "wrong": 1},
    ]
    week = judged_spans(Window.ending(LAST, 3), by_day)
    assert [span.precision for span in week] == [None, 0.75, 0.5]
    months = judged_spans(Window.ending(LAST, 200), by_day)
    assert [(span.right, span.wrong) for span in months][-2:] == [(0, 0), (4, 2)]
    assert b"<script" not in shares(week, [span.precision for span in week], 0.5, narrow=True)
    assert b"<script" not in shares([], [], 0.5, narrow=False)


@pytest.mark.parametrize(("hours", "label"), [(6, b"2 Mar 06:00"), (24, b"2 Mar")])
def test_the_course_of_an_alert_is_drawn_as_two_bars_a_span(hours: int, label: bytes) -> None:
    span: CourseSpan = {"from": "2026-03-02T06:00:00Z", "told": 3, "corrected": 1, "open": 2}
    drawn = side_by_side({"hours": hours, "spans": [span], "lately": {"hour": 0, "day": 0}}, narrow=False)
    assert drawn.count(b"rect reactive") == 2
    assert b">" + label + b"<" in drawn
    assert side_by_side({"hours": 1, "spans": [], "lately": {"hour": 0, "day": 0}}, narrow=True)


def test_a_matrix_has_what_there_is_and_its_totals() -> None:
    pairs = of_pairs(
        [
            {"earlier": "sales", "later": "billing", "count": 10},
            {"earlier": "sales", "later": "support", "count": 1},
            {"earlier": None, "later": "billing", "count": 3},
        ]
    )
    assert (pairs.columns, [name for name, _ in pairs.rows]) == (["billing", "support"], ["sales", "customer"])
    assert [[(cell.count, cell.heat) for cell in cells] for _, cells in pairs.rows] == [
        [(10, 5), (1, 2)],
        [(3, 3), (0, 0)],
    ]
    assert (pairs.by_row["sales"], pairs.by_column["billing"]) == (11, 13)
    assert matrix({}).rows == []


@pytest.mark.parametrize(("most", "axis"), [(0, [0, 1]), (1, [0, 1]), (3, [0, 1, 2, 3]), (9, [0, 3, 6, 9])])
def test_an_axis_of_counts_has_whole_numbers(most: int, axis: list[int]) -> None:
    assert steps(most) == axis
