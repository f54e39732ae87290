"""What an outside judge alone says is marked for review wherever the console shows it."""

from typing import Any

from services.gateway.console.entries import days
from services.gateway.console.headlines import brief, headline
from services.gateway.console.rendering import TEMPLATES
from services.gateway.shapes.alerts import Alert, Sender
from services.gateway.shapes.conflicts import Conflict
from tests.unit.gateway.test_entries import conflict, message

MACROS: Any = TEMPLATES.get_template("macros.html").module


def clash(attribute: str) -> Conflict:
    return {**conflict("e1", "e2", "contradiction"), "attribute": attribute}


def sender(department: str) -> Sender:
    return {"department": department, "campaign": None, "template": None}


def alert(attribute: str) -> Alert:
    return {
        "id": "x",
        "kind": "contradiction",
        "attribute": attribute,
        "state": "open",
        "severity": "medium",
        "until": None,
        "assignee": None,
        "dismissal": None,
        "merged_into": None,
        "senders": {"a": sender("sales"), "b": sender("support")},
        "values": {"a": "The hub is yours.", "b": "Send the hub back."},
        "customers": 1,
        "conflicts": 1,
        "first_seen": "2026-03-02T09:00:00Z",
        "last_seen": "2026-03-02T09:00:00Z",
        "reason": "Both were said.",
        "confidence": 0.9,
        "examples": [],
        "history": [],
        "revision": 1,
    }


def test_alerts_and_conflicts_are_marked() -> None:
    assert "For review" in MACROS.kind(clash("for_review"))
    assert "For review" in MACROS.alert_row(alert("for_review"), "", None, "/")
    assert "For review" not in MACROS.kind(clash("price")) + MACROS.alert_row(alert("price"), "", None, "/")


def test_the_timeline_knows_it() -> None:
    (day,) = days([message(2, "Send the hub back.", clash("for_review"))], [])
    (note,) = day.entries[0].notes
    assert "For review" in MACROS.kind(note)


def test_it_is_told_in_words() -> None:
    assert brief(clash("for_review")) == "An outside judge alone says that both cannot hold."
    assert headline(alert("for_review")) == "Sales and Support may contradict each other"
