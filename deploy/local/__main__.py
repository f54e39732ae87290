"""`python -m deploy.local run` keeps the stack up; `demo` also publishes a history and says what was found;
`servers` starts Kafka and MongoDB alone; `fetch` brings their programs and starts nothing; `keys` only makes the
keys, for `docker compose`."""

import argparse
import asyncio
import os
import signal
import sys
from functools import partial
from pathlib import Path

import httpx
import stamina
from rich.console import Console

from deploy.local import apache_kafka, ferretdb
from deploy.local.demo.publish import RefusedError
from deploy.local.demo.tour import NotFinishedError, tour
from deploy.local.fetching import FetchError, missing
from deploy.local.keys import local_keys
from deploy.local.lock import AlreadyRunningError, only_stack_in
from deploy.local.parts import MissingServerError
from deploy.local.ports import PortError
from deploy.local.screen import show_addresses
from deploy.local.servers import ChoiceError, chosen
from deploy.local.stack import PartFailedError, Stack

EXPECTED = (
    AlreadyRunningError,
    ChoiceError,
    ConnectionError,
    FetchError,
    MissingServerError,
    NotFinishedError,
    PartFailedError,
    PortError,
    RefusedError,
    httpx.HTTPError,
)
"""What can go wrong without a fault in the stack: told in words, without a traceback."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.add_argument("what", choices=("run", "demo", "servers", "fetch", "keys"))
    parser.add_argument("--state-dir", type=Path, default=Path(".onevoice"), help="data, keys and logs (%(default)s)")
    parser.add_argument("--exit", action="store_true", help="demo: end after the report")
    parser.add_argument("--customers", type=int, default=200, help="demo: customers in the background (%(default)s)")
    parser.add_argument("--kafka", help="embedded (the default) or apache: Apache Kafka from Maven Central")
    parser.add_argument("--brokers", help="of Apache Kafka: 1 (the default) or 3")
    parser.add_argument("--mongodb", help="embedded (the default) or ferretdb, built from its source")
    return parser.parse_args()


def environment(options: argparse.Namespace) -> dict[str, str]:
    """What was asked for on the command line goes before the environment."""
    asked = {
        "ONEVOICE_KAFKA": options.kafka,
        "ONEVOICE_KAFKA_BROKERS": options.brokers,
        "ONEVOICE_MONGODB": options.mongodb,
    }
    return os.environ | {name: value for name, value in asked.items() if value}


def make_keys(options: argparse.Namespace, console: Console) -> None:
    options.state_dir.mkdir(parents=True, exist_ok=True)
    local_keys(options.state_dir)
    console.print(f"the keys stand in {options.state_dir / 'keys.env'}", soft_wrap=True)


def fetch(options: argparse.Namespace, console: Console) -> None:
    """What `chosen` servers need beyond Python; where the tools for it are missing it says so, and tests skip."""
    choice = chosen(environment(options))
    if choice.kafka == "apache":
        lacking = missing(apache_kafka.PROGRAMS)
        console.print(f"Apache Kafka: {needed(lacking) if lacking else apache_kafka.jars(console.print)}")
    if choice.mongodb == "ferretdb":
        lacking = missing(ferretdb.PROGRAMS)
        console.print(f"FerretDB: {needed(lacking) if lacking else ferretdb.program(console.print)}")


def needed(programs: list[str]) -> str:
    return f"needs {' and '.join(programs)}, not installed here"


def run(options: argparse.Namespace, console: Console) -> None:
    with only_stack_in(options.state_dir):
        report = partial(console.print, style="dim")
        stack = Stack(options.state_dir, environment(options), lambda part: report(f"starting {part} …"))
        try:
            if options.what == "servers":
                stack.start_servers()
                console.print(f"export KAFKA_BOOTSTRAP_SERVERS='{stack.at.kafka}' MONGODB_URI='{stack.at.mongodb}'")
            else:
                stack.up()
                show_addresses(console, stack)
            if options.what == "demo":
                asyncio.run(tour(stack, console, options.customers))
            if not options.exit:
                console.print("Ctrl-C stops it.", style="dim")
                stack.watch()
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not cut the saving short
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            console.print("stopping …", style="dim")
            for part in stack.stop():
                console.print(f"{part} did not end in time and was killed", style="yellow")


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts what it runs in the background with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    stamina.instrumentation.set_on_retry_hooks([])  # the report counts the tries
    options, console = arguments(), Console()
    try:
        {"keys": make_keys, "fetch": fetch}.get(options.what, run)(options, console)
    except KeyboardInterrupt:
        return 130 if options.exit else 0
    except EXPECTED as error:
        console.print("Onevoice stopped.", style="bold red")
        console.print(str(error), highlight=False, markup=False, soft_wrap=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
