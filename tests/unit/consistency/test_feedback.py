"""What people do with an alert as a judgement of its finding, and how judgements are counted."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.consistency.domain.alerts import Facts, first_alert, recounted
from services.consistency.domain.carrying import alert_kept_ahead
from services.consistency.domain.decisions import Action, Decision, decided
from services.consistency.domain.languages import languages_in
from services.consistency.domain.merging import merged, split
from services.consistency.domain.precision import Cell, Muting, Tally, by_language, by_pair, by_rule, in_all, interval
from services.consistency.domain.stored import Alert, Dismissal, Judgement, StoredConflict
from services.consistency.feedback import SHIPPED, FeedbackError, read, run
from services.consistency.store.documents import alert_of, alert_row, conflict_of, conflict_row
from services.consistency.store.register import card_of
from tests.unit.consistency.told import NOW, conflict, decide, embargo, message, stored


def pair(rule: str = "contradiction.amount", *languages: str) -> StoredConflict:
    return replace(stored("c1"), rule=rule, languages=languages or ("en",))


def facts(*newest: StoredConflict) -> Facts:
    return Facts(len(newest), len(newest), NOW, NOW, True, newest, None)


def alert(*newest: StoredConflict) -> Alert:
    return first_alert("a1", facts(*(newest or (pair(),))), NOW)


def dismissed(dismissal: Dismissal) -> Alert:
    return decided(alert(), Decision("dismiss", "Ada", "because", dismissal=dismissal), NOW)


def without_pairs(before: Alert, *corrected: StoredConflict, now: int = NOW + 1) -> Alert:
    after = recounted(before, before.id, None, now, corrected)
    assert after is not None
    return after


def test_decisions_say_whether_the_finding_was_right() -> None:
    assert dismissed("not_a_conflict").judgement == Judgement("wrong", NOW, "Ada")
    assert dismissed("tolerated").judgement == Judgement("right", NOW, "Ada")
    assert dismissed("duplicate").judgement is None
    resolved = decide(alert(), "resolve", "Ada", "mended", NOW)
    assert resolved.judgement == Judgement("right", NOW, "Ada")
    told = resolved.to_json()
    assert (told["verdict"], told["judged_at"]) == ("right", "2023-11-14T22:13:20Z")


@pytest.mark.parametrize("action", ["acknowledge", "assign", "comment"])
def test_who_looks_into_it_says_nothing_yet(action: Action) -> None:
    assert decide(alert(), action, "Ada", "on it", NOW).judgement is None


def test_a_correction_confirms_and_what_was_only_withdrawn_says_nothing() -> None:
    assert without_pairs(alert()).judgement is None
    corrected = without_pairs(alert(), pair())
    assert (corrected.state, corrected.judgement) == ("resolved", Judgement("right", NOW + 1, "onevoice"))
    assert without_pairs(corrected, pair(), now=NOW + 9) is corrected, "the day stays"
    assert without_pairs(corrected).judgement is None, "the corrected message never arrived"
    assert without_pairs(without_pairs(alert()), pair()).judgement is not None, "nor does the order matter"
    wrong = dismissed("not_a_conflict")
    assert without_pairs(wrong, pair()).judgement == wrong.judgement, "a person's word stands"


def test_a_judgement_is_taken_back_with_the_state_that_it_came_with() -> None:
    for judged in (dismissed("not_a_conflict"), decide(alert(), "resolve", "Ada", "mended", NOW)):
        assert decide(judged, "reopen", "Ada", None, NOW + 1).judgement is None
    regressed = recounted(without_pairs(alert(), pair()), "a1", facts(pair()), NOW + 2)
    assert regressed is not None
    assert (regressed.state, regressed.judgement) == ("open", None)


def test_a_merged_alert_is_not_counted_and_has_its_judgement_again_when_it_is_split() -> None:
    wrong = dismissed("not_a_conflict")
    away = merged(wrong, "a2", "Ada", None, NOW)
    assert (card_of(alert_row(away)).verdict, card_of(alert_row(away)).judged_on) == (None, None)
    row = alert_row(split(away, "Ada", None, NOW))
    card = card_of(row)
    assert (card.verdict, card.judged_on) == ("wrong", NOW // 86_400_000_000)
    assert (card.rules, card.languages) == (("contradiction.amount",), ("en",))
    assert alert_of(row) == split(away, "Ada", None, NOW)


def test_the_rules_and_languages_are_those_of_the_newest_pairs_and_stay_when_these_go() -> None:
    found = alert(pair("contradiction.moment", "ru"), pair("contradiction.amount", "en", "ru"))
    assert (found.rules, found.languages) == (("contradiction.amount", "contradiction.moment"), ("en", "ru"))
    later = recounted(found, "a1", facts(pair("contradiction.statement", "zh")), NOW + 1)
    assert later is not None
    gone = without_pairs(later)
    assert (gone.rules, gone.languages) == (("contradiction.statement",), ("zh",))


def test_languages_are_those_of_the_messages() -> None:
    english, russian = message("m1", text="Your plan costs 30."), message("m2", text="Тариф стоит 36 рублей.")
    assert languages_in(conflict(english, russian)) == ("en", "ru")
    assert languages_in(conflict(embargo("e1"), russian, kind="embargo")) == ("ru",)
    assert languages_in(conflict(english, message("m3", text="每月 36 元", language="en"))) == ("en", "zh")


def test_what_was_stored_before_is_read_and_learns_what_found_it_and_how_it_was_judged() -> None:
    younger = ("rules", "languages", "judgement", "verdict", "judged_on", "found_by", "spoken")
    expected = {"not_a_conflict": "wrong", "tolerated": "right", "duplicate": None, None: "right"}
    for dismissal, verdict in expected.items():
        judged = decide(alert(), "resolve", "Ada", "mended", NOW) if dismissal is None else dismissed(dismissal)
        row = {name: value for name, value in alert_row(judged).items() if name not in younger}
        old = alert_of(row)
        assert (old.rules, old.judgement) == (None, None)
        learned = recounted(old, "a1", replace(facts(pair()), fresh=False), NOW + 5)
        assert learned is not None
        assert (learned.rules, learned.revision) == (("contradiction.amount",), judged.revision + 1)
        assert learned.judgement == (None if verdict is None else Judgement(verdict, NOW, "Ada"))
    without = conflict_row(pair())
    del without["languages"]
    assert conflict_of(without).languages == ()


def test_a_judgement_through_the_generation_before_is_carried() -> None:
    new = alert()
    both = alert_kept_ahead(decide(alert(), "resolve", "Grace", "mended", NOW + 7), new)
    assert both.judgement == Judgement("right", NOW + 7, "Grace")
    reopened = decide(dismissed("not_a_conflict"), "reopen", "Ada", None, NOW + 8)
    assert alert_kept_ahead(reopened, dismissed("not_a_conflict")).judgement is None


CELLS = [
    Cell(("axis",), ("billing", "sales"), ("en",), "right", 3),
    Cell(("amount", "axis"), ("billing", "sales"), ("en", "ru"), "wrong", 2),
    Cell(("amount",), ("sales", "sales"), (), "undecided", 5),
]


def test_an_alert_counts_for_each_of_its_rules_and_languages_and_once_in_all() -> None:
    assert in_all(CELLS) == Tally(3, 2, 5)
    assert by_rule(CELLS) == {"axis": Tally(3, 2), "amount": Tally(0, 2, 5)}
    assert by_pair(CELLS) == {("billing", "sales"): Tally(3, 2), ("sales", "sales"): Tally(0, 0, 5)}
    assert by_language(CELLS) == {"en": Tally(3, 2), "ru": Tally(0, 2)}
    assert in_all([]) == Tally()


@pytest.mark.parametrize(
    ("right", "judged", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (1, 1, 0.2065, 1.0),
        (900, 1000, 0.8799, 0.9171),
    ],
)
def test_the_interval_is_wilsons(right: int, judged: int, low: float, high: float) -> None:
    assert interval(right, judged) == pytest.approx((low, high), abs=1e-4)


def test_precision_of_nothing_is_none() -> None:
    told = Tally(0, 0, 4).to_json()
    assert (told["precision"], told["interval"], told["undecided"]) == (None, None, 4)


def test_a_rule_is_proposed_below_the_set_precision_where_enough_were_judged() -> None:
    muting = Muting(precision=0.5, judged=10, days=90)
    rules = {
        "few": Tally(0, 9),
        "good": Tally(5, 5),
        "bad": Tally(4, 6),
        "worse": Tally(1, 9, 50),
        "undecided": Tally(0, 0, 50),
    }
    assert list(muting.proposals(rules)) == ["worse", "bad"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("precision = 0.5", "precision = 50", "precision: Input should be less than or equal to 1"),
        ("judged = 10", "judged = 0", "judged: Input should be greater than or equal to 1"),
        ("days = 90", "", "days: Field required"),
        ("days = 90", "weeks = 9", "weeks: Extra inputs are not permitted"),
        ("days = 90", "days = ", "is not TOML"),
    ],
)
def test_what_is_wrong_with_the_file_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    file = tmp_path / "feedback.toml"
    file.write_text(SHIPPED.read_text().replace(old, new, 1))
    with pytest.raises(FeedbackError) as raised:
        read(file)
    assert said in str(raised.value)
    assert run([str(file)]) == 2
    assert str(file) in capsys.readouterr().err


def test_the_file_that_comes_with_the_sources_is_good(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert "fewer than 50% right of at least 10 alerts" in capsys.readouterr().out
    assert run(["one", "two"]) == 2
