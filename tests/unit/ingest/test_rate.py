"""A key's events are counted, a batch by its size."""

import pytest
from fastapi_problem.error import Problem

from services.ingest.rate import Rate


async def test_more_than_the_limit_is_asked_to_come_back() -> None:
    rate = Rate("10/hour")
    await rate.spend("a", 9)
    with pytest.raises(Problem) as raised:
        await rate.spend("a", 2)
    assert raised.value.status == 429
    assert 1 <= int((raised.value.headers or {})["Retry-After"]) <= 3_600
    await rate.spend("a", 1)
    await rate.spend("b", 10)


async def test_a_batch_larger_than_the_limit_passes_when_nothing_else_did() -> None:
    rate = Rate("10/hour")
    await rate.spend("a", 1_000)
    with pytest.raises(Problem):
        await rate.spend("a", 1)


def test_a_limit_that_cannot_be_read_stops_the_start() -> None:
    with pytest.raises(ValueError, match="parse"):
        Rate("many")
