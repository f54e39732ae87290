"""Matchers are read and hold as Alertmanager's; what could take long is refused."""

import pytest

from services.consistency.notify.matchers import Matcher, NoMatcher, labels_of, match, matcher, names_something
from tests.unit.consistency.notify.alerts import published

LABELS = labels_of(published("a1", severity="high", rules=["contradiction"], languages=["en", "ru"]))


def test_labels_are_all_that_either_side_has() -> None:
    assert LABELS["department"] == ["marketing", "sales"]
    assert LABELS["campaign"] == ["spring-sale"]
    assert (LABELS["severity"], LABELS["rule"], LABELS["language"]) == (["high"], ["contradiction"], ["en", "ru"])
    assert labels_of(published("a1"))["severity"] == []


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("kind = contradiction", True),
        ("kind=consent", False),
        ("department = sales", True),
        ("department != sales", False),
        ("department != support", True),
        ('campaign =~ "spring-.*"', True),
        ("campaign =~ spring", False),
        ("campaign !~ autumn-.*", True),
        ("department =~ support|sales", True),
        ("subject = Pro plan", True),
        ("severity =~ critical|high", True),
        ("severity = ", False),
    ],
)
def test_a_matcher_holds_where_one_value_fits_and_its_contrary_where_none_does(text: str, holds: bool) -> None:
    assert match([matcher(text)], LABELS) is holds


def test_what_an_alert_does_not_have_is_the_empty_text() -> None:
    assert matcher("severity = ").matches({})
    assert not matcher("severity != ").matches({})
    assert not names_something([matcher("kind =~ .*"), matcher("campaign != spring")])
    assert names_something([matcher("campaign != ")])


def test_a_matcher_is_written_as_it_is_read() -> None:
    for text in ("kind = consent", "campaign =~ spring-.*", "department != sales", "rule !~ a|b"):
        assert str(matcher(text)) == text
    assert matcher("kind=consent") == Matcher("kind", "=", "consent")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kind", "is no matcher"),
        ("colour = red", "'colour' is no label; there are kind"),
        ("kind = contradicton", "is no kind; there are contradiction"),
        ("severity = urgent", "is no severity; there are critical"),
        ("campaign =~ (a", "is no regular expression"),
        ("campaign =~ (a+)+b", "repeats a group"),
        ("campaign =~ a*b*c*d*", "repeats more than 3 times"),
        ("campaign =~ (?=a)b", "none that look ahead"),
        ("campaign = " + "x" * 201, "at most 200"),
    ],
)
def test_what_is_no_matcher_is_told(text: str, says: str) -> None:
    with pytest.raises(NoMatcher, match=says):
        matcher(text)
