"""Starts the parts in order, watches them, and stops them in the reverse order."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.keys import Keys, local_keys
from deploy.local.parts import (
    SERVICES,
    Endpoints,
    endpoints,
    service_part,
    settings_for_services,
    topics_part,
)
from deploy.local.ports import choose_ports
from deploy.local.processes import Child, Part, last_lines, launch, signal_group, stop
from deploy.local.readiness import answers_ping
from deploy.local.servers import Choice, chosen, kafka_parts, mongodb_parts

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 300
"""Bound for each part; a first start compiles and imports everything."""


class PartFailedError(Exception):
    """A part ended, or did not become ready; the text names it and its last log lines."""

    def __init__(self, part: str, what: str, log: Path) -> None:
        lines = "\n".join(f"  {line}" for line in last_lines(log)) or "  (nothing was written)"
        super().__init__(f"{part} {what}. The last lines of {log}:\n{lines}")
        self.part = part


def quiet(_: str) -> None:
    """Progress goes nowhere."""


class Stack:
    """The running processes. Use it as a context manager: leaving it stops them all."""

    def __init__(self, state_dir: Path, environ: Mapping[str, str], report: Callable[[str], None] = quiet) -> None:
        self.state_dir = state_dir
        self.environ = dict(environ)
        self.report = report
        self.choice: Choice = chosen(environ)
        self.at: Endpoints = endpoints(choose_ports({*self.choice.ports, *SERVICES}, environ), environ)
        self.log_dir = state_dir / "logs"
        self.log_dir.mkdir(parents=True, exist_ok=True)
        self.keys: Keys = local_keys(state_dir)
        self.children: dict[str, Child] = {}
        self.servers: dict[str, Part] = {}
        self.processes_file = state_dir / "parts.json"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def up(self) -> None:
        """Returns when every service answers `/readyz`; raises `PartFailedError` otherwise."""
        for log in self.log_dir.glob("*.log"):
            log.unlink()
        self.start_servers()
        for name in SERVICES:
            self.launch(self.service(name))
        for name in SERVICES:
            self.wait_until_ready(name)

    def start_servers(self) -> None:
        """Kafka and MongoDB, where no others are named, and the topics."""
        parts = [
            *kafka_parts(self.choice, self.at, self.state_dir, self.report),
            *mongodb_parts(self.choice, self.at, self.state_dir, self.report),
        ]
        self.servers = {part.name: part for part in parts}
        for part in parts:
            self.launch(part)
        for part in parts:
            self.wait_until_ready(part.name)
        if self.choice.mongodb == "named":
            self.wait_for_other_mongodb()
        self.create_topics()

    @property
    def replication(self) -> int:
        """Replicas of each topic."""
        return int(self.environ.get("ONEVOICE_KAFKA_REPLICATION") or self.choice.brokers)

    @property
    def urls(self) -> dict[str, str]:
        return {name: self.at.url(name) for name in SERVICES}

    def service(self, name: str) -> Part:
        canary = {"ONEVOICE_CANARY": self.environ.get("ONEVOICE_CANARY") or "on"}
        return service_part(name, self.at, settings_for_services(self.at, self.keys, self.replication) | canary)

    def launch(self, part: Part) -> Child:
        self.report(part.name)
        child = launch(part, self.log_of(part.name), ROOT, self.environ)
        self.children[part.name] = child
        self.note_processes()
        return child

    def note_processes(self) -> None:
        """`parts.json`: the process of each part, for whoever wants to see what becomes of a `kill -9`."""
        processes = {name: child.process.pid for name, child in self.children.items()}
        self.processes_file.write_text(json.dumps(processes, indent=2) + "\n")

    def log_of(self, name: str) -> Path:
        return self.log_dir / f"{name}.log"

    def create_topics(self) -> None:
        """A short process of its own; against another broker this is where a wrong address shows."""
        child = self.launch(topics_part(self.at, self.replication))
        del self.children["topics"]
        try:
            status = child.process.wait(SECONDS_TO_START)
        except BaseException:
            stop([child])
            raise
        if status != 0:
            raise PartFailedError("creating the topics", f"failed with status {status} ({self.at.kafka})", child.log)

    def wait_for_other_mongodb(self) -> None:
        is_ready = answers_ping(self.at.mongodb)
        deadline = time.monotonic() + 30
        while not is_ready():
            if time.monotonic() > deadline:
                raise ConnectionError("MONGODB_URI is set, but nothing answers a ping there within 30 seconds")
            time.sleep(0.2)

    def wait_until_ready(self, name: str, seconds: float = SECONDS_TO_START) -> None:
        child = self.children[name]
        deadline = time.monotonic() + seconds
        while not child.part.is_ready():
            self.raise_if_any_ended()
            if time.monotonic() > deadline:
                raise PartFailedError(name, f"was not ready within {seconds:.0f} seconds", child.log)
            time.sleep(0.1)
        self.raise_if_any_ended()

    def raise_if_any_ended(self) -> None:
        for name, child in self.children.items():
            status = child.exit_status
            if status is not None:
                how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
                raise PartFailedError(name, how, child.log)

    def watch(self) -> None:
        """Returns never: raises `PartFailedError` when a part ends."""
        while True:
            self.raise_if_any_ended()
            time.sleep(0.25)

    def kill(self, name: str) -> None:
        """As a crash would: no chance to tidy up. Returns when the process is gone."""
        child = self.children.pop(name)
        os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()

    def end(self, name: str) -> int:
        """As its operator would, with SIGTERM; returns its exit status. Kills it, and raises `TimeoutError`, where it
        takes longer than it may."""
        child = self.children.pop(name)
        signal_group(child, signal.SIGTERM)
        try:
            return child.process.wait(child.part.seconds_to_stop)
        except subprocess.TimeoutExpired as error:
            stop([child])
            raise TimeoutError(f"{name} did not end within {child.part.seconds_to_stop:.0f} seconds") from error

    def start(self, name: str) -> None:
        """Starts a part that was killed or ended, with the same settings; returns when it is ready."""
        self.launch(self.servers.get(name) or self.service(name))
        self.wait_until_ready(name)

    def stop(self) -> list[str]:
        """Services first, so that they can finish what they hold; returns what had to be killed."""
        services = [child for name, child in self.children.items() if name in SERVICES]
        servers = [child for name, child in self.children.items() if name not in SERVICES]
        self.children = {}
        killed = stop(services) + stop(servers)
        self.processes_file.unlink(missing_ok=True)
        return killed
