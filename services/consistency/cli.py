"""The detector on files of scenarios: `detect` for programs, `evaluate` and `explain` for people."""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any

import orjson

from services.consistency.detection import default_detector
from services.consistency.domain.conflict import Conflict
from services.consistency.evaluation import Evaluation, table
from services.consistency.scenarios import Scenario, UnreadableFile, conflicts_in, read_scenarios
from shared.events import CustomerEvent, EmbargoEvent, MessageEvent, timestamp


def run(arguments: Sequence[str]) -> int:
    """Exit status: 0 done, 2 for wrong arguments or a file that cannot be read."""
    options = parser().parse_args(arguments)
    try:
        scenarios = read_scenarios(options.files)
    except UnreadableFile as error:
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
        "files", nargs="+", metavar="FILE", help="scenarios, one JSON object a line; - for standard input"
    )
    for name, about in (
        ("detect", "one line of JSON a scenario: its id and the conflicts found"),
        ("evaluate", "precision, recall and F1 against the expected conflicts, and what was wrong"),
        ("explain", "the conflicts in words: what was said, by whom, when, and why both cannot hold"),
    ):
        command = commands.add_parser(name, parents=[files], help=about, description=about)
        if name == "evaluate":
            command.add_argument("--kind", action="append", help="look at this kind alone (may be repeated)")
            command.add_argument("--quiet", action="store_true", help="the table alone, without the wrong scenarios")
        if name == "explain":
            command.add_argument("--id", action="append", help="this scenario alone (may be repeated)")
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
        for line in (line for wrong in evaluation.wrong for line in wrong.lines()):
            print(line)
        print()
    for line in table(evaluation):
        print(line)


def explain(scenarios: Sequence[Scenario], options: argparse.Namespace) -> None:
    chosen = [scenario for scenario in scenarios if not options.id or scenario.id in options.id]
    for scenario, conflicts in found_in(chosen):
        print(f"{scenario.id}  {scenario.note}".rstrip())
        for conflict in conflicts:
            print(f"  {conflict.kind}: {conflict.reason}")
            print(f"    decided by {conflict.rule}, {conflict.attribute}, confidence {conflict.confidence:.2f}")
            for event in (conflict.a, conflict.b):
                print(f"    {in_words(event, conflict)}")
        if not conflicts:
            print("  consistent")


def in_words(event: CustomerEvent | EmbargoEvent, conflict: Conflict) -> str:
    spans = " … ".join(span.text for span in conflict.spans if span.event == event.id)
    who = f"{event.id} {timestamp(event.time)}"
    if isinstance(event, MessageEvent):
        return f"{who} {event.data.department} by {event.data.channel}: {spans or event.data.text}"
    return f"{who} {event.type.split('.')[1]}"


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
