"""Child processes that end with the stack, whatever ends it, and whose output goes to a log file."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
"""Source: prctl(2)."""


@dataclass(frozen=True)
class Part:
    """One process of the stack, and how to tell that it can do its work."""

    name: str
    command: tuple[str, ...]
    is_ready: Callable[[], bool]
    environ: Mapping[str, str] = field(default_factory=dict)
    when_orphaned: signal.Signals = signal.SIGKILL
    """What the kernel sends it when the stack is killed; servers get the chance to save."""
    seconds_to_stop: float = 10.0


@dataclass
class Child:
    part: Part
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def exit_status(self) -> int | None:
        return self.process.poll()


def end_with_parent(parent: int, notice: signal.Signals) -> Callable[[], None]:
    """To run in the child before its program starts. Only Linux has this; elsewhere a killed stack leaves children."""
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def bind_to_parent() -> None:
        prctl(PR_SET_PDEATHSIG, int(notice), 0, 0, 0)
        if os.getppid() != parent:  # the parent ended before the call above
            os._exit(1)

    return bind_to_parent


def launch(part: Part, log: Path, working_dir: Path, environ: Mapping[str, str]) -> Child:
    """Starts `part` in a process group of its own, so that Ctrl-C in the terminal reaches the stack alone."""
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - the commands are ours
            part.command,
            cwd=working_dir,
            env={**environ, **part.environ},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            process_group=0,
            preexec_fn=end_with_parent(os.getpid(), part.when_orphaned),
        )
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
