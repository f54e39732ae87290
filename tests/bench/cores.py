"""Which process runs on which core: what is measured has one for itself, the rest shares the other."""

import os
from collections.abc import Sequence
from pathlib import Path

MEASURED, LOAD = 0, 1
"""Cores; on a machine with one alone nothing is pinned."""
ALL = sorted(os.sched_getaffinity(0))
TWO = len(ALL) >= 2


def pinned_command(core: int, command: Sequence[str]) -> list[str]:
    return ["taskset", "-c", str(ALL[core]), *command] if TWO else list(command)


def pin(process: int, core: int) -> None:
    """The process with its threads and its children."""
    if not TWO:
        return
    for one in family(process):
        for thread in Path(f"/proc/{one}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {ALL[core]})


def family(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(one for child in children for one in family(int(child)))]


def told() -> str:
    if not TWO:
        return "one core for everything"
    return "the measured service and the bare route on the first; load, broker and database on the second"
