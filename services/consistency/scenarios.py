"""Files of scenarios: one JSON object a line with `id`, `lang`, `events` and the expected `conflicts`."""

import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from services.consistency.domain.conflict import Conflict
from services.consistency.domain.detector import Detector
from shared.events import CustomerEvent, EmbargoEvent, customer_of, parse_event

Pair = tuple[frozenset[str], str]
"""The ids of the two events, and the kind."""


class UnreadableFile(Exception):
    """A file that cannot be opened, or a line in it that is not a scenario; the message says which."""


@dataclass(frozen=True, slots=True)
class Scenario:
    id: str
    language: str
    note: str
    events: tuple[CustomerEvent | EmbargoEvent, ...]
    expected: tuple[dict[str, str], ...]
    unreadable: tuple[str, ...]
    """A line for people about each event that was left out, and why."""

    @property
    def pairs(self) -> set[Pair]:
        return {(frozenset((c["a"], c["b"])), c["kind"]) for c in self.expected}

    def of_kinds(self, kinds: Collection[str]) -> "Scenario":
        return replace(self, expected=tuple(c for c in self.expected if c["kind"] in kinds))


def read_scenarios(paths: Iterable[str]) -> list[Scenario]:
    """All scenarios of the files, `-` being standard input; raises `UnreadableFile`."""
    return [scenario for path in paths for scenario in read_file(path)]


def read_file(path: str) -> Iterator[Scenario]:
    try:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror or error}") from error
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            yield read_line(line.removeprefix(b"\xef\xbb\xbf"), f"{path}, line {number}")


def read_line(line: bytes, place: str) -> Scenario:
    try:
        plain = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise UnreadableFile(f"{place}: not JSON: {error}") from error
    if not isinstance(plain, dict) or not isinstance(plain.get("events"), list):
        raise UnreadableFile(f'{place}: a scenario is an object with a list of "events"')
    name = str(plain.get("id") or place)
    events, unreadable = read_events(plain["events"], name)
    return Scenario(
        id=name,
        language=str(plain.get("lang", "")),
        note=str(plain.get("note", "")),
        events=events,
        expected=read_expected(plain.get("conflicts", []), place),
        unreadable=unreadable,
    )


def read_events(plain: list[Any], name: str) -> tuple[tuple[CustomerEvent | EmbargoEvent, ...], tuple[str, ...]]:
    events, unreadable = [], []
    for number, item in enumerate(plain, start=1):
        try:
            events.append(parse_event(orjson.dumps(item)))
        except ValidationError as error:
            label = item.get("id", f"number {number}") if isinstance(item, dict) else f"number {number}"
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the whole"
            unreadable.append(f"{name}: event {label} left out: {where}: {first['msg']}")
    return tuple(events), tuple(unreadable)


def read_expected(plain: Any, place: str) -> tuple[dict[str, str], ...]:
    named = ("a", "b", "kind")
    if not isinstance(plain, list) or not all(isinstance(c, dict) and all(k in c for k in named) for c in plain):
        raise UnreadableFile(f'{place}: "conflicts" is a list of objects with "a", "b" and "kind"')
    return tuple({key: str(value) for key, value in conflict.items()} for conflict in plain)


def customers_of(scenario: Scenario) -> dict[str, list[CustomerEvent]]:
    customers: dict[str, list[CustomerEvent]] = {}
    for event in scenario.events:
        if not isinstance(event, EmbargoEvent):
            customers.setdefault(customer_of(event) or "", []).append(event)
    return customers


def conflicts_in(scenario: Scenario, detector: Detector) -> list[Conflict]:
    """What the detector finds, customer by customer; embargoes bind all customers of the scenario."""
    policies = [event for event in scenario.events if isinstance(event, EmbargoEvent)]
    return [conflict for events in customers_of(scenario).values() for conflict in detector.detect(events, policies)]
