"""Histories in which nothing conflicts: bills, reminders, orders and offers of many trades, one after another."""

from collections import defaultdict
from pathlib import Path

import orjson

from deploy.local.demo.background import background
from services.consistency.detection import default_detector
from services.consistency.domain.contradiction.lexicon import load_lexicon
from services.consistency.domain.contradiction.rule import Contradictions
from services.consistency.domain.detector import Detector
from services.consistency.domain.history import History
from services.consistency.domain.similarity import best_similarity
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


def found_in_histories(detector: Detector) -> tuple[list[str], int]:
    """Reasons of the contradictions found, and how many pairs of messages were compared."""
    found, pairs = [], 0
    for line in CONSISTENT.read_bytes().splitlines():
        events = [parse_event(orjson.dumps(event)) for event in orjson.loads(line)["events"]]
        found += [c.reason for c in detector.detect(events) if c.kind == "contradiction"]
        messages = len(History.of(events).messages)
        pairs += messages * (messages - 1) // 2
    return found, pairs


def test_in_histories_of_many_trades_the_rules_find_no_conflict() -> None:
    found, _ = found_in_histories(Detector((Contradictions(load_lexicon(), best_similarity(), None),)))
    assert found == []


def test_in_histories_of_many_trades_the_comparer_errs_seldom() -> None:
    """It proposes what no word list has, and pays for that: in less than one pair of messages in fifty."""
    found, pairs = found_in_histories(default_detector())
    assert len(found) < pairs / 50, found
