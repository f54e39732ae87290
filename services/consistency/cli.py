"""The detector on files of scenarios, or on two texts: `detect` for programs, `evaluate` and `explain` for people."""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import Any

import orjson

from services.consistency.detection import default_contradictions, default_detector
from services.consistency.domain.conflict import Conflict
from services.consistency.domain.history import History
from services.consistency.evaluation import Evaluation, table
from services.consistency.explanation import account, explained, read_in
from services.consistency.scenarios import (
    Scenario,
    UnreadableFile,
    conflicts_in,
    customers_of,
    read_events,
    read_scenarios,
)


def run(arguments: Sequence[str]) -> int:
    """Exit status: 0 done, 2 for wrong arguments or settings, or a file that cannot be read."""
    top = parser()
    options = top.parse_args(arguments)
    texts = getattr(options, "text", None)
    if bool(texts) is bool(options.files) or (texts and len(texts) != 2):
        top.error("give either files of scenarios, or --text twice" if options.command == "explain" else "give a FILE")
    try:
        scenarios = [of_texts(texts, options.sent)] if texts else read_scenarios(options.files)
        default_detector()
    except (UnreadableFile, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    for line in (line for scenario in scenarios for line in scenario.unreadable):
        print(line, file=sys.stderr)
    commands = {"detect": detect, "evaluate": evaluate, "explain": explain}
    try:
        commands[options.command](scenarios, options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, `head` for one, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m services.consistency", description=__doc__)
    top.epilog = "Without a command, the service starts."
    commands = top.add_subparsers(dest="command", required=True)
    files = argparse.ArgumentParser(add_help=False)
    files.add_argument(
        "files", nargs="*", metavar="FILE", help="scenarios, one JSON object a line; - for standard input"
    )
    for name, about in (
        ("detect", "one line of JSON a scenario: its id and the conflicts found"),
        ("evaluate", "precision, recall and F1 against the expected conflicts, and what was wrong"),
        ("explain", "the conflicts in words, the claims that were read, and what was made of each two messages"),
    ):
        command = commands.add_parser(name, parents=[files], help=about, description=about)
        if name == "evaluate":
            command.add_argument("--kind", action="append", help="look at this kind alone (may be repeated)")
            command.add_argument("--quiet", action="store_true", help="the table alone, without the wrong scenarios")
        if name == "explain":
            command.add_argument("--id", action="append", help="this scenario alone (may be repeated)")
            command.add_argument("--text", action="append", help="in place of a file: what was said; give it twice")
            command.add_argument(
                "--sent", action="append", type=moment, default=[], metavar="TIME",
                help="when each --text was sent, as 2026-03-02T09:00Z (else: yesterday, and now)",
            )  # fmt: skip
    return top


def detect(scenarios: Sequence[Scenario], options: argparse.Namespace) -> None:
    for scenario, conflicts in found_in(scenarios):
        line = {"id": scenario.id, "conflicts": [plain(conflict) for conflict in conflicts]}
        print(orjson.dumps(line).decode())


def plain(conflict: Conflict) -> dict[str, Any]:
    return {
        "a": conflict.a.id,
        "b": conflict.b.id,
        "kind": conflict.kind,
        "attribute": conflict.attribute,
        "reason": conflict.reason,
        "spans": [{"event": s.event, "start": s.start, "end": s.end, "text": s.text} for s in conflict.spans],
        "confidence": round(conflict.confidence, 3),
    }


def evaluate(scenarios: Sequence[Scenario], options: argparse.Namespace) -> None:
    kinds = options.kind
    evaluation = Evaluation()
    for scenario, conflicts in found_in(scenarios):
        if kinds:
            evaluation.add(scenario.of_kinds(kinds), [c for c in conflicts if c.kind in kinds])
        else:
            evaluation.add(scenario, conflicts)
    if not options.quiet:
        rule = default_contradictions()
        for wrong in evaluation.wrong:
            for line in (*wrong.lines(), *(f"    {line}" for line in read_in(wrong.messages(), rule))):
                print(line)
        if evaluation.wrong:
            print()
    for line in table(evaluation):
        print(line)


def explain(scenarios: Sequence[Scenario], options: argparse.Namespace) -> None:
    chosen = [scenario for scenario in scenarios if not options.id or scenario.id in options.id]
    rule = default_contradictions()
    for scenario, conflicts in found_in(chosen):
        print(f"{scenario.id}  {scenario.note}".rstrip())
        for line in (line for conflict in conflicts for line in explained(conflict)):
            print(f"  {line}")
        if not conflicts:
            print("  consistent")
        for events in customers_of(scenario).values():
            history = History.of(events)
            for line in account(history.messages, rule.compared(history), rule):
                print(f"    {line}")


def of_texts(texts: Sequence[str], sent: Sequence[datetime]) -> Scenario:
    """What two texts would be if one customer were sent both."""
    now = datetime.now(UTC).replace(microsecond=0)
    times = [*sent, *(now - timedelta(days=1), now)[len(sent) :]]
    events = [
        {
            "specversion": "1.0", "id": name, "source": "/texts", "type": "touchpoint.message.v1",
            "time": time.isoformat(),
            "data": {"customer": {"id": "-"}, "department": department, "channel": "email", "direction": "outbound",
                     "text": text},
        }
        for name, department, time, text in zip(("first", "second"), ("sales", "support"), times, texts, strict=False)
    ]  # fmt: skip
    found, unreadable = read_events(events, "texts")
    return Scenario("texts", "", "", found, (), unreadable)


def moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write it as 2026-03-02T09:00Z") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def found_in(scenarios: Sequence[Scenario]) -> Iterator[tuple[Scenario, list[Conflict]]]:
    detector = default_detector()
    for scenario in with_progress(scenarios):
        yield scenario, conflicts_in(scenario, detector)


def with_progress(scenarios: Sequence[Scenario]) -> Iterable[Scenario]:
    """A bar on standard error where that is a terminal and `rich` is installed."""
    if not sys.stderr.isatty() or find_spec("rich") is None:
        return scenarios
    from rich.console import Console
    from rich.progress import track

    return track(scenarios, "Scenarios", console=Console(stderr=True), transient=True)
