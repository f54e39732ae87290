"""The demo's feed: what it holds, and how it behaves towards a door that is busy."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from deploy.local.demo.alerts import Sightings, delays, summary
from deploy.local.demo.background import background
from deploy.local.demo.history import scenarios, whole_history, with_own_identities
from deploy.local.demo.publish import RefusedError, publish
from deploy.local.demo.tour import counts, lag
from shared.events import identity, parse_event

Json = dict[str, Any]


def test_every_event_keeps_the_contract_and_has_its_own_identity() -> None:
    events = whole_history(20)
    for event in events:
        parse_event(json.dumps(event))
    assert len({identity(event["source"], event["id"]) for event in events}) == len(events)


def test_the_same_background_every_time() -> None:
    assert background(5) == background(5)
    customers = {event["data"]["customer"]["id"] for event in background(300)}
    assert len(customers) == 300


def test_all_scenarios_of_all_languages_are_in_it() -> None:
    every = list(scenarios())
    assert {scenario["lang"] for scenario in every} == {"en", "ru", "zh"}
    published = {event["id"] for event in whole_history(1)}
    assert all(event["id"] in published for scenario in every for event in with_own_identities(scenario))


def test_what_refers_to_an_event_is_renamed_with_it() -> None:
    """Deliveries of messages outside the scenario stay with none; all others point into it."""
    for scenario in scenarios():
        ids = {event["id"] for event in scenario["events"]}
        renamed = with_own_identities(scenario)
        for before, after in zip(scenario["events"], renamed, strict=True):
            for reference in {"message", "corrects"} & set(before["data"]):
                assert before["data"][reference] in ids
                assert after["data"][reference] == f"{scenario['id']}-{before['data'][reference]}"


@contextmanager
def door(
    answers: list[tuple[int, dict[str, str]]], not_stored: set[str] | None = None
) -> Iterator[tuple[str, list[list[Json]]]]:
    """Answers with what is listed, then accepts everything, `not_stored` the second time only.

    Yields its address and the batches it got.
    """
    got: list[list[Json]] = []
    refusing = set(not_stored or ())

    def verdict(index: int, event: Json) -> Json:
        if event["id"] in refusing:
            refusing.discard(event["id"])
            return {"index": index, "verdict": "rejected", "status": 503}
        return {"index": index, "verdict": "accepted"}

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            batch = json.loads(self.rfile.read(int(self.headers["content-length"])))
            got.append(batch)
            status, headers = answers.pop(0) if answers else (202, {})
            verdicts = [verdict(index, event) for index, event in enumerate(batch)] if status == 202 else []
            body = json.dumps({"items": verdicts} if status == 202 else {"title": "no"}).encode()
            self.send_response(status)
            for name, value in (headers | {"content-length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the test says what went wrong."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", got
        finally:
            server.shutdown()
            thread.join()


async def test_a_busy_door_is_asked_again() -> None:
    events = background(1)
    with door([(429, {"retry-after": "0"}), (503, {"retry-after": "0"})]) as (url, got):
        published = await publish(url, "key", events, batch_size=len(events), at_once=1)
    assert got == [events] * 3
    assert published.retries == 2
    assert published.verdicts == {"accepted": len(events)}


async def test_only_what_was_not_stored_is_sent_again() -> None:
    events = background(1)
    missing = events[3]
    with door([(202, {"retry-after": "0"})], {missing["id"]}) as (url, got):
        published = await publish(url, "key", events, batch_size=len(events), at_once=1)
    assert got == [events, [missing]]
    assert published.verdicts == {"accepted": len(events)}
    assert published.rejected == []


async def test_a_refusal_ends_the_feed() -> None:
    with door([(401, {})]) as (url, _), pytest.raises(RefusedError, match="401"):
        await publish(url, "wrong", background(1), at_once=2, batch_size=5)


def test_delay_counts_from_the_later_message_to_the_first_sight_of_its_alert() -> None:
    def conflict(alert: str, a: str, b: str) -> Json:
        return {"alert": alert, "a": {"source": "s", "id": a}, "b": {"source": "s", "id": b}}

    sent = {("s", "one"): 1.0, ("s", "two"): 5.0, ("s", "three"): 9.0}
    seen = Sightings(first={"new": 5.25, "old": 0.5})
    conflicts = [conflict("new", "one", "two"), conflict("new", "two", "three"), conflict("old", "one", "two")]
    assert delays(conflicts, sent, seen) == [0.25]
    assert delays([conflict("new", "one", "of an earlier run")], sent, seen) == []


def test_summary() -> None:
    assert summary([1.0]) == (1.0, 1.0)
    middle, late = summary([float(value) for value in range(101)])
    assert (middle, late) == (50.0, 99.0)


def test_what_is_left_to_do_is_told_by_consumer() -> None:
    def stat(lag_records: int, lag_seconds: float) -> Json:
        one = {"group": "journey", "topic": "touchpoints", "lag_records": lag_records, "lag_seconds": lag_seconds}
        return {"touchpoints": 5, "consumers": [one]}

    assert lag((stat(0, 0.0), stat(0, 0.0))) == ""
    assert lag((stat(1_200, 3.0), stat(0, 0.0))) == "journey on touchpoints: 1,200 records"
    assert counts((stat(3, 1.0), stat(0, 0.0))) == counts((stat(3, 2.0), stat(0, 0.0)))
    assert counts((stat(3, 1.0), stat(0, 0.0))) != counts((stat(2, 1.0), stat(0, 0.0)))
