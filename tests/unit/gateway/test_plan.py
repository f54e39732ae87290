"""A planned message is read strictly, from its data alone or as a whole event."""

from typing import Any

import orjson
import pytest
from fastapi_problem.error import Problem

from services.gateway.plan import planned_message

PLAN: dict[str, Any] = {
    "customer": {"id": "c-1"},
    "department": "marketing",
    "channel": "email",
    "text": "25 % off until Friday",
}


def test_data_alone_becomes_an_outbound_message() -> None:
    event = planned_message(orjson.dumps(PLAN), "plan-1")
    assert (event.id, event.data.direction, event.data.text) == ("plan-1", "outbound", PLAN["text"])
    assert event.time.tzinfo is not None


def test_what_stands_beside_the_data_belongs_to_the_envelope() -> None:
    event = planned_message(orjson.dumps(PLAN | {"id": "x", "source": "//m", "time": "2026-03-01T09:00:00Z"}), "plan-1")
    assert (event.id, event.source, event.time.year) == ("x", "//m", 2026)


def test_a_whole_event_is_taken_as_it_is() -> None:
    whole = {
        "specversion": "1.0",
        "type": "touchpoint.message.v1",
        "id": "e-1",
        "source": "//m",
        "time": "2026-03-01T09:00:00Z",
        "data": PLAN | {"direction": "inbound"},
    }
    assert planned_message(orjson.dumps(whole), "plan-1").data.direction == "inbound"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", None),
        (b"{", None),
        (b"[]", None),
        (b"\xff", None),
        (b'"text"', None),
        (b'{"text": ' + b"[" * 300 + b"]" * 300 + b"}", None),
        (orjson.dumps(PLAN | {"department": "astrology"}), "$.department"),
        (orjson.dumps(PLAN | {"text": 5}), "$.text"),
        (orjson.dumps(PLAN | {"customer": {}}), "$.customer.id"),
        (orjson.dumps(PLAN | {"surprise": 1}), "$.surprise"),
        (orjson.dumps(PLAN | {"specversion": "1.0"}), "$.id"),
        (orjson.dumps(PLAN | {"time": "yesterday"}), "$.time"),
    ],
)
def test_mistakes_are_named_by_their_place(body: bytes, path: str | None) -> None:
    with pytest.raises(Problem) as refusal:
        planned_message(body, "plan-1")
    assert refusal.value.status == 422
    if path is not None:
        assert path in [error["path"] for error in refusal.value.extras["errors"]]
