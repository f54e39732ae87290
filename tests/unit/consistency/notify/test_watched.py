"""Who is to be told of an alert, as it opens, gets graver, closes and comes back."""

from dataclasses import replace
from typing import Any

from services.consistency.notify.watched import Watched, routed

HERE = frozenset({"g1"})


def alert(state: str = "open", severity: str | None = "medium", **fields: Any) -> Watched:
    plain = Watched("a1", 1, 1, {"state": state, "severity": severity}, {}, (), (), {}, (), again=False)
    return replace(plain, **fields)


def test_an_open_alert_is_told_once() -> None:
    assert routed(alert(), HERE, ()).untold == ("g1",)
    assert routed(alert(told={"g1": "medium"}), HERE, ()).untold == ()
    assert routed(alert(told={"g1": "medium"}, severity="low"), HERE, ()).untold == ()
    assert routed(alert(told={"g1": "medium"}, severity="critical"), HERE, ()).untold == ("g1",)
    assert routed(alert("acknowledged"), HERE, ()).untold == ()


def test_who_was_told_that_it_is_open_is_told_that_it_is_closed() -> None:
    closed = routed(alert("resolved", told={"g1": "medium", "g0": "low"}), HERE, ())
    assert closed.untold == closed.groups == ("g0", "g1")
    assert routed(alert("dismissed"), HERE, ()).untold == ()
    # It moved to another group, and the one before still has to hear how it ends.
    assert routed(alert(told={"g0": "low"}), HERE, ()).groups == ("g0", "g1")


def test_what_a_silence_hid_is_told_anew_when_the_last_one_ends() -> None:
    back = routed(alert(told={"g1": "medium"}, again=True), HERE, ())
    assert (back.untold, back.again) == (("g1",), False)
    hidden = routed(alert(told={"g1": "medium"}, again=True), HERE, ("s2",))
    assert (hidden.untold, hidden.again, hidden.silences) == ((), True, ("s2",))
    assert routed(alert("acknowledged", told={"g1": "medium"}, again=True), HERE, ()).untold == ()
