"""Events and conflicts for tests, as short as they can be told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from services.consistency.domain.changes import Aftermath, as_stored
from services.consistency.domain.conflict import Conflict, Kind
from services.consistency.domain.decisions import Action, Decision, decided
from services.consistency.domain.stored import Alert, Assignee, StoredConflict
from shared.events import (
    CaseEvent,
    ConsentEvent,
    CustomerEvent,
    DeliveryEvent,
    EmbargoEvent,
    MessageEvent,
    parse_event,
    timestamp,
)

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW = 1_700_000_000_000_000


def event(event_id: str, kind: str, hour: int, data: dict[str, Any]) -> CustomerEvent | EmbargoEvent:
    plain = {
        "specversion": "1.0",
        "id": event_id,
        "source": "//tests.example.com",
        "type": f"touchpoint.{kind}.v1",
        "time": timestamp(START + timedelta(hours=hour)),
        "data": data,
    }
    return parse_event(orjson.dumps(plain))


def message(event_id: str, department: str = "sales", hour: int = 0, **data: Any) -> MessageEvent:
    fields = {"customer": {"id": "c1"}, "department": department, "channel": "email", "direction": "outbound"}
    made = event(event_id, "message", hour, {**fields, "text": "words", **data})
    assert isinstance(made, MessageEvent)
    return made


def delivery(of: str, status: str, hour: int = 0) -> DeliveryEvent:
    data = {"customer": {"id": "c1"}, "message": of, "status": status}
    made = event(f"d-{of}-{status}-{hour}", "delivery", hour, data)
    assert isinstance(made, DeliveryEvent)
    return made


def case(of: str, status: str, hour: int) -> CaseEvent:
    data = {"customer": {"id": "c1"}, "department": "support", "case": of, "status": status, "category": "complaint"}
    made = event(f"{of}-{status}-{hour}", "case", hour, data)
    assert isinstance(made, CaseEvent)
    return made


def consent(channel: str, status: str, hour: int) -> ConsentEvent:
    made = event(
        f"{channel}-{status}-{hour}", "consent", hour, {"customer": {"id": "c1"}, "channel": channel, "status": status}
    )
    assert isinstance(made, ConsentEvent)
    return made


def embargo(event_id: str) -> EmbargoEvent:
    until = timestamp(START + timedelta(days=30))
    data = {"department": "investor-relations", "matter": "the merger", "until": until}
    made = event(event_id, "embargo", 0, data)
    assert isinstance(made, EmbargoEvent)
    return made


def conflict(
    a: MessageEvent | EmbargoEvent,
    b: MessageEvent,
    kind: Kind = "contradiction",
    values: tuple[str, str] = ("20 %", "10 %"),
) -> Conflict:
    return Conflict(kind, a, b, "discount", "Both were said.", (), 0.9, "test", values=values)


def stored(customer: str, found: Conflict | None = None) -> StoredConflict:
    pair = found or conflict(message(f"{customer}-a"), message(f"{customer}-b", "support", 1))
    return as_stored(customer, pair, Aftermath({}, frozenset()), NOW, "trace")


def decide(alert: Alert, action: Action, by: str, reason: str | None, now: int, until: int | None = None) -> Alert:
    """With what the action needs beside a reason."""
    assignee = Assignee("department", "sales") if action == "assign" else None
    dismissal = "tolerated" if action == "dismiss" else None
    return decided(alert, Decision(action, by, reason, until, assignee, dismissal), now)
