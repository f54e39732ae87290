"""Histories of a few customers, as hypothesis draws them: everything that plays a part in a conflict."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from hypothesis import strategies as st

from shared.events import CustomerEvent, EmbargoEvent, MessageEvent, parse_event, timestamp

Event = CustomerEvent | EmbargoEvent
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
CUSTOMERS = ("ada", "bo")
DEPARTMENTS = ("sales", "marketing", "billing")
LEAK = "The merger with Norvik Tools is agreed; it will be announced in May."
LONGEST = 14

hours = st.integers(0, 40)
customers = st.sampled_from(CUSTOMERS)


def event(kind: str, name: str, hour: int, data: dict[str, Any]) -> Event:
    envelope = {
        "specversion": "1.0",
        "id": name,
        "source": "//tests.example.com/stories",
        "type": f"touchpoint.{kind}.v1",
        "time": timestamp(START + timedelta(hours=hour)),
        "data": data,
    }
    return parse_event(orjson.dumps(envelope))


def said(name: str, hour: int, customer: str, department: str, text: str, **more: Any) -> Event:
    data = {"customer": {"id": customer}, "department": department, "channel": "email", "direction": "outbound"}
    return event("message", name, hour, {**data, "text": text, **more})


@st.composite
def quote(draw: st.DrawFn, name: str, known: list[Event]) -> Event:
    """A claim, which clashes with those of other percentages; it may correct any message of the customer."""
    customer, percent = draw(customers), draw(st.sampled_from((10, 20, 30)))
    claim = {"subject": "Pro plan", "attribute": "discount", "value": percent, "unit": "%"}
    more: dict[str, Any] = {"claims": [claim]}
    others = [one.id for one in known if isinstance(one, MessageEvent) and one.data.customer.id == customer]
    if others and draw(st.booleans()):
        more["corrects"] = draw(st.sampled_from(others))
    department = draw(st.sampled_from(DEPARTMENTS))
    return said(name, draw(hours), customer, department, f"You get {percent}% off the Pro plan.", **more)


@st.composite
def promotion(draw: st.DrawFn, name: str, known: list[Event]) -> Event:
    channel = draw(st.sampled_from(("email", "sms")))
    text = "Our spring range is here."
    return said(name, draw(hours), draw(customers), "marketing", text, channel=channel, purpose="promotional")


@st.composite
def leak(draw: st.DrawFn, name: str, known: list[Event]) -> Event:
    return said(name, draw(hours), draw(customers), "sales", LEAK)


@st.composite
def delivery(draw: st.DrawFn, name: str, known: list[Event]) -> Event:
    messages = [one for one in known if isinstance(one, MessageEvent)]
    if not messages:
        return draw(promotion(name, known))
    of = draw(st.sampled_from(messages))
    status = draw(st.sampled_from(("delivered", "bounced", "opened")))
    data = {"customer": {"id": of.data.customer.id}, "message": of.id, "status": status}
    return event("delivery", name, draw(hours), data)


@st.composite
def case(draw: st.DrawFn, name: str, known: list[Event]) -> Event:
    data = {"customer": {"id": draw(customers)}, "department": "support", "category": "complaint"}
    step = {"case": "K-1", "status": draw(st.sampled_from(("opened", "closed")))}
    return event("case", name, draw(hours), data | step)


@st.composite
def consent(draw: st.DrawFn, name: str, known: list[Event]) -> Event:
    step = {"channel": draw(st.sampled_from(("email", "sms", "*")))}
    status = draw(st.sampled_from(("withdrawn", "granted")))
    return event("consent", name, draw(hours), {"customer": {"id": draw(customers)}, **step, "status": status})


@st.composite
def embargo(draw: st.DrawFn, name: str, known: list[Event]) -> Event:
    until = timestamp(START + timedelta(hours=draw(st.integers(41, 60))))
    data = {"department": "investor-relations", "matter": "The merger with Norvik Tools", "terms": ["Norvik"]}
    return event("embargo", name, draw(hours), data | {"until": until})


KINDS: tuple[Callable[..., st.SearchStrategy[Event]], ...] = (
    quote,
    quote,
    quote,
    quote,
    quote,
    promotion,
    promotion,
    delivery,
    delivery,
    case,
    consent,
    leak,
    embargo,
)


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """Between 4 and `LONGEST` events; what refers to another is drawn after it, though it may be earlier in time."""
    told: list[Event] = []
    for number in range(draw(st.integers(5, LONGEST))):
        told.append(draw(draw(st.sampled_from(KINDS))(f"e{number}", told)))
    return told


def in_order(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda one: (one.time, one.id))
