"""What the contract's models refuse, and what their mistakes say."""

import orjson
import pytest
from pydantic import ValidationError

from shared.events import parse_event


def event(time: str, text: object) -> bytes:
    data = {
        "customer": {"id": "c"},
        "department": "sales",
        "channel": "email",
        "direction": "outbound",
        "text": text,
    }
    return orjson.dumps(
        {"specversion": "1.0", "type": "touchpoint.message.v1", "id": "1", "source": "//s", "time": time, "data": data}
    )


def test_a_mistake_repeats_nothing_of_what_was_said() -> None:
    with pytest.raises(ValidationError) as refusal:
        parse_event(event("2026-03-02T09:00:00Z", ["the words of a message"]))
    assert "words of a message" not in str(refusal.value)


@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01T00:00:00+14:00",
        "1970-01-01T00:00:00+14:00",
        "2999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_a_moment_outside_the_range_in_utc_is_refused(moment: str) -> None:
    with pytest.raises(ValidationError, match="year from 1970 to 2999"):
        parse_event(event(moment, "words"))
