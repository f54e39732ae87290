"""Values are read by people."""

from typing import Any, get_args

import pytest

from services.consistency.domain.contradiction.claim import ClaimKind
from services.gateway.console import formats, wording
from services.gateway.console.values import value


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("999 money:GBP", "£999"),
        ("24.5 money:GBP per 30.4375 d", "£24.50 a month"),
        ("1200 money:USD per 365.25 d", "$1,200 a year"),
        ("4250..5750 money:GBP", "£4,250 to £5,750"),
        ("4.05 percent", "4.05 %"),
        ("14 d", "14 days"),
        ("0.0278 duration", "40 minutes"),
        ("0.167 duration", "4 hours"),
        ("1 duration", "1 day"),
        ("5..7 duration", "5 days to 7 days"),
        ("42 number", "42"),
        ("2025-10-01", "1 Oct 2025"),
        ("2025-12-01/2025-12-31", "1 Dec 2025 – 31 Dec 2025"),
        ("withdrawn sms", "withdrawn sms"),
        ("2025-99-99", "2025-99-99"),
        (None, "–"),
        (True, "yes"),
        (20, "20"),
        ({"from": 1}, '{"from": 1}'),
    ],
)
def test_a_value_is_written_as_people_write_it(plain: Any, shown: str) -> None:
    assert value(plain) == shown


def test_times_are_utc_whatever_they_came_in() -> None:
    assert formats.date_and_time("2025-10-20T01:30:00+02:00") == "19 Oct 2025, 23:30"
    assert formats.day("2025-10-20T16:44:36Z") == "Monday, 20 October 2025"
    assert formats.date_and_time("soon") == formats.date_and_time(None) == "–"


def test_a_time_span_is_told_in_the_unit_that_says_most() -> None:
    spans = {50: "50 seconds", 100: "2 minutes", 5_500: "2 hours", 86_400: "24 hours", 260_000: "3 days"}
    assert {seconds: formats.duration(seconds) for seconds in spans} == spans


def test_every_rule_has_a_name_in_plain_words() -> None:
    contradictions = {f"contradiction.{kind}" for kind in (*get_args(ClaimKind), "judge")}
    assert set(wording.RULES) == contradictions | {"consent", "open_case", "pressure"}
    assert wording.rule("embargo: names it and in confidence") == "Embargo: names it and in confidence"
    assert wording.rule("contradiction.of_tomorrow") == "Contradiction of tomorrow"


def test_what_has_no_name_is_readable_all_the_same() -> None:
    assert wording.named(wording.CHANNELS, "carrier-pigeon") == "Carrier pigeon"
    assert wording.subject("price, seat, seat, user_name, other") == "price · seat · user name …"
