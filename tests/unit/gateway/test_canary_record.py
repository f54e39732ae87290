"""When the canary counts as late and as lost, and when that is over."""

from datetime import UTC, datetime, timedelta

from services.gateway.canary.record import Record

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATE, LOST = 30.0, 600.0


def at(now: float) -> datetime:
    return START + timedelta(seconds=now)


def arrive(record: Record, begun: float, timeline: float, conflict: float) -> None:
    run = record.begin(at(begun), begun)
    record.arrived(run, "timeline", begun + timeline)
    record.arrived(run, "conflict", begun + conflict)


def test_nothing_is_known_before_the_first_has_ended() -> None:
    record = Record(LATE, LOST)
    record.begin(at(0), 0)
    health = record.health(at(1), 1)
    assert (health["state"], [run["state"] for run in health["runs"]]) == ("waiting", ["under way"])


def test_both_ways_are_measured() -> None:
    record = Record(LATE, LOST)
    arrive(record, 0, timeline=0.5, conflict=2)
    health = record.health(at(3), 3)
    assert (health["state"], health["since"], health["late"], health["lost"]) == ("ok", None, 0, 0)
    assert health["runs"] == [{"at": "2026-03-02T09:00:00Z", "state": "ok", "timeline": 0.5, "conflict": 2}]


def test_late_while_one_is_overdue_and_until_a_newer_one_is_in_time() -> None:
    record = Record(LATE, LOST)
    slow = record.begin(at(0), 0)
    assert record.health(at(30), 30)["state"] == "waiting"
    assert record.health(at(31), 31)["since"] == "2026-03-02T09:00:31Z"
    record.arrived(slow, "timeline", 40)
    record.arrived(slow, "conflict", 45)
    still = record.health(at(60), 60)
    assert (still["state"], still["since"], still["late"]) == ("late", "2026-03-02T09:00:31Z", 1)
    arrive(record, 61, timeline=1, conflict=1)
    assert record.health(at(63), 63)["state"] == "ok"


def test_one_lost_among_many_that_arrive_is_seen() -> None:
    record = Record(LATE, LOST)
    gone = record.begin(at(0), 0)
    record.arrived(gone, "timeline", 1)
    record.given_up(gone, "lost", 600)
    arrive(record, 601, timeline=1, conflict=1)
    health = record.health(at(700), 700)
    assert (health["state"], health["lost"], health["runs"][1]["conflict"]) == ("lost", 1, None)
    assert record.health(at(1_300), 1_300)["state"] == "ok"


def test_what_the_door_does_not_take_counts_as_lost() -> None:
    record = Record(LATE, LOST)
    record.given_up(record.begin(at(0), 0), "refused", 1)
    assert (record.health(at(2), 2)["state"], record.health(at(2), 2)["lost"]) == ("lost", 1)


def test_the_history_is_bounded() -> None:
    record = Record(LATE, LOST)
    for minute in range(100):
        arrive(record, minute * 60.0, timeline=1, conflict=1)
    assert len(record.health(at(6_000), 6_000)["runs"]) == 60
    assert record.under_way == 0
