"""Histories in which nothing conflicts: bills, reminders, orders and offers of many trades, one after another."""

from collections import defaultdict
from pathlib import Path

import orjson

from deploy.local.demo.background import background
from services.consistency.detection import default_detector
from shared.events import CustomerEvent, EmbargoEvent, parse_event

CONSISTENT = Path(__file__).parents[2] / "scenarios" / "consistent.en.jsonl"


def test_the_traffic_of_one_supplier_has_no_conflict() -> None:
    told: dict[str, list[CustomerEvent]] = defaultdict(list)
    for raw in background(40):
        event = parse_event(orjson.dumps(raw))
        if not isinstance(event, EmbargoEvent):
            told[event.data.customer.id].append(event)
    detector = default_detector()
    assert [c.reason for events in told.values() for c in detector.detect(events) if c.kind == "contradiction"] == []


def test_histories_of_many_trades_have_no_conflict() -> None:
    detector = default_detector()
    found = []
    for line in CONSISTENT.read_bytes().splitlines():
        events = [parse_event(orjson.dumps(event)) for event in orjson.loads(line)["events"]]
        found += [c.reason for c in detector.detect(events) if c.kind == "contradiction"]
    assert found == []
