"""Alerts as they are published, for tests of what follows from them."""

from typing import Any


def published(alert: str, state: str = "open", *, revision: int = 1, **fields: Any) -> dict[str, Any]:
    senders = {
        "a": {"department": "marketing", "campaign": "spring-sale", "template": None},
        "b": {"department": "sales", "campaign": None, "template": None},
    }
    usual = {
        "id": alert,
        "kind": "contradiction",
        "attribute": "discount",
        "subject": "Pro plan",
        "state": state,
        "senders": senders,
        "values": {"a": "20 percent", "b": "10 percent"},
        "customers": 3,
        "conflicts": 3,
        "first_seen": "2026-03-02T09:00:00Z",
        "last_seen": "2026-03-02T10:00:00Z",
        "reason": "20 % against 10 % off the Pro plan",
        "examples": [],
        "history": [],
        "revision": revision,
    }
    return usual | fields
