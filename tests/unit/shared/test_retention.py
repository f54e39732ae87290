"""The file of retention is read strictly; an event is kept from the later of its time and its arrival."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.reserved import RESERVED
from shared.retention import RetentionError, read, shipped
from shared.retention.documents import NEVER, ends, later_of
from shared.retention.table import SHIPPED

MESSAGE, CONSENT = "touchpoint.message.v1", "touchpoint.consent.v1"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_the_canary_is_kept_as_it_says_whatever_the_type() -> None:
    assert {shipped().of_event(kind, f"{RESERVED}/1") for kind in (MESSAGE, CONSENT)} == {shipped().canary.days}
    assert shipped().of_event(CONSENT, "c-1") is None
    assert shipped().of_withdrawn(f"{RESERVED}/1") == shipped().canary.days


@pytest.mark.parametrize(
    ("line", "instead", "says"),
    [
        ("touchpoints = 365", "", r"\[topics\] has no line for touchpoints"),
        ("touchpoints = 365", "touchpoints = 365\nothers = 1", r"\[topics\] others: not known; known are touchpoints"),
        ("touchpoints = 365", "touchpoints = 0", "topics.touchpoints: Input should be greater than 0"),
        ("touchpoints = 365", 'touchpoints = "a year"', "topics.touchpoints: Input should be a valid integer"),
        ("touchpoints = 365", "touchpoints = true", "topics.touchpoints: Input should be a valid integer"),
        ('alerts = "for ever"', "alerts = 9", r'\[topics\] alerts: a compacted topic is kept "for ever"'),
        ('.delivery.v1" = 400', '.delivery.v1" = 364', r"touchpoint.delivery.v1: must be kept at least as long as"),
        ('.consent.v1" = "for ever"', '.consent.v1" = 30', r"touchpoint.consent.v1: must be kept at least as long as"),
        ('.embargo.v1" = "for ever"', '.embargo.v1" = 30', r"touchpoint.embargo.v1: its topic is compacted"),
        ("identities = 7", 'identities = "for ever"', "derived.identities"),
        ("[canary]", "[canary", "is not TOML"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, line: str, instead: str, says: str) -> None:
    text = SHIPPED.read_text("utf-8")
    assert line in text
    file = tmp_path / "retention.toml"
    file.write_text(text.replace(line, instead, 1), "utf-8")
    with pytest.raises(RetentionError, match=says) as caught:
        read(file)
    assert str(file) in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RetentionError, match=r"none\.toml cannot be read"):
        read(tmp_path / "none.toml")


def test_an_event_that_comes_late_is_kept_from_its_coming_and_one_ahead_of_time_from_its_time() -> None:
    arrived = int(NOON.timestamp() * 1000)
    assert later_of(NOON - timedelta(days=900), arrived) == NOON
    assert later_of(NOON + timedelta(hours=3), arrived) == NOON + timedelta(hours=3)


def test_for_ever_has_a_date_too() -> None:
    assert ends(NOON, None) == NEVER
    assert ends(NOON, 2) == NOON + timedelta(days=2)
