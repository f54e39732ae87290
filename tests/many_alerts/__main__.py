"""How the alerts room does where there are very many alerts.

    python -m tests.many_alerts --alerts 100000

Starts the local stack's servers with journey, consistency and gateway, writes alerts and conflicts straight into the
store, and times every list, count and page. Figures are for comparing within one run: each stands beside a bare
query of fifty documents by an index, and with the processor time of all servers, which a busy machine does not
change much. With `--keep FOLDER` the written alerts stay there for the next run.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import MongoClient
from rich.console import Console
from rich.progress import Progress

from deploy.local.ports import PORT_SETTINGS
from deploy.local.stack import Stack
from services.consistency.clock import now
from tests.many_alerts.made import Made, alert_id
from tests.many_alerts.timed import (
    BARE,
    Asked,
    Figure,
    asked,
    bare,
    cpu_of,
    figures_and_pages,
    lists,
    table,
    timed,
    together,
)

PATIENCE = 120.0
"""Seconds that an answer may take before it counts as none."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.many_alerts", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--alerts", type=int, default=100_000, help="how many there are (%(default)s)")
    parser.add_argument("--conflicts", type=int, default=3, help="of each alert (%(default)s)")
    parser.add_argument("--times", type=int, default=20, help="each question is asked (%(default)s)")
    parser.add_argument("--only", default="", help="questions whose name has one of these words, between commas")
    parser.add_argument("--keep", type=Path, help="a folder in which what was written stays")
    parser.add_argument("--serve", action="store_true", help="keep it running instead, to be looked at")
    given = parser.parse_args()
    if given.alerts < BARE:
        parser.error(f"--alerts: at least {BARE}")
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        state_dir = (given.keep or Path(folder)).resolve()
        state_dir.mkdir(parents=True, exist_ok=True)
        environ = os.environ | {setting.variable: "0" for setting in PORT_SETTINGS} | {"ONEVOICE_CANARY": "off"}
        with Stack(state_dir, environ) as stack:
            stack.start_servers()
            asyncio.run(fill(stack, Made(given.alerts, given.conflicts, now()), console))
            start(stack, console)
            if given.serve:
                console.print(f"{stack.urls['gateway']}, key of ops: {stack.keys.ops}; Ctrl-C ends it")
                stack.watch()
            measure(stack, given.times, given.only, console)
    return 0


async def fill(stack: Stack, made: Made, console: Console) -> None:
    """Unless they are there. Its own client, which is patient: an index of very many documents takes long."""
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(stack.at.mongodb, connectTimeoutMS=600_000)
    database = client["onevoice"]
    if await database["alerts"].estimated_document_count() < made.alerts:
        with Progress(console=console) as progress:
            bar = progress.add_task(f"writing {made.alerts:,} alerts", total=made.alerts)
            await made.write(database, lambda count: progress.advance(bar, count))
    with console.status("making indexes"):
        await made.prepare(database)
    client.close()


def start(stack: Stack, console: Console) -> None:
    for name in ("journey", "consistency", "gateway"):
        began = time.perf_counter()
        with console.status(f"starting {name}"):
            stack.start(name)
        console.log(f"{name} was ready after {time.perf_counter() - began:.1f} s")


def measure(stack: Stack, times: int, only: str, console: Console) -> None:
    headers = {"Authorization": f"Bearer {stack.keys.ops}"}
    address = stack.urls["gateway"]
    client: MongoClient[dict[str, Any]]
    with (
        httpx.Client(base_url=address, headers=headers, timeout=PATIENCE, follow_redirects=True) as http,
        MongoClient(stack.at.mongodb) as client,
        Progress(console=console) as progress,
    ):
        began = time.perf_counter()
        with console.status("waiting for the first overview"):
            wait_for(http, "/v1/overview")
        console.log(f"the overview was there {time.perf_counter() - began:.1f} s later")
        http.post("/sign-in", data={"key": stack.keys.ops, "next": "/alerts"})
        ids = [alert_id(number) for number in range(BARE)]
        questions = [
            one
            for one in (*lists(), *figures_and_pages(ids[:5]))
            if any(words in one.what for words in only.split(","))
        ]
        query = bare(client, ids)
        processes = [child.process.pid for child in stack.children.values()]
        fifty = Figure(f"bare query of {BARE} documents", [timed(query) for _ in range(times)])
        figures = []
        bar = progress.add_task("asking", total=len(questions))
        for one in questions:
            figures.append(answered(http, one, times, partial(cpu_of, processes)))
            fifty.seconds.extend(timed(query) for _ in range(3))  # the machine is noisy: all along, not only at first
            progress.advance(bar)
    console.print(table(together(figures), fifty, "Answers where there are many alerts"))


def wait_for(http: httpx.Client, path: str) -> None:
    """Also where it never comes: what does not answer is told in the table."""
    deadline = time.monotonic() + PATIENCE
    while http.get(path).status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.2)


def answered(http: httpx.Client, one: Asked, times: int, cpu_seconds: Callable[[], float]) -> Figure:
    """Asked less often where the first answer took long."""
    first = asked(http, one, 1, cpu_seconds)
    more = times - 1 if not first.failed and first.seconds[0] < 1 else min(times, 3) - 1
    return together([first, asked(http, one, more, cpu_seconds)])[0]


if __name__ == "__main__":
    sys.exit(main())
