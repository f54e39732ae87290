"""Timeline items as people see them: both sides of a conflict, whatever sort of event the other one is."""

from typing import Any

from services.gateway.console.entries import days, others_wanted
from services.gateway.shapes.conflicts import Conflict
from services.gateway.shapes.customers import TimelineItem


def item(number: int, kind: str, conflicts: list[Conflict] | None = None, **data: Any) -> TimelineItem:
    return {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "//s",
        "type": f"touchpoint.{kind}.v1",
        "time": f"2026-03-{number:02d}T09:00:00Z",
        "data": {"customer": {"id": "c"}, **data},
        "conflicts": conflicts or [],
        "delivery": None,
    }


def conflict(a: str, b: str, kind: Any, state: Any = "open", *spans: tuple[str, int, int, str]) -> Conflict:
    return {
        "id": f"{a}{b}",
        "customer": "c",
        "kind": kind,
        "attribute": "price",
        "a": {"source": "//s", "id": a},
        "b": {"source": "//s", "id": b},
        "reason": "Both were said.",
        "spans": [{"event": event, "start": start, "end": end, "text": text} for event, start, end, text in spans],
        "confidence": 0.9,
        "state": state,
        "alert": "x",
    }


def message(number: int, text: str, *conflicts: Conflict) -> TimelineItem:
    return item(
        number, "message", list(conflicts), department="sales", channel="email", direction="outbound", text=text
    )


def test_the_other_message_stands_beside_with_its_own_words_marked() -> None:
    clash = conflict("e1", "e2", "contradiction", "open", ("e1", 0, 3, "£30"), ("e2", 4, 7, "£36"))
    other, shown = message(1, "£30 a month", clash), message(2, "now £36 a month", clash)
    assert others_wanted([shown]) == ["e1"]
    (day,) = days([shown], [other])
    (entry,) = day.entries
    assert entry.html == "now <mark>£36</mark> a month"
    (note,) = entry.notes
    assert note.other.html == "<mark>£30</mark> a month"
    assert note.other_is_earlier


def test_an_embargo_is_no_event_of_the_customer_and_shows_its_words_alone() -> None:
    clash = conflict("embargo", "e2", "embargo", "open", ("embargo", 0, 7, "Tolland"), ("e2", 0, 7, "Tolland"))
    (day,) = days([message(2, "Tolland it is", clash)], [])
    (note,) = day.entries[0].notes
    assert not note.other.known
    assert note.other.html == "<mark>Tolland</mark>"


def test_a_withdrawn_consent_is_told_in_words() -> None:
    clash = conflict("e1", "e2", "consent", "open")
    withdrawn = item(1, "consent", [clash], channel="email", status="withdrawn")
    first, second = days([message(2, "25 % off", clash), withdrawn], [])
    (note,) = first.entries[0].notes
    assert note.other.customers_own
    assert "withdrew consent to promotion: Email" in note.other.html
    assert second.entries[0].form == "consent"


def test_words_of_a_settled_conflict_are_no_longer_marked() -> None:
    clash = conflict("e1", "e2", "contradiction", "settled", ("e2", 0, 3, "£36"))
    (day,) = days([message(2, "£36 a month", clash)], [])
    assert "<mark>" not in day.entries[0].html
    assert day.entries[0].notes[0].state == "settled"


def test_what_did_not_arrive_says_so() -> None:
    bounced = message(2, "Hello")
    bounced["delivery"] = {"status": "bounced", "time": "2026-03-02T10:00:00Z"}
    (day,) = days([bounced], [])
    assert (day.entries[0].delivery, day.entries[0].undelivered) == ("Not delivered: bounced", True)


def test_a_long_message_is_folded_around_the_words_that_clash() -> None:
    text = "word " * 400 + "£36" + " word" * 400
    clash = conflict("e1", "e2", "contradiction", "open", ("e2", 2_000, 2_003, "£36"))
    (day,) = days([message(2, text, clash)], [])
    beginning = day.entries[0].beginning
    assert beginning is not None
    assert "<mark>£36</mark>" in beginning
    assert len(beginning) < 800
