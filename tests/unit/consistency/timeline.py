"""Timelines for the tests: what was said when, in hours from a Monday morning, and the conflicts that follow."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from services.consistency.detection import other_rules
from services.consistency.domain.detector import Detector
from services.consistency.domain.embargo.statement import States, default_states
from shared.events import EVENT_TYPES, CustomerEvent, Embargo, EmbargoEvent, Message, parse_event, to_json

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
DETECTOR = Detector(other_rules())
Event = CustomerEvent | EmbargoEvent


def at(hours: float) -> str:
    return (MONDAY + timedelta(hours=hours)).isoformat()


def event(kind: str, name: str, hours: float, data: dict[str, Any]) -> Event:
    envelope = {"specversion": "1.0", "id": name, "source": "/test", "type": f"touchpoint.{kind}.v1", "time": at(hours)}
    assert envelope["type"] in EVENT_TYPES
    return parse_event(orjson.dumps({**envelope, "data": data}))


def said(name: str, hours: float, text: str = "Our spring range is here.", **more: Any) -> Event:
    """A message; promotional from Marketing by e-mail unless `more` says otherwise (`purpose=None`: not given)."""
    data = {"department": "marketing", "channel": "email", "direction": "outbound", "purpose": "promotional", **more}
    return event("message", name, hours, {"customer": {"id": "c-1"}, "text": text, **without_none(data)})


def delivery(name: str, hours: float, message: str, status: str) -> Event:
    return event("delivery", name, hours, {"customer": {"id": "c-1"}, "message": message, "status": status})


def consent(name: str, hours: float, channel: str, status: str) -> Event:
    return event("consent", name, hours, {"customer": {"id": "c-1"}, "channel": channel, "status": status})


def case(name: str, hours: float, status: str, number: str = "K-1", category: str | None = "complaint") -> Event:
    data = {"department": "support", "case": number, "status": status, "category": category}
    return event("case", name, hours, {"customer": {"id": "c-1"}, **without_none(data)})


def embargo(name: str, hours: float, until: float, matter: str, *terms: str, owner: str = "product") -> Event:
    data = {"department": owner, "matter": matter, "terms": list(terms), "until": at(until)}
    return event("embargo", name, hours, data)


def without_none(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value is not None}


def conflicts(*events: Event) -> list[tuple[str, str, str]]:
    """What the rules find, as (a, b, kind), in any order of arrival the same."""
    forward, backward = DETECTOR.detect(events), DETECTOR.detect(reversed(events))
    assert [to_json(c.b) for c in forward] == [to_json(c.b) for c in backward]
    return sorted((c.a.id, c.b.id, c.kind) for c in forward)


def states(matter: str, text: str, *terms: str, title: str | None = None, reader: States | None = None) -> bool:
    data = {"customer": {"id": "c-1"}, "department": "sales", "channel": "email", "direction": "outbound"}
    message = Message.model_validate({**data, "text": text, "title": title})
    held_back = Embargo(department="product", matter=matter, terms=terms, until=MONDAY)
    return (reader or default_states())(held_back, message) is not None
