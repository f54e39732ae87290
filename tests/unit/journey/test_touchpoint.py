from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.journey.domain.mark import read_mark
from services.journey.domain.touchpoint import from_microseconds, microseconds, touchpoint
from shared.events import CustomerEvent, EmbargoEvent, parse_event


def message(**data: object) -> CustomerEvent:
    plain = {
        "specversion": "1.0",
        "id": "m-1",
        "source": "//desk.example.com",
        "type": "touchpoint.message.v1",
        "time": "2026-03-01T09:00:00.000001Z",
        "data": {
            "customer": {"id": "c-1"},
            "department": "support",
            "channel": "email",
            "direction": "outbound",
            "text": "Ihre Straße ist FREI",
            **data,
        },
    }
    event = parse_event(orjson.dumps(plain))
    assert not isinstance(event, EmbargoEvent)
    return event


def test_a_message_is_found_by_its_words_whatever_their_case() -> None:
    words = touchpoint(message(title="ГОЛОС")).words or ""
    assert "strasse" in words
    assert "голос" in words


def test_equal_content_has_equal_digests_and_other_content_has_not() -> None:
    assert touchpoint(message()).digest == touchpoint(message()).digest
    assert touchpoint(message()).digest != touchpoint(message(text="other")).digest
    assert touchpoint(message()).id == touchpoint(message(text="other")).id


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2999, 12, 31), timezones=st.just(UTC)))
def test_moments_keep_their_microseconds(moment: datetime) -> None:
    assert datetime.fromisoformat(from_microseconds(microseconds(moment))) == moment


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"[]",
        b"{}",
        b"nonsense",
        None,
        b'{"id":1,"customer":"c","a":{"source":"s","id":"i"},"b":{"source":"s","id":"j"},"state":"open","revision":1}',
        b'{"id":"x","customer":"c","a":{"source":"s","id":"i"},"b":{"source":"s","id":"j"},"state":"open","revision":true}',
    ],
)
def test_what_is_no_conflict_record_is_refused(value: bytes | None) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_mark(value)
