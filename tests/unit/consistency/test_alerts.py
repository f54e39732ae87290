"""The life of an alert, as far as it needs no database."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.consistency.domain.alerts import MAX_STEPS, Facts, recounted
from services.consistency.domain.causes import cause_of
from services.consistency.domain.conflict import Conflict
from services.consistency.domain.decisions import TRANSITIONS, Action, NotPossible
from services.consistency.domain.stored import Alert
from tests.unit.consistency.told import conflict, decide, embargo, message, stored

NOW = 1_700_000_000_000_000


def facts(count: int = 1, *, fresh: bool = True, last: int = NOW) -> Facts:
    newest = tuple(replace(stored(f"c{number}"), found_at=last - number) for number in range(min(count, 5)))
    return Facts(count, count, last - count, last, fresh, newest, "trace")


def alert(count: int = 1) -> Alert:
    made = recounted(None, "a1", facts(count), NOW)
    assert made is not None
    return made


def test_first_conflict_makes_an_open_alert() -> None:
    made = alert(7)
    assert (made.state, made.customers, made.conflicts, made.revision) == ("open", 7, 7, 1)
    assert len(made.examples) == 5
    assert [step.by for step in made.history] == ["onevoice"]


def test_nothing_new_changes_nothing() -> None:
    made = alert()
    assert recounted(made, made.id, facts(fresh=False), NOW + 5) is made
    assert recounted(None, "a1", None, NOW) is None


def test_counts_and_times_follow_the_conflicts() -> None:
    made = alert(3)
    after = recounted(made, made.id, facts(2, fresh=False, last=NOW - 9), NOW + 5)
    assert after is not None
    assert (after.customers, after.revision) == (2, 2)
    assert after.last_seen == NOW
    assert after.first_seen == min(made.first_seen, NOW - 11)


def test_resolves_itself_when_nothing_is_left_and_comes_back() -> None:
    made = alert()
    gone = recounted(made, made.id, None, NOW + 1)
    assert gone is not None
    assert (gone.state, gone.conflicts, gone.examples) == ("resolved", 0, ())
    assert gone.history[-1].by == "onevoice"
    assert recounted(gone, made.id, None, NOW + 2) is gone
    back = recounted(gone, made.id, facts(), NOW + 3)
    assert back is not None
    assert back.state == "open"
    assert back.history[-1].reason is not None
    assert "regressed" in back.history[-1].reason
    assert not back.spreading


def test_dismissed_stays_dismissed() -> None:
    dismissed = decide(alert(), "dismiss", "Ada", "as agreed", NOW + 1)
    more = recounted(dismissed, dismissed.id, facts(2), NOW + 2)
    assert more is not None
    assert (more.state, more.customers, more.spreading) == ("dismissed", 2, True)
    gone = recounted(more, more.id, None, NOW + 3)
    assert gone is not None
    assert gone.state == "dismissed"


def test_resolved_is_not_reopened_by_what_it_covered() -> None:
    resolved = decide(alert(3), "resolve", "Ada", "because", NOW + 1)
    fewer = recounted(resolved, resolved.id, facts(2, fresh=False), NOW + 2)
    assert fewer is not None
    assert fewer.state == "resolved"


def test_nothing_to_reopen() -> None:
    gone = recounted(alert(), "a1", None, NOW)
    assert gone is not None
    with pytest.raises(NotPossible, match="nothing is left"):
        decide(gone, "reopen", "Ada", "because", NOW)


@given(st.lists(st.sampled_from(sorted(TRANSITIONS)), max_size=8))
def test_every_step_is_written_down(actions: list[Action]) -> None:
    current = alert()
    for action in actions:
        allowed, target = TRANSITIONS[action]
        if current.state not in allowed or (action, current.state) == ("acknowledge", "acknowledged"):
            with pytest.raises(NotPossible):
                decide(current, action, "Ada", "because", NOW)
            continue
        moved = decide(current, action, "Ada", "because", NOW)
        assert moved.history == (*current.history, moved.history[-1])
        assert (moved.state, moved.history[-1].state, moved.history[-1].by) == (target, target, "Ada")
        assert moved.revision == current.revision + 1
        current = moved


def test_history_has_a_bound_and_keeps_what_people_did() -> None:
    current = decide(alert(), "comment", "Ada", "Sales knows.", NOW)
    for number in range(MAX_STEPS):
        flapped = recounted(current, current.id, facts() if number % 2 else None, NOW + number)
        assert flapped is not None
        current = flapped
    assert len(current.history) == MAX_STEPS
    assert current.history[0].reason == "Sales knows."


def cause(one: Conflict) -> str:
    return cause_of(one)


def test_one_cause_whichever_side_came_first() -> None:
    spring = message("m1", "marketing", campaign="spring")
    macro = message("s1", "support", template="macro-7")
    one = conflict(spring, macro, values=("20 %", "10 %"))
    assert cause(one) == cause(conflict(macro, spring, values=("10 %", "20 %")))
    assert cause(one) == cause(conflict(message("m2", "marketing", campaign="spring"), macro, values=("20 %", "10 %")))


def test_other_causes() -> None:
    spring = message("m1", "marketing", campaign="spring")
    macro = message("s1", "support", template="macro-7")
    one = conflict(spring, macro, values=("20 %", "10 %"))
    others = [
        conflict(spring, macro, values=("20 %", "15 %")),
        conflict(spring, macro, values=("10 %", "20 %")),
        conflict(spring, message("s1", "support"), values=("20 %", "10 %")),
        conflict(spring, message("b1", "billing", template="macro-7"), values=("20 %", "10 %")),
        replace(one, attribute="price"),
        replace(one, kind="pressure"),
        conflict(embargo("e1"), macro, kind="embargo"),
        conflict(embargo("e2"), macro, kind="embargo"),
    ]
    assert len({cause(one), *map(cause, others)}) == len(others) + 1
