"""Starting and stopping child processes, with small programs in place of the parts."""

import signal
import sys
import threading
import time
from pathlib import Path

from deploy.local.processes import Child, Part, last_lines, launch, stop

OBEYS = "import time; print('up', flush=True); time.sleep(600)"
REFUSES = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + OBEYS
HAS_A_CHILD = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1]]); " + OBEYS


def start(tmp_path: Path, name: str, *code: str, seconds_to_stop: float = 20) -> Child:
    part = Part(name, (sys.executable, "-c", *code), lambda: True, seconds_to_stop=seconds_to_stop)
    child = launch(part, tmp_path / f"{name}.log", tmp_path, {})
    while "up" not in last_lines(child.log):
        assert child.exit_status is None, last_lines(child.log)
        time.sleep(0.05)
    return child


def test_who_does_not_end_is_killed_and_named(tmp_path: Path) -> None:
    children = [start(tmp_path, "obeys", OBEYS), start(tmp_path, "refuses", REFUSES, seconds_to_stop=0.5)]
    assert stop(children) == ["refuses"]
    assert [child.exit_status for child in children] == [-signal.SIGTERM, -signal.SIGKILL]


def test_what_a_part_started_itself_ends_with_it(tmp_path: Path) -> None:
    child = start(tmp_path, "parent", HAS_A_CHILD, REFUSES, seconds_to_stop=5)
    while last_lines(child.log).count("up") < 2:
        time.sleep(0.05)
    assert stop([child]) == []
    deadline = time.monotonic() + 30
    while group_has_members(child.process.pid):
        assert time.monotonic() < deadline, "the part's own child still runs"
        time.sleep(0.05)


def group_has_members(group: int) -> bool:
    for process in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = process.read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(its_group) == group and state != "Z":
            return True
    return False


def test_a_part_outlives_the_thread_that_asked_for_it(tmp_path: Path) -> None:
    children: list[Child] = []
    thread = threading.Thread(target=lambda: children.append(start(tmp_path, "obeys", OBEYS)))
    thread.start()
    thread.join()
    time.sleep(0.2)
    assert children[0].exit_status is None
    assert stop(children) == []
