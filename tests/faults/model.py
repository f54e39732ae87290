"""What the services' state must be after all is done: the pure detector over all events, and plain dicts."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from services.consistency.domain.changes import aftermath, as_stored
from services.consistency.domain.detector import Detector
from services.consistency.domain.wanted import WantedAlerts
from services.consistency.store import Store as ConsistencyStore
from services.journey import reading
from services.journey.store import Filters
from services.journey.store import Store as JourneyStore
from shared.events import (
    CaseEvent,
    ConsentEvent,
    CustomerEvent,
    DeliveryEvent,
    EmbargoEvent,
    MessageEvent,
    customer_of,
    identity_of,
    timestamp,
)
from tests.faults.stories import CUSTOMERS, Event, in_order

Json = dict[str, Any]
SHOWN = ("id", "kind", "attribute", "a", "b", "reason", "state", "alert")
"""What of a conflict does not depend on when it was found."""
FURTHEST = {"bounced": 1, "suppressed": 1, "delivered": 1, "opened": 2, "clicked": 3}


@dataclass(frozen=True)
class State:
    """Timelines, summaries and conflicts by customer; alerts as id -> (state, customers, conflicts).

    Conflicts that were withdrawn, and alerts that none is left of, are as if they had never been found.
    """

    timelines: dict[str, list[Json]]
    summaries: dict[str, Json]
    conflicts: dict[str, list[Json]]
    alerts: dict[str, tuple[str, int, int]]


def expected(events: list[Event], detector: Detector) -> State:
    policies = [one for one in events if isinstance(one, EmbargoEvent)]
    told = {customer: [one for one in in_order(events) if customer_of(one) == customer] for customer in CUSTOMERS}
    told = {customer: some for customer, some in told.items() if some}
    found = {customer: found_in(customer, some, policies, detector) for customer, some in told.items()}
    return State(
        timelines={customer: timeline(some, found[customer]) for customer, some in told.items()},
        summaries={customer: summary(some, found[customer]) for customer, some in told.items()},
        conflicts=found,
        alerts=alerts([conflict for some in found.values() for conflict in some]),
    )


def found_in(customer: str, told: list[CustomerEvent], policies: list[EmbargoEvent], detector: Detector) -> list[Json]:
    after = aftermath(told)
    found = [as_stored(customer, one, after, 0, None).to_json() for one in detector.detect(told, policies)]
    return sorted((shown(customer, one) for one in found), key=lambda one: one["id"])


def shown(customer: str, conflict: Json) -> Json:
    return {"customer": customer} | {name: conflict[name] for name in SHOWN}


def alerts(conflicts: list[Json]) -> dict[str, tuple[str, int, int]]:
    standing = [one for one in conflicts if one["state"] == "open"]
    counts = Counter(one["alert"] for one in standing)
    return {
        alert: ("open", len({one["customer"] for one in standing if one["alert"] == alert}), count)
        for alert, count in counts.items()
    }


def timeline(told: list[CustomerEvent], found: list[Json]) -> list[Json]:
    """By id; what became of a message stands at the message."""
    return [
        {
            "id": one.id,
            "delivery": delivery_of(one, told),
            "conflicts": [
                (conflict["id"], conflict["state"])
                for conflict in found
                if one.id in (conflict["a"]["id"], conflict["b"]["id"])
            ],
        }
        for one in sorted(told, key=lambda one: one.id)
        if not isinstance(one, DeliveryEvent)
    ]


def delivery_of(message: CustomerEvent, told: list[CustomerEvent]) -> str | None:
    """The furthest it got; of what is equally far, the last."""
    steps = [one for one in told if isinstance(one, DeliveryEvent) and one.data.message == message.id]
    furthest = max((FURTHEST[one.data.status] for one in steps), default=0)
    far = [one for one in steps if FURTHEST[one.data.status] == furthest]
    return last(far).data.status if far else None


def last(events: list[Any]) -> Any:
    """As stores order them: by time, then by identity."""
    return max(events, key=lambda one: (one.time, identity_of(one)))


def summary(told: list[CustomerEvent], found: list[Json]) -> Json:
    messages = [one for one in told if isinstance(one, MessageEvent)]
    return {
        "first": timestamp(told[0].time),
        "last": timestamp(told[-1].time),
        "touchpoints": len(told),
        "messages": len(messages),
        "by_department": dict(Counter(one.data.department for one in messages)),
        "cases_open": sorted(case for case, status in cases(told).items() if status == "opened"),
        "consent": consents(told),
        "conflicts_open": sum(one["state"] == "open" for one in found),
    }


def steps(told: list[CustomerEvent], kind: type) -> list[Any]:
    some = [one for one in told if isinstance(one, kind)]
    return sorted(some, key=lambda one: (one.time, identity_of(one)))


def cases(told: list[CustomerEvent]) -> dict[str, str]:
    return {one.data.case: one.data.status for one in steps(told, CaseEvent)}


def consents(told: list[CustomerEvent]) -> dict[str, str]:
    said: dict[str, str] = {}
    for one in steps(told, ConsentEvent):
        said = {"*": one.data.status} if one.data.channel == "*" else said | {one.data.channel: one.data.status}
    return said


async def stored(journey: JourneyStore, consistency: ConsistencyStore) -> State:
    """The same out of the databases, read as the services' APIs read it."""
    known = [customer for customer in CUSTOMERS if await journey.customer(customer) is not None]
    by_customer = await consistency.conflicts.of_customers(known)
    return State(
        timelines={customer: await stored_timeline(journey, customer) for customer in known},
        summaries={customer: await stored_summary(journey, customer) for customer in known},
        conflicts={
            customer: sorted(
                (shown(customer, one.to_json()) for one in by_customer[customer] if one.state != "withdrawn"),
                key=lambda one: one["id"],
            )
            for customer in known
        },
        alerts=await stored_alerts(consistency),
    )


async def stored_timeline(store: JourneyStore, customer: str) -> list[Json]:
    rows = await store.page(customer, Filters(), None, 1_000, newest_first=False)
    items = await reading.items(store, customer, rows)
    plain = [
        {
            "id": item["id"],
            "delivery": item["delivery"] and item["delivery"]["status"],
            "conflicts": sorted((one["id"], one["state"]) for one in item["conflicts"]),
            "time": item["time"],
        }
        for item in items
    ]
    assert [one["time"] for one in plain] == sorted(one["time"] for one in plain)
    return sorted(({name: one[name] for name in one if name != "time"} for one in plain), key=lambda one: one["id"])


async def stored_summary(store: JourneyStore, customer: str) -> Json:
    known = await store.customer(customer)
    assert known is not None
    plain = await reading.summary(store, customer, known, known["last"])
    return {
        "first": plain["first"],
        "last": plain["last"],
        "touchpoints": plain["touchpoints"],
        "messages": plain["messages"]["total"],
        "by_department": plain["messages"]["by_department"],
        "cases_open": sorted(one["case"] for one in plain["cases"]["open"]),
        "consent": plain["consent"],
        "conflicts_open": plain["conflicts"]["open"],
    }


async def stored_alerts(store: ConsistencyStore) -> dict[str, tuple[str, int, int]]:
    every = await store.alerts.page(WantedAlerts(), "last_seen", None, 1_000)
    return {one.id: (one.state, one.customers, one.conflicts) for one in every if one.conflicts or one.state == "open"}
