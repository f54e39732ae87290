"""Child processes that end with the stack, whatever ends it, and whose output goes to a log file."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

BOUND_TO_PARENT = str(Path(__file__).with_name("bound_to_parent.py"))

LAUNCHER = ThreadPoolExecutor(1, thread_name_prefix="launcher")
"""One thread starts all children: the kernel takes the end of the thread that started a child for the parent's end."""


@dataclass(frozen=True)
class Part:
    """One process of the stack, and how to tell that it can do its work."""

    name: str
    command: tuple[str, ...]
    is_ready: Callable[[], bool]
    environ: Mapping[str, str] = field(default_factory=dict)
    when_orphaned: signal.Signals = signal.SIGKILL
    """What the kernel sends it when the stack is killed; servers get the chance to save."""
    seconds_to_stop: float = 20.0


@dataclass
class Child:
    part: Part
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def exit_status(self) -> int | None:
        return self.process.poll()


def launch(part: Part, log: Path, working_dir: Path, environ: Mapping[str, str]) -> Child:
    """Starts `part` in a process group of its own, so that Ctrl-C in the terminal reaches the stack alone."""
    binding = (sys.executable, "-I", "-S", BOUND_TO_PARENT, str(os.getpid()), str(int(part.when_orphaned)))
    with log.open("ab") as out:
        process = LAUNCHER.submit(
            subprocess.Popen[bytes],
            (*binding, *part.command),
            cwd=working_dir,
            env={**environ, **part.environ},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            process_group=0,
        ).result()
    return Child(part, process, log)


def signal_group(child: Child, number: signal.Signals) -> None:
    try:
        os.killpg(child.process.pid, number)
    except ProcessLookupError:
        return  # it is gone already, which is what the signal was for


def stop(children: list[Child]) -> list[str]:
    """Asks all of them to end and waits; kills those that do not. Returns the names of the killed."""
    for child in children:
        if child.exit_status is None:
            signal_group(child, signal.SIGTERM)
    killed = []
    started = time.monotonic()
    for child in children:
        left = started + child.part.seconds_to_stop - time.monotonic()
        try:
            child.process.wait(max(left, 0.1))
        except subprocess.TimeoutExpired:
            killed.append(child.part.name)
        signal_group(child, signal.SIGKILL)  # also what it started itself
        child.process.wait()
    return killed


def last_lines(log: Path, count: int = 15) -> list[str]:
    """The end of a log file; reads the last 32 KiB at most."""
    if not log.exists():
        return []
    with log.open("rb") as source:
        source.seek(0, os.SEEK_END)
        source.seek(max(0, source.tell() - 32_768))
        return source.read().decode(errors="replace").splitlines()[-count:]
