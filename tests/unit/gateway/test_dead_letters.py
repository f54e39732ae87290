"""What is known of dead letters is what stands on their topic: states, rounds, records that failed twice."""

import base64
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from fastapi_problem.error import Problem
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.dead_letters import views
from services.gateway.dead_letters.index import Index, Wanted
from services.gateway.dead_letters.letters import Letter, Mark, history_with, read
from services.gateway.dead_letters.replay import MOST, plan_of_filter, plan_of_offsets, refuse_too_many, split
from shared.kafka.records import HISTORY, MAX_HISTORY, DeadLetter, Record, history_of

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def value(origin: int, consumer: str = "journey", topic: str = "touchpoints", **told: Any) -> bytes:
    record = Record(topic, 1, origin, 0, b"c-1", told.pop("body", b"poison"), told.pop("headers", {}))
    return DeadLetter(record, told.pop("reason", "not an event")).to_json(consumer, told.pop("at", NINE))


def index_of(*values: bytes | Mark, capacity: int = 100) -> Index:
    index = Index(capacity)
    for offset, one in enumerate(values):
        found = one if isinstance(one, Mark) else read(offset, one)
        index.add(found) if isinstance(found, Letter) else index.mark(found)
    return index


def mark(*letters: int) -> Mark:
    return Mark(letters, "ann", "2026-03-02T10:00:00Z")


def again(index: Index, *letters: int) -> dict[str, bytes]:
    """The headers of the record that a replay of these letters publishes."""
    return {HISTORY: orjson.dumps(history_with([known(index, one) for one in letters], "ann", "2026-03-02T10:00:00Z"))}


def known(index: Index, offset: int) -> Letter:
    letter = index.get(offset)
    assert letter is not None
    return letter


def states(index: Index) -> list[str]:
    return [index.state(letter) for letter in reversed(list(index.newest(Wanted())))]


def offsets(letters: Any) -> list[int]:
    return [letter.offset for letter in letters]


def test_a_letter_waits_is_replayed_and_fails_again_with_its_history() -> None:
    index = index_of(value(7))
    assert states(index) == ["waiting"]
    index.mark(mark(0))
    assert states(index) == ["replayed"]
    back = read(2, value(9, reason="still not an event", headers=again(index, 0)))
    assert isinstance(back, Letter)
    index.add(back)
    assert states(index) == ["failed_again", "waiting"]
    assert index.counts() == {"waiting": 1, "replayed": 0, "failed_again": 1}
    assert index.came_back_as(known(index, 0)) == 2
    assert back.round == 1
    (earlier,) = views.detail(index, back, None)["history"]
    assert (earlier["offset"], earlier["reason"], earlier["round"], earlier["by"]) == (0, "not an event", 1, "ann")


def test_what_another_consumer_could_process_has_not_failed_again() -> None:
    index = index_of(value(7, "journey"), value(7, "consistency"), mark(0, 1))
    index.add(Letter(**fields(read(3, value(9, "consistency", headers=again(index, 0, 1))))))
    assert states(index) == ["replayed", "failed_again", "waiting"]


def fields(letter: Letter | Mark) -> dict[str, Any]:
    assert isinstance(letter, Letter)
    return {name: getattr(letter, name) for name in Letter.__slots__}


def test_one_record_that_two_consumers_could_not_process_is_published_once() -> None:
    index = index_of(value(7, "journey"), value(8, "journey"), value(7, "consistency"))
    plan = plan_of_filter(index, Wanted(consumer="consistency"))
    assert [offsets(record) for record in plan.records] == [[0, 2]]
    assert [offsets(record) for record in plan_of_filter(index, Wanted()).records] == [[0, 2], [1]]


def test_a_letter_that_a_consumer_wrote_twice_is_one() -> None:
    assert states(index_of(value(7), value(7), value(7, body=b"of another life of the topic"))) == ["waiting"] * 2


def test_what_cannot_be_replayed_is_left_out_with_the_reason() -> None:
    index = index_of(value(1), value(2), value(3, topic="alerts"), b"junk", mark(0))
    plan = plan_of_offsets(index, [0, 1, 2, 3, 99])
    assert offsets(plan.letters) == [1]
    reasons = dict(plan.skipped)
    assert "ann" in reasons[0]
    assert "alerts" in reasons[2]
    assert "not a dead letter" in reasons[3]
    assert "not known" in reasons[99]


def test_too_many_at_once_are_refused_with_their_number() -> None:
    index = index_of(*(value(number) for number in range(MOST + 1)), capacity=2 * MOST)
    with pytest.raises(Problem) as refused:
        refuse_too_many(plan_of_filter(index, Wanted()))
    assert "1,001 letters match" in str(refused.value.detail)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), [3, 2, 1, 0]),
        (Wanted(consumer="journey"), [3, 1, 0]),
        (Wanted(topic="conflicts"), [1]),
        (Wanted(reason="IDENTITY"), [2]),
        (Wanted(state="replayed"), [0]),
        (Wanted(since=NINE.replace(hour=10)), [3]),
        (Wanted(until=NINE.replace(hour=10), state="waiting"), [2, 1]),
    ],
)
def test_a_filter_takes_what_it_says(wanted: Wanted, found: list[int]) -> None:
    index = index_of(
        value(1),
        value(2, topic="conflicts"),
        value(3, "consistency", reason="identity reused"),
        value(4, at=NINE.replace(hour=11)),
        mark(0),
    )
    assert offsets(index.newest(wanted)) == found
    page = views.page(index, wanted, 1, None)
    assert [item["offset"] for item in page["items"]] == found[:1]
    assert page["next"] == (str(found[0]) if len(found) > 1 else None)


def test_the_oldest_are_let_go_and_counted() -> None:
    index = index_of(*(value(number) for number in range(5)), mark(0), capacity=3)
    assert offsets(index.newest(Wanted())) == [4, 3, 2]
    assert (index.older, index.counts()["waiting"]) == (2, 3)


def test_history_is_bounded_and_rounds_are_counted_beyond_it() -> None:
    headers: dict[str, bytes] = {}
    for number in range(3 * MAX_HISTORY):
        letter = read(number, value(number, headers=headers, reason="long " * 200))
        assert isinstance(letter, Letter)
        assert letter.round == number
        headers = {HISTORY: orjson.dumps(history_with([letter], "ann", "2026-03-02T10:00:00Z"))}
        assert len(history_of(headers)) == min(number + 1, MAX_HISTORY)


@pytest.mark.parametrize("raw", [b"", b"{", b"7", b'["a", null]', b"\xff", b"[" * 100_000])
def test_a_header_that_is_no_history_is_none(raw: bytes) -> None:
    assert history_of({HISTORY: raw}) == []


def test_a_record_without_key_or_value_stays_one() -> None:
    plain = orjson.loads(DeadLetter(Record("touchpoints", 0, 1, 0, None, None), "no value").to_json("journey", NINE))
    assert (plain["key"], plain["value"]) == (None, None)
    empty = orjson.loads(DeadLetter(Record("touchpoints", 0, 1, 0, b"", b""), "empty").to_json("journey", NINE))
    assert (empty["key"], empty["value"]) == ("", "")


@given(st.binary() | st.text())
def test_whatever_stands_on_the_topic_is_shown(raw: bytes | str) -> None:
    found = read(5, raw if isinstance(raw, bytes) else raw.encode("utf-8", "replace"))
    if isinstance(found, Letter):
        index = Index(10)
        index.add(found)
        assert views.detail(index, found, None)["offset"] == 5


@pytest.mark.parametrize(
    "changed",
    [{"topic": None}, {"partition": "x"}, {"key": "§"}, {"value": 7}, {"at": "late"}, {"history": "x"}, {"trace": 5}],
)
def test_a_letter_with_a_mistake_is_shown_too(changed: dict[str, Any]) -> None:
    plain = {**orjson.loads(value(1)), **changed}
    found = read(0, orjson.dumps(plain))
    assert isinstance(found, Letter)
    assert views.listed(index_of(orjson.dumps(plain)), found)["offset"] == 0


def test_letters_of_before_there_was_a_history_are_read() -> None:
    old = {
        "reason": "not an event", "consumer": "journey", "topic": "touchpoints", "partition": 2, "offset": 7,
        "at": "2026-03-01T09:00:00Z", "key": base64.b64encode(b"c-1").decode(), "value": "", "trace": None,
    }  # fmt: skip
    found = read(0, orjson.dumps(old))
    assert isinstance(found, Letter)
    assert (found.history, found.round, found.is_letter) == ((), 0, True)


def test_batches_are_bounded_in_records_and_bytes() -> None:
    small = [(known(index_of(value(number)), 0),) for number in range(250)]
    assert [len(batch) for batch in split(small)] == [100, 100, 50]
    large = [(known(index_of(value(number, body=b"x" * 3_000_000)), 0),) for number in range(5)]
    assert [len(batch) for batch in split(large)] == [2, 2, 1]
