"""Rates over the last minute, whatever happens to the counters."""

from services.gateway.watch import Look, rates, totals_of


def look(moment: float, consumed: float) -> Look:
    return Look(moment, "ok", totals={"consumed": consumed})


def test_a_rate_is_growth_over_time() -> None:
    assert rates([look(0, 100), look(5, 150), look(10, 200)]) == {"consumed": 10.0}


def test_a_rate_forgets_what_is_older_than_a_minute() -> None:
    assert rates([look(0, 0), look(100, 1_000), look(110, 1_010)]) == {"consumed": 1.0}


def test_a_service_that_starts_anew_counts_from_nothing() -> None:
    assert rates([look(0, 500), look(5, 10), look(10, 20)]) == {"consumed": 2.0}


def test_no_rate_is_made_up() -> None:
    assert rates([]) == rates([look(0, 1)]) == rates([Look(0, "no answer"), look(1, 5)]) == {}


def test_counters_are_summed_over_their_labels() -> None:
    text = (
        "# TYPE onevoice_events_accepted_total counter\n"
        'onevoice_events_accepted_total{type="a"} 3.0\nonevoice_events_accepted_total{type="b"} 4.0\n'
        "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 9.0\n"
    )
    assert totals_of(text) == {"accepted": 7.0}
