"""A reader of the ring sees every record once and in order, or is told that it fell behind."""

import asyncio

import pytest
from fastapi_problem.error import Problem

from services.gateway.live import follow, resume_position
from services.gateway.ring import Entry, FellBehind, Ring


def ring_of(*offsets: int, capacity: int = 100, floor: int = 0) -> Ring:
    ring = Ring(capacity)
    ring.start(floor)
    for offset in offsets:
        ring.add(Entry(offset, f'{{"at": {offset}}}'.encode()))
    return ring


def offsets(entries: list[Entry]) -> list[int]:
    return [entry.offset for entry in entries]


def test_a_reader_goes_on_where_it_was() -> None:
    ring = ring_of(0, 1, 2, 5)  # compaction leaves holes
    assert offsets(ring.since(0)) == [0, 1, 2, 5]
    assert offsets(ring.since(3)) == [5]
    assert offsets(ring.since(6)) == []


def test_a_record_that_comes_again_is_dropped() -> None:
    ring = ring_of(0, 1, 1, 0, 2)
    assert offsets(ring.since(0)) == [0, 1, 2]


def test_a_reader_that_missed_records_is_told() -> None:
    ring = ring_of(0, 1, 2, 3, capacity=2)
    assert offsets(ring.since(2)) == [2, 3]
    with pytest.raises(FellBehind):
        ring.since(1)


def test_the_tail_of_a_topic_answers_for_no_more_than_itself() -> None:
    ring = ring_of(40, 41, floor=40)
    assert offsets(ring.since(40)) == [40, 41]
    with pytest.raises(FellBehind):
        ring.since(39)


def test_a_position_of_another_life_of_the_topic_is_no_position() -> None:
    with pytest.raises(FellBehind):
        ring_of(0, 1).since(7)


async def test_a_stream_starts_ready_and_then_tells_what_changes() -> None:
    ring = ring_of(0, 1)
    stream = follow(ring, None)
    first = await anext(stream)
    assert (first.event, first.id) == ("ready", "1")
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    ring.add(Entry(2, b'{"at": 2}'))
    told = await waiting
    assert (told.event, told.id, told.data) == ("alert", "2", '{"at": 2}')
    await stream.aclose()


async def test_a_stream_resumes_after_the_last_event() -> None:
    stream = follow(ring_of(0, 1, 2, 3), resume_position("1"))
    assert [(await anext(stream)).id for _ in range(2)] == ["2", "3"]
    await stream.aclose()


async def test_a_stream_that_is_too_old_is_reset_and_goes_on() -> None:
    ring = ring_of(0, 1, 2, 3, capacity=2)
    stream = follow(ring, resume_position("0"))
    told = await anext(stream)
    assert (told.event, told.id) == ("reset", "3")
    ring.add(Entry(4, b"{}"))
    assert (await anext(stream)).id == "4"
    await stream.aclose()


async def test_tombstones_are_passed_over() -> None:
    ring = ring_of(0)
    ring.add(Entry(1, b""))
    ring.add(Entry(2, b"{}"))
    stream = follow(ring, 1)
    assert (await anext(stream)).id == "2"
    await stream.aclose()


@pytest.mark.parametrize("nonsense", ["x", "-2", "1.5", "1 2", "--1", "٣", "9" * 400])
def test_ids_that_were_never_sent_are_refused(nonsense: str) -> None:
    with pytest.raises(Problem) as refusal:
        resume_position(nonsense)
    assert refusal.value.status == 422


def test_a_client_without_an_id_starts_now() -> None:
    assert resume_position(None) is None
    assert resume_position("") is None
    assert resume_position("-1") == 0
