"""One stack a state directory: the kernel holds the lock, so a crash leaves nothing to clean up."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunningError(Exception):
    """Another stack uses the state directory."""


@contextmanager
def only_stack_in(state_dir: Path) -> Iterator[None]:
    """Holds the lock on `state_dir`; raises `AlreadyRunningError`, naming the process that holds it."""
    state_dir.mkdir(parents=True, exist_ok=True)
    with (state_dir / "stack.pid").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            raise AlreadyRunningError(
                f"a stack already runs in {state_dir} (process {owner}); stop it with Ctrl-C or `kill {owner}`, "
                "or give this one a directory and ports of its own (--state-dir, ONEVOICE_*_PORT=0)"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
