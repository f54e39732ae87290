"""What a generation takes over from the one before, as pure functions."""

from dataclasses import replace

from services.consistency.domain.alerts import Facts, first_alert
from services.consistency.domain.carrying import alert_kept_ahead, alert_taken_over, kept_ahead, taken_over
from services.consistency.domain.changes import aftermath, as_stored
from services.consistency.domain.conflict import Conflict
from services.consistency.domain.stored import Alert, StoredConflict
from tests.integration.consistency_service import Customer
from tests.unit.consistency.told import decide

CUSTOMER = Customer("c-1")
A, B = CUSTOMER.quote(20, "marketing"), CUSTOMER.quote(10, "sales")
FOUND = Conflict("contradiction", A, B, "discount", "20 % and 10 %", (), 0.9, "claims", values=("20", "10"))


def stored(revision: int, now: int, **changed: object) -> StoredConflict:
    fresh = as_stored("c-1", FOUND, aftermath([A, B]), now, None)
    return replace(fresh, revision=revision, **changed)  # type: ignore[arg-type]


def alert(now: int = 1) -> Alert:
    return first_alert("alert", Facts(1, 1, now, now, False, (stored(1, now),), None), now)


def test_what_both_say_keeps_revision_state_and_first_sighting() -> None:
    old = stored(3, 10, state="dismissed", fresh=False)
    assert taken_over(old, stored(1, 99)) == old


def test_what_the_new_one_says_differently_gets_a_higher_revision() -> None:
    old = stored(3, 10, fresh=False)
    result = taken_over(old, stored(1, 99, reason="other words"))
    assert (result.reason, result.revision, result.found_at) == ("other words", 4, 10)
    changed_often = taken_over(old, stored(7, 99, reason="other words"))
    assert changed_often.revision == 8, "a revision that was read is never used again"


def test_what_the_new_one_does_not_have_comes_over_as_it_is() -> None:
    old = stored(3, 10)
    assert taken_over(old, None) == old
    assert kept_ahead(old, None) == old


def test_afterwards_the_new_word_stands_above_the_old_one() -> None:
    new = stored(2, 10, reason="new words")
    assert kept_ahead(stored(1, 10), new) == new
    assert kept_ahead(stored(2, 10), new) == replace(new, revision=3)
    assert kept_ahead(stored(5, 10), new) == replace(new, revision=6)
    assert kept_ahead(stored(2, 99, reason="new words"), new) == new, "they agree"


def test_alert_comes_over_with_what_people_did() -> None:
    old = decide(alert(), "acknowledge", "Ada", "seen", 5)
    assert alert_taken_over(old, None) == old
    assert alert_taken_over(old, alert(99)) == old
    rebuilt = replace(alert(99), revision=4)
    assert alert_taken_over(old, rebuilt) == replace(old, revision=5)
    assert alert_taken_over(old, old) == old


def test_late_decision_in_the_old_generation_is_added_and_the_last_word_holds() -> None:
    old = alert()
    new = decide(alert(), "acknowledge", "Ada", "seen", 5)
    resolved = decide(old, "resolve", "Grace", "mended", 7)
    both = alert_kept_ahead(resolved, new)
    assert (both.state, both.spreading, both.revision) == ("resolved", True, 3)
    assert [step.by for step in both.history] == ["onevoice", "Ada", "Grace"]
    earlier = alert_kept_ahead(decide(old, "resolve", "Grace", "mended", 3), new)
    assert (earlier.state, [step.by for step in earlier.history]) == ("acknowledged", ["onevoice", "Grace", "Ada"])
    assert alert_kept_ahead(both, both).revision > both.revision


def test_late_comment_and_assignment_in_the_old_generation_leave_the_state() -> None:
    new = decide(alert(), "dismiss", "Ada", "as agreed", 5)
    old = decide(decide(alert(), "comment", "Grace", "who?", 7), "assign", "Grace", None, 8)
    both = alert_kept_ahead(old, new)
    assert (both.state, both.dismissal, both.assignee) == ("dismissed", "tolerated", old.assignee)
    assert [step.did for step in both.history] == ["found", "dismiss", "comment", "assign"]
    until = decide(alert(), "acknowledge", "Grace", None, 9)
    assert alert_kept_ahead(until, new).state == "acknowledged"
