"""`python -m tests.bench`: starts a stack, measures each step beside its bare limit, and reports.

Figures are for comparing within one run: machines differ, and so do runs on one machine.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from rich.console import Console

from deploy.local.ports import PORT_SETTINGS
from deploy.local.stack import Stack
from tests.bench.bench import Bench
from tests.bench.detecting import detection
from tests.bench.figure import Figure
from tests.bench.report import BUILD, circumstances, page_part, table, write
from tests.bench.steps.cause import one_cause
from tests.bench.steps.consuming import consistency, journey
from tests.bench.steps.delays import delays
from tests.bench.steps.gateway import gateway
from tests.bench.steps.growth import growth
from tests.bench.steps.ingest import ingest
from tests.bench.steps.sharing import sharing
from tests.bench.wrk import NoLoadTool, must_be_there


async def by_layer(bench: Bench) -> AsyncIterator[Figure]:
    for figure in detection():
        yield figure


STEPS: dict[str, Callable[[Bench], AsyncIterator[Figure]]] = {
    "ingest": ingest,
    "journey": journey,
    "consistency": consistency,
    "detection": by_layer,
    "gateway": gateway,
    "delays": delays,
    "one-cause": one_cause,
    "growth": growth,
    "sharing": sharing,
}


async def measure(bench: Bench, steps: list[str], console: Console) -> list[Figure]:
    figures: list[Figure] = []
    for name in steps:
        with console.status(f"measuring {name}"):
            async for figure in STEPS[name](bench):
                figures.append(figure)
                console.log(f"{figure.step}, {figure.what}: {figure.value:,.1f} {figure.unit}")
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"all by default: {', '.join(STEPS)}")
    parser.add_argument("--runs", type=int, default=5, help="of each figure, of which the median counts (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="little of everything, to see whether it works")
    parser.add_argument("--largest", type=int, default=100_000, help="messages stored at the most (%(default)s)")
    parser.add_argument(
        "--page", type=Path, help="also writes the tables and plots into this page of the documentation"
    )
    given = parser.parse_args()
    if unknown := [step for step in given.steps if step not in STEPS]:
        parser.error(f"{', '.join(unknown)}: no such step; known are {', '.join(STEPS)}")
    console = Console()
    try:
        must_be_there()
    except NoLoadTool as missing:
        console.print(missing)
        return 2
    environ = os.environ | {setting.variable: "0" for setting in PORT_SETTINGS}
    environ |= {"ONEVOICE_INGEST_RATE": "10000000/second", "ONEVOICE_CANARY": "off", "ONEVOICE_SHARED_PORT": "on"}
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), environ) as stack:
        with console.status("starting the stack"):
            stack.up()
        bench = Bench(stack, 1 if given.quick else given.runs, given.quick, given.largest)
        bench.pin_servers()
        figures = asyncio.run(measure(bench, given.steps or list(STEPS), console))
    about = circumstances(environ)
    console.print(table(figures))
    write(figures, about)
    if given.page:
        page_part(given.page, figures, about)
    console.print(f"written to {BUILD}: bench.json and bench.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
