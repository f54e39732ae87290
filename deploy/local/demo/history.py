"""The whole feed: the example scenarios, each event under an identity of its own, and the background."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from deploy.local.demo.background import background

SCENARIOS = Path(__file__).resolve().parents[3] / "tests" / "scenarios"
Json = dict[str, Any]


def scenarios(folder: Path = SCENARIOS) -> Iterator[Json]:
    for file in sorted(folder.glob("dev.*.jsonl")):
        with file.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if line.strip())


def with_own_identities(scenario: Json) -> list[Json]:
    """Scenarios count their events e1, e2, …; published together, each needs an identity of its own.

    What refers to an event by its id (a delivery, a correction) is renamed with it.
    """
    prefix = scenario["id"]
    renamed = []
    for event in scenario["events"]:
        data = dict(event["data"])
        for reference in ("message", "corrects"):
            if reference in data:
                data[reference] = f"{prefix}-{data[reference]}"
        renamed.append(event | {"id": f"{prefix}-{event['id']}", "data": data})
    return renamed


def past(customers: int = 200) -> list[Json]:
    """The background, in order of time."""
    return in_order(background(customers))


def present() -> list[Json]:
    """The scenarios of all languages, in order of time, as the departments' systems would have sent them."""
    return in_order([event for scenario in scenarios() for event in with_own_identities(scenario)])


def whole_history(customers: int = 200) -> list[Json]:
    return in_order(past(customers) + present())


def in_order(events: list[Json]) -> list[Json]:
    return sorted(events, key=lambda event: (datetime.fromisoformat(event["time"]), event["id"]))
