"""The scale of severity: what makes an alert how severe, and what a file may say."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.consistency.domain.alerts import Facts, first_alert
from services.consistency.domain.severity import A_DAY
from services.consistency.domain.stored import Alert
from services.consistency.severity import SHIPPED, SeverityError, read, run, shipped
from tests.unit.consistency.told import NOW, stored


def alert(**changed: Any) -> Alert:
    made = first_alert("a1", Facts(1, 1, NOW, NOW, False, (stored("c1"),), None), NOW)
    return replace(made, **changed)


def judged(days: float = 0, **changed: object) -> str:
    return shipped().judged(alert(**changed), NOW + round(days * A_DAY)).severity


def test_severe_is_what_is_about_much_and_concerns_many() -> None:
    assert judged(attribute="opening_hours", confidence=0.7) == "low"
    assert judged(attribute="price", confidence=0.7) == "medium"
    assert judged(attribute="price", customers=200) == "high"
    assert judged(attribute="price", customers=2_000) == "critical"
    assert judged(attribute="cooling_off", customers=20) == "high"
    assert judged(kind="embargo", attribute="dividend") == "critical", "money and legal at once"
    assert judged(kind="pressure", attribute="") == "low"


def test_time_makes_it_less_severe_at_a_known_moment() -> None:
    fresh = shipped().judged(alert(attribute="price", customers=200), NOW)
    assert fresh.severity_until == NOW + 7 * A_DAY
    old = shipped().judged(fresh, NOW + 30 * A_DAY)
    assert (fresh.severity, old.severity, old.severity_until) == ("high", "high", None)
    assert judged(days=31, attribute="price", customers=20) == "medium"
    assert (fresh.revision, fresh.history) == (old.revision, old.history)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("critical = 80", "critical = 20", "critical must need more points than high"),
        ("embargo = 50", "", "[kinds] has no line for embargo"),
        ("embargo = 50", "embargos = 50", "kinds.embargos"),
        ("pressure = 10", 'pressure = "10"', "kinds.pressure: Input should be a valid integer"),
        ("from = 100\n", "from = 10\n", "[[customers]]: each `from` must be greater than the one before it"),
        ("[levels]", "[level]", "levels: Field required"),
        ("[levels]", "[levels", "is not TOML"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    file = tmp_path / "severity.toml"
    file.write_text(SHIPPED.read_text().replace(old, new, 1))
    with pytest.raises(SeverityError) as raised:
        read(file)
    assert said in str(raised.value)
    assert run([str(file)]) == 2
    assert str(file) in capsys.readouterr().err


def test_another_scale_is_known_by_its_digest(tmp_path: Path) -> None:
    file = tmp_path / "severity.toml"
    file.write_text(SHIPPED.read_text())
    assert read(file).digest == shipped().digest
    file.write_text(SHIPPED.read_text().replace('"price", ', "", 1))
    assert read(file).digest != shipped().digest
    assert run([str(file)]) == 0
    assert run([str(tmp_path / "none.toml")]) == 2
