"""A span of days, and answers kept for a while."""

import asyncio
from datetime import date

import pytest
from fastapi_problem.error import Problem

from shared.web.briefly import Briefly
from shared.web.window import DAY, MAX_DAYS, Window, date_of, day_of, window_of


def test_both_days_are_part_of_it() -> None:
    window = Window.ending(date(1970, 1, 3), 2)
    assert (window.first, window.since, window.until) == (date(1970, 1, 2), DAY, 3 * DAY)
    assert [date_of(day_of(moment)) for moment in (window.since, window.until - 1)] == ["1970-01-02", "1970-01-03"]


def test_it_is_bounded_and_whole() -> None:
    assert window_of(None, None) is None
    assert window_of(date(2025, 1, 1), date(2026, 1, 1)) == Window(date(2025, 1, 1), date(2026, 1, 1))
    for first, last in [
        (date(2026, 1, 1), None),
        (date(2026, 1, 2), date(2026, 1, 1)),
        (date(2026, 1, 1), date.fromordinal(date(2026, 1, 1).toordinal() + MAX_DAYS)),
    ]:
        with pytest.raises(Problem):
            window_of(first, last)


async def test_who_asks_the_same_shares_the_answer_for_a_while() -> None:
    now, asked = 0.0, 0
    kept = Briefly[int](10, most=2, clock=lambda: now)

    async def work_out() -> int:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return asked

    assert await asyncio.gather(*(kept.answer("a", work_out) for _ in range(3))) == [1, 1, 1]
    now = 10.5
    assert await kept.answer("a", work_out) == 2
    assert [await kept.answer(name, work_out) for name in ("b", "c", "a")] == [3, 4, 5], "only the last two are kept"

    async def take_long() -> int:
        nonlocal now
        now += 60
        return await work_out()

    assert [await kept.answer("d", take_long) for _ in range(2)] == [6, 6], "its time begins when it is there"


async def test_a_failure_is_told_and_not_kept_and_who_leaves_takes_nothing_from_the_others() -> None:
    kept = Briefly[int](10)
    answer = asyncio.Future[int]()

    async def work_out() -> int:
        return await answer

    first, second = (asyncio.ensure_future(kept.answer("a", work_out)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    answer.set_exception(RuntimeError("away"))
    with pytest.raises(RuntimeError, match="away"):
        await second
    answer = asyncio.Future[int]()
    answer.set_result(7)
    assert await kept.answer("a", work_out) == 7
