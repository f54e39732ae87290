"""Programs that the stack can run and that are no Python packages: fetched or built once, and kept."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "onevoice"


class FetchError(Exception):
    """A program cannot be had or prepared here; the text says what to do."""


def missing(programs: Iterable[str]) -> list[str]:
    """Those that are not installed."""
    return [name for name in programs if shutil.which(name) is None]


def run(command: Sequence[str], seconds: float, what: str, folder: Path | None = None) -> str:
    """What the command wrote to standard output; raises `FetchError`, which says what it was for."""
    try:
        done = subprocess.run(  # noqa: S603 - the callers name the programs
            command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FetchError(f"{what} failed: {error}") from error
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise FetchError(f"{what} failed with status {done.returncode}:\n{said}")
    return done.stdout
