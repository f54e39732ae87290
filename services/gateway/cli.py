"""Dead letters from the command line, over the gateway's HTTP API: list them, show one, replay them."""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any

import httpx
import orjson

Json = dict[str, Any]

URL = "http://127.0.0.1:8080"
PAGE = 200
A_REQUEST = 100
"""Letters that one request replays: so many stand between two steps of the progress bar."""
SECONDS = 60.0
COLUMNS = ("letter", "state", "at", "consumer", "from", "key", "bytes", "reason")


class Refused(Exception):
    """The gateway refused or did not answer; the message says what it said."""


def run(arguments: Sequence[str]) -> int:
    """Exit status: 0 done, 1 the gateway refused or did not answer, 2 for wrong arguments or no key."""
    options = parser().parse_args(arguments)
    key = os.environ.get("ONEVOICE_OPS_KEY")
    if not key:
        print("ONEVOICE_OPS_KEY is not set; the local stack's keys are in .onevoice/keys.env", file=sys.stderr)
        return 2
    commands = {"list": list_letters, "show": show, "replay": replay}
    try:
        with httpx.Client(base_url=options.url, headers={"Authorization": f"Bearer {key}"}, timeout=SECONDS) as client:
            commands[options.command](client, options)
        sys.stdout.flush()
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader, `head` for one, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m services.gateway",
        description="Without a command, the service starts.",
        epilog="The key of role ops is read from ONEVOICE_OPS_KEY.",
    )
    subjects = top.add_subparsers(dest="subject", required=True)
    letters = subjects.add_parser("dead-letters", help="records that could not be processed", description=__doc__)
    commands = letters.add_subparsers(dest="command", required=True)

    everywhere = argparse.ArgumentParser(add_help=False)
    everywhere.add_argument("--url", default=URL, help="the gateway (default: %(default)s)")
    everywhere.add_argument("--json", action="store_true", help="JSON as the API answers it, one object a line")
    narrowing = argparse.ArgumentParser(add_help=False)
    narrowing.add_argument("--consumer", help="of this consumer alone")
    narrowing.add_argument("--topic", help="from this topic alone")
    narrowing.add_argument("--reason", help="whose reason has these words, in upper or lower case")
    narrowing.add_argument("--from", dest="since", metavar="TIME", help="not before, as 2026-03-02T09:00:00Z")
    narrowing.add_argument("--to", dest="until", metavar="TIME", help="before")

    about = "the letters, newest first"
    listing = commands.add_parser("list", parents=[everywhere, narrowing], help=about, description=about)
    listing.add_argument("--state", choices=["waiting", "replayed", "failed_again"], help="in this state alone")
    listing.add_argument("--limit", type=positive, default=50, help="so many at the most (default: %(default)s)")
    about = "one letter: reason, place, history, and the original record"
    showing = commands.add_parser("show", parents=[everywhere], help=about, description=about)
    showing.add_argument("letter", type=int, help="its number, as `list` has it")
    about = "publish original records again; says what it would do, and does it with --yes"
    again = commands.add_parser("replay", parents=[everywhere, narrowing], help=about, description=about)
    again.add_argument("letters", type=int, nargs="*", metavar="LETTER", help="these; without any, all that match")
    again.add_argument("--all", action="store_true", help="all that wait, where nothing else narrows them")
    again.add_argument("--yes", action="store_true", help="do it")
    return top


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def filters(options: argparse.Namespace) -> dict[str, str]:
    named = {"consumer": options.consumer, "topic": options.topic, "reason": options.reason}
    return {name: text for name, text in {**named, "from": options.since, "to": options.until}.items() if text}


def ask(client: httpx.Client, method: str, path: str, **request: Any) -> Json:
    """Raises `Refused`."""
    try:
        answer = client.request(method, path, **request)
        plain: Json = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Refused(f"no answer from {client.base_url}: {type(error).__name__}: {error}") from error
    if answer.is_error:
        raise Refused(f"{answer.status_code} {plain.get('title', '')}: {plain.get('detail', '')}")
    return plain


def letters_of(client: httpx.Client, wanted: dict[str, str]) -> Iterator[Json]:
    cursor: dict[str, str] = {}
    while True:
        page = ask(client, "GET", "/v1/dead-letters", params={**wanted, **cursor, "limit": str(PAGE)})
        yield from page["items"]
        if page["next"] is None:
            return
        cursor = {"cursor": page["next"]}


def list_letters(client: httpx.Client, options: argparse.Namespace) -> None:
    wanted = filters(options) | ({"state": options.state} if options.state else {})
    found = [letter for letter, _ in zip(letters_of(client, wanted), range(options.limit), strict=False)]
    if options.json:
        print_json(found)
    else:
        print_table(found)


def show(client: httpx.Client, options: argparse.Namespace) -> None:
    letter = ask(client, "GET", f"/v1/dead-letters/{options.letter}")
    if options.json:
        print_json([letter])
        return
    facts = dict(zip(COLUMNS, row(letter), strict=True)) | {"trace": letter["trace"] or "-"}
    if letter["replayed"]:
        facts["replayed"] = f"by {letter['replayed']['by']}, {letter['replayed']['at']}"
    if letter["came_back_as"] is not None:
        facts["came back"] = f"as letter {letter['came_back_as']}"
    if letter["same_record"]:
        facts["same record"] = ", ".join(f"letter {one}" for one in letter["same_record"])
    for name, text in facts.items():
        print(f"{name:<12} {text}")
    for one in letter["history"]:
        print(f"{'before':<12} letter {one['offset']}, {one['consumer']}, {one['at']}: {one['reason']}")
        print(f"{'':<12} replayed by {one['by']}, {one['replayed_at']}")
    print()
    original = letter["original"]
    if original is None:
        print("Its bytes are no longer kept.")
    elif original["value"]["form"] == "none":
        print("The record has no value.")
    else:
        print(original["value"]["text"])
        if original["value"]["cut"]:
            print(f"... cut off here, of {original['value']['bytes']:,} bytes")


def replay(client: httpx.Client, options: argparse.Namespace) -> None:
    if not options.letters and not filters(options) and not options.all:
        raise Refused("Say which: letters, a filter, or --all.")
    if options.yes:
        report(do_replay(client, options), options)
        return
    wanted = {"offsets": options.letters} if options.letters else {"filter": filters(options)}
    planned = ask(client, "POST", "/v1/dead-letters/replay", json={**wanted, "dry_run": True})
    if not options.json:
        print_table(planned["examples"])
    report([planned], options)


def do_replay(client: httpx.Client, options: argparse.Namespace) -> list[Json]:
    """Of the letters that there are now, oldest first, in requests of `A_REQUEST` each."""
    offsets = options.letters
    if not offsets:
        found = letters_of(client, filters(options) | {"state": "waiting"})
        # The letters of one record are settled together.
        offsets = list({tuple(letter["origin"].values()): letter["offset"] for letter in found}.values())
    parts = [sorted(offsets)[start : start + A_REQUEST] for start in range(0, len(offsets), A_REQUEST)]
    return [
        ask(client, "POST", "/v1/dead-letters/replay", json={"offsets": part, "dry_run": False})
        for part in with_progress(parts, "Replaying")
    ]


def report(answers: Sequence[Json], options: argparse.Namespace) -> None:
    if options.json:
        print_json(answers)
        return
    letters, records = (sum(answer[name] for answer in answers) for name in ("letters", "records"))
    done = "Replayed" if options.yes else "Would replay"
    print(f"{done} {counted(letters, 'letter')} as {counted(records, 'record')}.")
    for one in [one for answer in answers for one in answer["skipped"]]:
        print(f"left out: letter {one['offset']}: {one['reason']}")
    if letters and not options.yes:
        print("Nothing was done: add --yes to do it.")


def counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def row(letter: Json) -> tuple[str, ...]:
    origin = letter["origin"]
    place = f"{origin['topic']}/{origin['partition']}/{origin['offset']}" if origin["topic"] else "-"
    state = letter["state"].replace("_", " ")
    size = f"{letter['bytes']:,}"
    return (str(letter["offset"]), state, letter["at"] or "-", letter["consumer"], place, letter["key"], size,
            letter["reason"])  # fmt: skip


def print_json(found: Iterable[Json]) -> None:
    for one in found:
        print(orjson.dumps(one).decode())


def print_table(found: Sequence[Json]) -> None:
    """A table where a person looks and `rich` is installed; else one letter a line, with tabs between."""
    if not sys.stdout.isatty() or find_spec("rich") is None:
        for letter in found:
            print("\t".join(row(letter)))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*COLUMNS)
    for letter in found:
        table.add_row(*map(Text, row(letter)))
    Console().print(table if found else "No letter is like this.")


def with_progress(parts: Sequence[list[int]], what: str) -> Iterable[list[int]]:
    """A bar on standard error where that is a terminal and `rich` is installed."""
    if not sys.stderr.isatty() or find_spec("rich") is None:
        return parts
    from rich.console import Console
    from rich.progress import track

    return track(parts, what, console=Console(stderr=True), transient=True)
