"""What a customer was told: what holds first, by subject, a page at a time."""

from services.gateway.console.told import SUBJECTS, SUPERSEDED, told
from services.gateway.shapes.claims import Claim
from services.gateway.shapes.conflicts import Reference


def claim(number: int, subject: str, later: int | None = None, attribute: str = "price") -> Claim:
    superseded: Reference | None = None if later is None else {"source": "//s", "id": f"e{later}"}
    return {
        "subject": subject,
        "attribute": attribute,
        "value": "30",
        "event": {"source": "//s", "id": f"e{number}"},
        "department": "sales",
        "channel": "email",
        "time": f"2026-03-01T09:{number // 60:02d}:{number % 60:02d}Z",
        "span": {"start": 0, "end": 3, "text": "£30"},
        "superseded_by": superseded,
    }


def test_what_was_superseded_is_apart_and_what_superseded_it_is_asked_for() -> None:
    found = told([claim(1, "Harbour Pro", later=2), claim(2, "harbour pro")], "", 0)
    (subject,) = found.subjects
    assert [one["event"]["id"] for one in subject.standing] == ["e2"]
    assert [one["event"]["id"] for one in subject.superseded] == ["e1"]
    assert found.events() == ["e1", "e2"]


def test_a_customer_of_many_statements_is_shown_a_page_at_a_time() -> None:
    claims = [claim(number, f"plan {number}") for number in range(2 * SUBJECTS + 1)]
    first = told(claims, "", 0)
    assert [subject.about for subject in first.subjects[:2]] == ["plan 50", "plan 49"]
    assert (len(first.subjects), first.next) == (SUBJECTS, SUBJECTS)
    last = told(claims, "", 2 * SUBJECTS)
    assert ([subject.about for subject in last.subjects], last.next) == (["plan 0"], None)


def test_of_many_superseded_statements_the_newest_are_shown() -> None:
    (subject,) = told([claim(number, "plan", later=99) for number in range(SUPERSEDED + 3)], "", 0).subjects
    assert (len(subject.superseded), subject.more, subject.standing) == (SUPERSEDED, 3, [])


def test_words_find_subjects_attributes_and_departments() -> None:
    claims = [claim(1, "Harbour Pro"), claim(2, "shoes", attribute="refund_period")]
    assert [subject.about for subject in told(claims, "refund PERIOD", 0).subjects] == ["shoes"]
    assert [subject.about for subject in told(claims, "sales harbour", 0).subjects] == ["Harbour Pro"]
