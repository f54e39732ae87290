from tests.unit.consistency.timeline import Event, conflicts, delivery, said


def run(*hours: float) -> list[Event]:
    return [said(f"m{number}", hour) for number, hour in enumerate(hours, start=1)]


def test_four_in_a_day_are_allowed() -> None:
    assert conflicts(*run(0, 1, 2, 3)) == []


def test_the_fifth_in_a_day_is_too_many() -> None:
    assert conflicts(*run(0, 4, 8, 12, 23.9)) == [("m1", "m5", "pressure")]


def test_the_fifth_after_a_day_is_allowed() -> None:
    assert conflicts(*run(0, 4, 8, 12, 24.1)) == []


def test_six_in_a_day_are_one_burst() -> None:
    assert conflicts(*run(0, 1, 2, 3, 4, 5)) == [("m1", "m5", "pressure")]


def test_the_window_slides() -> None:
    assert conflicts(*run(0, 20, 21, 22, 26, 27)) == [("m2", "m6", "pressure")]


def test_two_days_two_bursts() -> None:
    found = conflicts(*run(0, 1, 2, 3, 4, 48, 49, 50, 51, 52))
    assert found == [("m1", "m5", "pressure"), ("m6", "m10", "pressure")]


def test_a_run_that_goes_on_counts_each_message_once() -> None:
    found = conflicts(*run(0, 5, 10, 15, 20, 25, 30, 35, 40, 45))
    assert found == [("m1", "m5", "pressure"), ("m6", "m10", "pressure")]


def test_all_departments_and_channels_count_together() -> None:
    events = run(0, 1, 2, 3)
    fifth = said("m5", 4, department="sales", channel="sms")
    assert conflicts(*events, fifth) == [("m1", "m5", "pressure")]


def test_what_did_not_reach_the_customer_does_not_count() -> None:
    assert conflicts(*run(0, 1, 2, 3, 4), delivery("d", 5, "m3", "bounced")) == []


def test_a_bounce_that_was_delivered_in_the_end_counts() -> None:
    deliveries = (delivery("d1", 5, "m3", "bounced"), delivery("d2", 6, "m3", "delivered"))
    assert conflicts(*run(0, 1, 2, 3, 4), *deliveries) == [("m1", "m5", "pressure")]


def test_service_messages_do_not_count() -> None:
    service = said("s", 2.5, "Your engineer comes on Monday.", purpose="service", department="support")
    assert conflicts(*run(0, 1, 2, 3), service) == []
