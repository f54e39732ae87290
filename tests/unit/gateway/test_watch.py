"""Rates over the last minute, whatever happens to the counters; bytes that are safe to be shown."""

import base64

import orjson

from services.gateway import dead_letters
from services.gateway.ring import Entry, Ring
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


def test_bytes_are_shown_safely() -> None:
    shown = dead_letters.shown(b'{"a": "\xff\x00"}\x1b[31m\n\xd0\x96')
    assert shown == {"text": '{"a": "\\xff\\x00"}\\x1b[31m\nЖ', "bytes": 19, "cut": False}
    assert dead_letters.shown(b"x" * 5_000)["cut"]


def test_a_dead_letter_names_its_origin_and_reason() -> None:
    ring = Ring(10)
    letter = {
        "reason": "not an event",
        "consumer": "journey",
        "topic": "touchpoints",
        "partition": 2,
        "offset": 7,
        "at": "2026-03-01T09:00:00Z",
        "key": base64.b64encode(b"c-1").decode(),
        "value": base64.b64encode(b"{").decode(),
        "trace": None,
    }
    ring.add(Entry(0, orjson.dumps(letter)))
    ring.add(Entry(1, b"\x00 no dead letter"))
    page = dead_letters.page(ring, 1, None)
    assert page["items"][0]["reason"].startswith("not a dead letter")
    assert page["next"] == "1"
    older = dead_letters.page(ring, 1, 1)
    assert older["items"][0]["origin"] == {"topic": "touchpoints", "partition": 2, "offset": 7}
    assert older["items"][0]["value"]["text"] == "{"
    assert older["next"] is None
