"""`routes check` says whether a routes file can be used, `routes try` where an alert with given labels would go."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from services.consistency.notify.matchers import LABELS
from services.consistency.notify.routes import Routes, RoutesError, read
from services.consistency.notify.settings import NotifySettings


def run(arguments: Sequence[str]) -> int:
    """Exit status: 0 done, 2 for wrong arguments or a file that cannot be used."""
    options = parser().parse_args(arguments)
    file = options.file or NotifySettings().routes_file
    if file is None:
        print("No file: name one, or set ONEVOICE_ROUTES_FILE.", file=sys.stderr)
        return 2
    try:
        routes = read(file)
        lines = summary(routes) if options.command == "check" else tried(routes, options.label)
    except (RoutesError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m services.consistency routes", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    file = argparse.ArgumentParser(add_help=False)
    file.add_argument("--file", type=Path, help="the routes file (default: ONEVOICE_ROUTES_FILE)")
    about = "read the file as the service does at its start, secrets included"
    commands.add_parser("check", parents=[file], help=about, description=about)
    about = "say which receivers an alert with these labels would go to, and by which routes"
    trying = commands.add_parser("try", parents=[file], help=about, description=about)
    trying.add_argument("label", nargs="+", metavar="LABEL=VALUE", help="a label may be given several times")
    return top


def summary(routes: Routes) -> list[str]:
    lines = [f"receiver {name}: {receiver.type}, {receiver.where}" for name, receiver in routes.receiver.items()]
    for route in routes.route:
        when = ", ".join(map(str, route.when)) or "every alert"
        lines.append(f"route {route.name}: {when} -> {', '.join(route.to)}{', and on' if route.more else ''}")
    lines.append(f"{len(routes.inhibit)} inhibitions")
    if not routes.takes_everything:
        lines.append("note: no route takes every alert; of those that match none, nobody is told")
    unused = set(routes.receiver) - {name for route in routes.route for name in route.to}
    lines += [f"note: no route goes to {name}" for name in sorted(unused)]
    return lines


def tried(routes: Routes, given: Sequence[str]) -> list[str]:
    """Raises `ValueError` for what is no label."""
    labels: dict[str, list[str]] = {label: [] for label in LABELS}
    for text in given:
        label, equals, value = text.partition("=")
        if label not in labels or not equals:
            raise ValueError(f"{text!r} is no label with a value; labels are {', '.join(LABELS)}")
        labels[label].append(value)
    places = list(routes.places("an-alert", labels))
    return [f"{place.receiver} by route {place.route}" for place in places] or ["nobody: no route matches"]
