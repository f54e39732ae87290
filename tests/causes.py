"""Counts the causes that the demo's feed holds, by the labels of its scenarios, against the alerts that they make.

    python -m tests.causes

A cause by label: what the pairs of one scenario are about, of one kind, between the same senders. Each scenario is a
company of its own, told as if all were one.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from deploy.local.demo.history import present, scenarios
from services.consistency.detection import default_detector
from services.consistency.domain.causes import cause_of, sender_of
from services.consistency.domain.conflict import Conflict
from shared.events import CustomerEvent, EmbargoEvent, parse_event

Pair = tuple[frozenset[str], str]
"""The ids of both events, and the kind."""


@dataclass(frozen=True)
class Cause:
    scenario: str
    kind: str
    about: str
    senders: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.scenario} {self.kind}: {self.about} ({' against '.join(self.senders)})"


def labelled(events: dict[str, CustomerEvent | EmbargoEvent]) -> dict[Pair, Cause]:
    causes = {}
    for scenario in scenarios():
        for told in scenario["conflicts"]:
            pair = [f"{scenario['id']}-{told[side]}" for side in ("a", "b")]
            senders = tuple(sorted(sender_of(events[one]).key for one in pair))
            cause = Cause(scenario["id"], told["kind"], told.get("about", ""), senders)
            causes[frozenset(pair), told["kind"]] = cause
    return causes


def report(labels: dict[Pair, Cause], found: Iterable[Conflict]) -> Iterator[str]:
    alerts: dict[str, set[Cause]] = {}
    raised_for: dict[Cause, set[str]] = defaultdict(set)
    for conflict in found:
        alert = cause_of(conflict)
        causes = alerts.setdefault(alert, set())
        cause = labels.get((frozenset((conflict.a.id, conflict.b.id)), conflict.kind))
        if cause is not None:
            causes.add(cause)
            raised_for[cause].add(alert)
    causes = set(labels.values())
    split = {cause for cause, its in raised_for.items() if len(its) > 1}
    shared = [its for its in alerts.values() if len(its) > 1]
    missed = sorted(map(str, causes - raised_for.keys()))
    yield f"{len(causes)} causes by label, {len(alerts)} alerts"
    yield f"{len(raised_for)} causes have an alert, {len(missed)} have none: what is told there was not found"
    yield from (f"  {cause}" for cause in missed)
    yield f"{sum(not its for its in alerts.values())} alerts are of no cause by label: they are wrong"
    yield f"{len(split)} causes have several alerts"
    yield from (f"  {cause}" for cause in sorted(map(str, split)))
    yield f"{len(shared)} alerts have several causes"
    yield from ("  " + " | ".join(sorted(map(str, its))) for its in shared)


def main() -> None:
    events = [parse_event(json.dumps(event)) for event in present()]
    by_id = {event.id: event for event in events}
    for line in report(labelled(by_id), default_detector().detect(events)):
        print(line)


if __name__ == "__main__":
    main()
