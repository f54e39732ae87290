"""`python -m tests.bench`: starts a local stack, measures each step beside its bare limit, and reports.

Figures are for comparing within one run: machines differ, and so do runs on one machine.
"""

import argparse
import asyncio
import json
import os
import platform
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.local.ports import PORT_SETTINGS
from deploy.local.stack import ROOT, Stack
from tests.bench.detecting import detection
from tests.bench.figure import Figure
from tests.bench.steps import gateway, ingest, journey

REPORT = ROOT / "build" / "bench.json"


async def measure(stack: Stack, console: Console) -> list[Figure]:
    figures: list[Figure] = []
    for step in (ingest, journey, gateway):
        with console.status(f"measuring {step.__name__}"):
            figures += [figure async for figure in step(stack)]
    with console.status("measuring detection"):
        figures += list(detection())
    return figures


def table(figures: list[Figure]) -> Table:
    shown = Table(title="Benchmarks, each beside the bare limit of the same step")
    for name in ("step", "what", "Onevoice", "bare", "ratio", "unit"):
        shown.add_column(name, justify="left" if name in ("step", "what", "unit") else "right")
    for one in figures:
        bare, ratio = ("", "") if not one.bare else (f"{one.bare:,.1f}", f"{one.value / one.bare:.2f}")
        shown.add_row(one.step, one.what, f"{one.value:,.1f}", bare, ratio, one.unit)
    return shown


def circumstances() -> dict[str, object]:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return {
        "commit": commit.stdout.strip() or None,
        "python": platform.python_version(),
        "machine": platform.platform(),
        "cores": os.cpu_count(),
        "versions": {name: version(name) for name in ("fastapi", "uvicorn", "aiokafka", "pydantic", "motor")},
    }


def main() -> None:
    argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__).parse_args()
    console = Console()
    free = os.environ | {setting.variable: "0" for setting in PORT_SETTINGS}
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), free) as stack:
        with console.status("starting the local stack"):
            stack.up()
        figures = asyncio.run(measure(stack, console))
    REPORT.parent.mkdir(exist_ok=True)
    plain = {**circumstances(), "figures": [figure.plain() for figure in figures]}
    REPORT.write_text(json.dumps(plain, indent=2) + "\n")
    console.print(table(figures))
    console.print(f"written to {REPORT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
