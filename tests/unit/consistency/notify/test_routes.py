"""The routes file: read strictly, tried from the command line; quiet hours by the clock of their place."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.consistency.notify.command import run
from services.consistency.notify.matchers import labels_of
from services.consistency.notify.quiet import Quiet, quiet_until
from services.consistency.notify.receivers import MICROSECONDS
from services.consistency.notify.routes import NO_ROUTES, RoutesError, read
from tests.unit.consistency.notify.alerts import published

FILE = """
[defaults]
group_wait = "10s"

[[route]]
name = "pages"
when = ["severity = critical"]
to = ["on-call"]
group_wait = "0s"
group_by = ["alert"]
more = true

[[route]]
name = "sales"
when = ["department = sales"]
to = ["chat", "mail"]
quiet = [{ from = "22:00", to = "07:00", zone = "Europe/London" }]

[[inhibit]]
source = ["kind = embargo"]
target = ["kind = contradiction"]
equal = ["subject"]

[receiver.on-call]
type = "webhook"
url = "https://hooks.example.com/onevoice"
secret_env = "TEST_ON_CALL_SECRET"

[receiver.chat]
type = "slack"
url_env = "TEST_CHAT_URL"

[receiver.mail]
type = "email"
to = ["ops@example.com"]
from = "Onevoice <onevoice@example.com>"
host = "smtp.example.com"
user = "onevoice"
password_file = "PASSWORD"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TEST_ON_CALL_SECRET", "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ=")
    monkeypatch.setenv("TEST_CHAT_URL", "https://chat.example.com/hooks/token")
    (tmp_path / "password").write_text("open sesame\n")
    file = tmp_path / "routes.toml"
    file.write_text(FILE.replace("PASSWORD", str(tmp_path / "password")))
    return file


def test_alerts_go_where_the_file_says(file: Path) -> None:
    routes = read(file)
    labels = labels_of(published("a1", severity="critical"))
    places = list(routes.places("a1", labels))
    assert [(place.route, place.receiver) for place in places] == [
        ("pages", "on-call"), ("sales", "chat"), ("sales", "mail"),
    ]  # fmt: skip
    assert places[0].by == (("alert", "a1"),)
    assert places[1].by == (("kind", "contradiction"), ("department", "marketing, sales"))
    assert [route.group_wait for route in routes.route] == [0, 10 * MICROSECONDS]
    assert len({place.group for place in places}) == 3
    assert read(file).digest == routes.digest != NO_ROUTES.digest


@pytest.mark.parametrize(
    ("line", "instead", "says"),
    [
        ('"10s"', '"10 seconds"', "defaults.group_wait: write a length of time as 30s"),
        ('group_wait = "0s"', 'group_wait = 5', "route.pages.group_wait: write a length of time as 30s"),
        ('["severity = critical"]', '["severity = urgent"]', "route.pages.when: 'urgent' is no severity"),
        ('to = ["on-call"]', 'to = ["nobody"]', "route 'pages' goes to 'nobody', which is no receiver; there are:"),
        ('name = "sales"', 'name = "pages"', "two routes are called 'pages'"),
        ('zone = "Europe/London"', 'zone = "Europe/Londn"', "route.sales.quiet.0.zone: 'Europe/Londn' is no time zone"),
        ('to = "07:00"', 'to = "7 am"', "'7 am' is no time of day"),
        ('source = ["kind = embargo"]', 'source = ["kind =~ .*"]', "inhibit.0.source: matches every alert"),
        ("https://hooks", "ftp://hooks", "receiver.on-call.webhook.url: must begin with https://"),
        ("hooks.example.com", "user:pw@hooks.example.com", "must not have a user or password in it"),
        ("hooks.example.com", "169.254.169.254", "link-local"),
        ('secret_env = "TEST_ON_CALL_SECRET"', 'secret = "whsec_x"', "receiver.on-call.webhook.secret: Extra inputs"),
        ("TEST_ON_CALL_SECRET", "TEST_NOT_SET", "the environment variable TEST_NOT_SET is not set or empty"),
        ("TEST_ON_CALL_SECRET", "TEST_CHAT_URL", "not a key of Standard Webhooks"),
        ('host = "smtp.example.com"', 'host = "h"\ntls = "none"', "a password is not sent in the clear"),
        ("password_file", "# password_file", "give one of password_env, password_file"),
        ("[defaults]", "[defaults", "is not TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    file: Path, line: str, instead: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = file.read_text()
    assert line in text
    file.write_text(text.replace(line, instead, 1))
    with pytest.raises(RoutesError) as caught:
        read(file)
    assert says in str(caught.value)
    assert str(file) in str(caught.value)
    assert "sesame" not in str(caught.value)
    assert run(["check", "--file", str(file)]) == 2
    assert says in capsys.readouterr().err


def test_the_command_checks_and_tries(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--file", str(file)]) == 0
    said = capsys.readouterr().out
    assert "receiver chat: slack, chat.example.com\n" in said
    assert "token" not in said
    assert "no route takes every alert" in said
    assert run(["try", "--file", str(file), "department=sales", "kind=consent"]) == 0
    assert capsys.readouterr().out == "chat by route sales\nmail by route sales\n"
    assert run(["try", "--file", str(file), "colour=red"]) == 2


def quiet(since: str, until: str, *days: str, zone: str = "Europe/London") -> Quiet:
    return Quiet.model_validate({"from": since, "to": until, "zone": zone, **({"days": days} if days else {})})


def at(text: str, zone: str = "Europe/London") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_quiet_hours_end_by_the_clock_of_their_place() -> None:
    nights = [quiet("22:00", "07:00")]
    assert quiet_until(nights, at("2026-03-02T21:59")) is None
    assert quiet_until(nights, at("2026-03-02T22:00")) == at("2026-03-03T07:00")
    assert quiet_until(nights, at("2026-03-03T06:59")) == at("2026-03-03T07:00")
    assert quiet_until(nights, at("2026-03-03T07:00")) is None
    # The night in which clocks are put forward is an hour shorter.
    assert quiet_until(nights, at("2026-03-28T23:00")) == datetime(2026, 3, 29, 6, tzinfo=UTC)


def test_quiet_windows_follow_one_another() -> None:
    weekend = [quiet("00:00", "24:00", "sat", "sun"), quiet("22:00", "08:00", "fri", "sun")]
    assert quiet_until(weekend, at("2026-03-06T23:00")) == at("2026-03-09T08:00")
    assert quiet_until(weekend, at("2026-03-05T23:00")) is None
