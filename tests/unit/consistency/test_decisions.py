"""What people decide about an alert, as far as it needs no database."""

import pytest

from services.consistency.domain.alerts import Facts, first_alert, lapsed
from services.consistency.domain.decisions import Decision, Incomplete, NotPossible, decided
from services.consistency.domain.merging import giving_back, merged, split, taking_in
from services.consistency.domain.stored import Alert, Assignee
from services.consistency.store.documents import alert_of, alert_row
from tests.unit.consistency.told import NOW, decide, stored

HOUR = 3_600_000_000


def alert(name: str = "a1") -> Alert:
    return first_alert(name, Facts(1, 1, NOW, NOW, False, (stored("c1"),), None), NOW)


def test_acknowledged_until_a_time_comes_back_by_itself_and_can_be_made_longer() -> None:
    seen = decide(alert(), "acknowledge", "Ada", "on it", NOW, until=NOW + HOUR)
    assert (seen.state, seen.until, seen.history[-1].detail) == ("acknowledged", NOW + HOUR, "2023-11-14T23:13:20Z")
    assert lapsed(seen, NOW + HOUR - 1) is seen
    longer = decide(seen, "acknowledge", "Ada", None, NOW, until=NOW + 2 * HOUR)
    assert lapsed(longer, NOW + HOUR) is longer
    back = lapsed(longer, NOW + 2 * HOUR)
    assert (back.state, back.until, back.history[-1].by, back.history[-1].did) == ("open", None, "onevoice", "lapsed")
    assert decide(seen, "resolve", "Ada", "mended", NOW).until is None
    for until in (NOW, NOW - 1, NOW + 400 * 24 * HOUR):
        with pytest.raises(Incomplete, match="until"):
            decide(alert(), "acknowledge", "Ada", None, NOW, until=until)


def test_assigned_to_one_at_a_time_whatever_the_state() -> None:
    given = decide(alert(), "assign", "Ada", "yours", NOW)
    assert (given.state, given.assignee) == ("open", Assignee("department", "sales"))
    with pytest.raises(NotPossible, match="already"):
        decide(given, "assign", "Ada", None, NOW)
    grace = decided(given, Decision("assign", "Ada", assignee=Assignee("person", "Grace")), NOW)
    assert grace.assignee == Assignee("person", "Grace")
    assert decide(grace, "resolve", "Grace", "mended", NOW).assignee == grace.assignee
    nobody = decide(grace, "unassign", "Grace", "on leave", NOW)
    assert (nobody.assignee, nobody.history[-1].detail) == (None, "person:Grace")
    with pytest.raises(NotPossible):
        decide(nobody, "unassign", "Grace", None, NOW)


def test_what_ends_an_alert_needs_a_reason() -> None:
    for decision in (
        Decision("resolve", "Ada"),
        Decision("comment", "Ada"),
        Decision("dismiss", "Ada", dismissal="duplicate"),
        Decision("dismiss", "Ada", "we know"),
        Decision("assign", "Ada"),
    ):
        with pytest.raises(Incomplete):
            decided(alert(), decision, NOW)
    dismissed = decide(alert(), "dismiss", "Ada", "we know", NOW)
    assert (dismissed.dismissal, dismissed.history[-1].detail) == ("tolerated", "tolerated")
    assert decide(dismissed, "reopen", "Ada", None, NOW).dismissal is None


def test_an_unacknowledged_alert_leaves_what_was_resolved_with_it_alone() -> None:
    seen = decide(alert(), "acknowledge", "Ada", None, NOW)
    back = decide(seen, "unacknowledge", "Ada", "not mine", NOW)
    assert (back.state, back.spreading) == ("open", False)
    with pytest.raises(NotPossible):
        decide(back, "unacknowledge", "Ada", None, NOW)


def test_a_merged_alert_is_decided_about_elsewhere_and_gets_its_state_back() -> None:
    target = alert("a1")
    source = decide(alert("a2"), "acknowledge", "Ada", None, NOW, until=NOW + HOUR)
    noted = taking_in(target, source, (), "Ada", "one campaign", NOW)
    away = merged(source, target.id, "Ada", "one campaign", NOW)
    assert (noted.state, noted.history[-1].detail) == ("open", "a2")
    assert (away.state, away.merged_into, away.spreading) == ("merged", "a1", False)
    with pytest.raises(NotPossible, match="merged into a1"):
        decide(away, "resolve", "Ada", "mended", NOW)
    alone = split(away, "Ada", None, NOW)
    assert (alone.state, alone.until, alone.merged_into) == ("acknowledged", NOW + HOUR, None)
    assert alone.spreading, "its conflicts show the other one's state still"
    assert [step.did for step in giving_back(noted, "a2", "Ada", None, NOW).history] == [
        "found",
        "take_in",
        "give_back",
    ]
    again = taking_in(noted, source, (), "Ada", "one campaign", NOW + 1)
    assert [step.did for step in again.history] == ["found", "take_in"], "an attempt that failed is not told twice"


def test_what_cannot_be_merged() -> None:
    target, source = alert("a1"), alert("a2")
    gone = decide(target, "resolve", "Ada", "mended", NOW)
    for into, members, why in (
        (source, (), "itself"),
        (gone, (), "only an open"),
        (target, ("a1",), "merged into this one"),
        (target, tuple(map(str, range(100))), "At most"),
    ):
        with pytest.raises(NotPossible, match=why):
            taking_in(into, source, members, "Ada", None, NOW)
    with pytest.raises(NotPossible):
        split(source, "Ada", None, NOW)
    with pytest.raises(NotPossible, match="already"):
        taking_in(target, merged(source, "a3", "Ada", None, NOW), (), "Ada", None, NOW)


def test_an_alert_stored_before_these_fields_is_read() -> None:
    row = alert_row(decide(alert(), "acknowledge", "Ada", None, NOW))
    younger = ("until", "assignee", "dismissal", "merged_into", "confidence", "severity", "severity_until", "scale")
    old = {name: value for name, value in row.items() if name not in younger}
    old["history"] = [{name: step[name] for name in ("state", "by", "at", "reason")} for step in old["history"]]
    read = alert_of(old)
    assert (read.state, read.assignee, read.until, read.history[-1].did) == ("acknowledged", None, None, None)
    assert decide(read, "resolve", "Ada", "mended", NOW).state == "resolved"
