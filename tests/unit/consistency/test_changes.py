"""What is written when found and stored conflicts differ."""

from dataclasses import replace

from services.consistency.domain.changes import aftermath, changes
from services.consistency.domain.stored import StoredConflict
from shared.events import CustomerEvent
from tests.unit.consistency.told import NOW, conflict, delivery, message

A = message("a", "marketing", 0)
B = message("b", "sales", 1)
FOUND = conflict(A, B)


def diff(
    found: list[object] | None = None,
    stored: list[StoredConflict] | None = None,
    told: tuple[CustomerEvent, ...] = (A, B),
) -> list[StoredConflict]:
    chosen = [FOUND] if found is None else []
    return changes("c1", chosen, stored or [], aftermath(told), NOW + 1, "trace")


def test_found_first_and_again() -> None:
    [new] = diff()
    assert (new.pair, new.state, new.revision, new.fresh) == ("open", "open", 1, True)
    assert diff(stored=[new]) == []


def test_no_longer_found_and_found_again() -> None:
    [new] = diff()
    [gone] = diff(found=[], stored=[new])
    assert (gone.pair, gone.state, gone.revision, gone.fresh) == ("withdrawn", "withdrawn", 2, False)
    assert diff(found=[], stored=[gone]) == []
    [back] = diff(stored=[gone])
    assert (back.state, back.revision, back.fresh, back.found_at) == ("open", 3, True, new.found_at)


def test_later_correction_settles() -> None:
    correction = message("c", "sales", 2, corrects="b")
    [settled] = diff(told=(A, B, correction))
    assert (settled.pair, settled.state, settled.fresh) == ("settled", "settled", False)
    [new] = diff()
    [after] = diff(stored=[new], told=(correction, B, A))
    assert (after.state, after.revision) == ("settled", 2)
    [bounced] = diff(stored=[after], told=(A, B, correction, delivery("c", "bounced")))
    assert bounced.state == "open"


def test_no_longer_found_is_withdrawn_also_after_a_correction() -> None:
    """A correction between the two came late, and another one followed: in order, the pair is never found."""
    [new] = diff()
    between, after = message("c", "sales", 0.5, corrects="a"), message("d", "sales", 2, corrects="a")
    [withdrawn] = diff(found=[], stored=[new], told=(A, B, between, after))
    assert (withdrawn.pair, withdrawn.state, withdrawn.fresh) == ("withdrawn", "withdrawn", False)
    assert diff(found=[], stored=[withdrawn], told=(A, B, between, after)) == []


def test_what_does_not_settle() -> None:
    earlier = message("c", "sales", 0, corrects="a")
    inbound = message("c", "sales", 2, corrects="b", direction="inbound")
    of_other = message("c", "sales", 2, corrects="z")
    for other in (earlier, inbound, of_other):
        [new] = diff(told=(A, B, other))
        assert new.state == "open"
    consent = conflict(A, B, kind="consent")
    [new] = changes("c1", [consent], [], aftermath((A, B, message("c", "sales", 2, corrects="b"))), NOW, None)
    assert new.state == "open"


def test_state_of_the_alert_is_kept_while_the_pair_is_the_same() -> None:
    [new] = diff()
    dismissed = replace(new, state="dismissed", fresh=False, revision=4)
    assert diff(stored=[dismissed]) == []
    reworded = replace(FOUND, reason="Both were said, in other words.")
    [after] = changes("c1", [reworded], [dismissed], aftermath((A, B)), NOW, None)
    assert (after.state, after.revision, after.reason) == ("dismissed", 5, reworded.reason)


def test_another_cause_leaves_the_old_alert() -> None:
    [new] = diff()
    dismissed = replace(new, state="dismissed", fresh=False)
    moved = conflict(A, B, values=("20 %", "12 %"))
    [after] = changes("c1", [moved], [dismissed], aftermath((A, B)), NOW, None)
    assert after.alert != new.alert
    assert (after.left, after.state, after.fresh) == ((new.alert,), "open", True)
