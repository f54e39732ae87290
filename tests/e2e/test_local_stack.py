"""The local stack as a person uses it: started by its command, stopped by Ctrl-C, and what happens when parts fail."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from deploy.local.keys import read_env
from deploy.local.lock import only_stack_in
from deploy.local.parts import SERVICES, kafka_part, mongodb_part
from deploy.local.ports import choose_ports
from deploy.local.processes import launch, stop
from deploy.local.stack import Stack

pytestmark = pytest.mark.stack
ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "deploy.local", "run", "--state-dir")


@pytest.fixture
def embedded(free_ports: dict[str, str]) -> dict[str, str]:
    """Free ports, and the embedded servers whatever the environment names."""
    return {name: value for name, value in free_ports.items() if name not in ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI")}


@dataclass
class Running:
    """A stack as a process of its own: what it said until it was up, and the addresses in it."""

    process: "subprocess.Popen[str]"
    said: list[str]

    def address(self, part: str) -> str:
        return next(line.split()[1] for line in self.said if line.startswith(f"{part} "))

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=90)
        return self.process.returncode


@contextmanager
def started(state_dir: Path, environ: dict[str, str]) -> Iterator[Running]:
    """Yields when the stack is up; stops it at the end if it still runs."""
    with subprocess.Popen(
        (*COMMAND, str(state_dir)),
        cwd=ROOT,
        env=environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        running = Running(process, [])
        assert process.stdout is not None
        for line in process.stdout:
            running.said.append(line)
            if "Ctrl-C stops it" in line:
                break
        else:
            pytest.fail("the stack did not come up:\n" + "".join(running.said))
        try:
            yield running
        finally:
            if process.poll() is None:
                running.stop(signal.SIGINT)


def parts_of(state_dir: Path) -> dict[str, int]:
    parts: dict[str, int] = json.loads((state_dir / "parts.json").read_text())
    return parts


def alive(process: int) -> bool:
    """Neither gone nor a zombie that nobody has reaped yet."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until_gone(processes: dict[str, int], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while left := [part for part, process in processes.items() if alive(process)]:
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.1)


def test_every_part_is_ready(stack: Stack) -> None:
    for service in SERVICES:
        for path in ("/healthz", "/readyz", "/metrics"):
            assert httpx.get(stack.urls[service] + path, timeout=10).status_code == 200, (service, path)


def test_keys_are_for_their_owner_only(stack: Stack) -> None:
    assert stat.S_IMODE((stack.state_dir / "keys.env").stat().st_mode) == 0o600
    digests = (stack.state_dir / "keys.json").read_text()
    for key in (stack.keys.publish, stack.keys.agent, stack.keys.ops, stack.keys.service):
        assert key not in digests


def test_a_taken_port_is_named_with_its_setting(tmp_path: Path, embedded: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = subprocess.run(
            (*COMMAND, str(tmp_path)),
            cwd=ROOT,
            env=embedded | {"ONEVOICE_JOURNEY_PORT": str(port)},
            capture_output=True,
            text=True,
        )
    assert result.returncode == 1
    assert f"port {port}" in result.stdout
    assert "ONEVOICE_JOURNEY_PORT" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_a_part_that_dies_stops_everything_and_is_named(tmp_path: Path, embedded: dict[str, str]) -> None:
    with started(tmp_path, embedded) as running:
        parts = parts_of(tmp_path)
        os.kill(parts["journey"], signal.SIGKILL)
        said, _ = running.process.communicate(timeout=90)
    assert running.process.returncode == 1
    assert "journey was ended by SIGKILL" in said
    assert str(tmp_path / "logs" / "journey.log") in said
    wait_until_gone(parts)


def test_no_part_survives_a_killed_stack(tmp_path: Path, embedded: dict[str, str]) -> None:
    with started(tmp_path, embedded) as running:
        parts = parts_of(tmp_path)
        running.process.kill()
        running.process.communicate(timeout=90)
        wait_until_gone(parts)


def test_a_second_stack_in_the_same_place_is_refused(tmp_path: Path, embedded: dict[str, str]) -> None:
    with only_stack_in(tmp_path):
        refused = subprocess.run((*COMMAND, str(tmp_path)), cwd=ROOT, env=embedded, capture_output=True, text=True)
    assert refused.returncode == 1
    assert f"process {os.getpid()}" in refused.stdout


def test_data_and_keys_survive_a_restart(tmp_path: Path, embedded: dict[str, str]) -> None:
    """Published over HTTP, stopped at once, and all of it there after the next start: on the log or stored."""
    customers = [f"kept-{number}" for number in range(20)]
    with started(tmp_path, embedded) as running:
        keys = read_env(tmp_path / "keys.env")
        answer = httpx.post(
            f"{running.address('ingest')}/v1/events",
            json=[greeting(customer) for customer in customers],
            headers=bearer(keys["ONEVOICE_PUBLISH_KEY"]) | {"content-type": "application/cloudevents-batch+json"},
            timeout=30,
        )
        assert answer.status_code == 202
        parts = parts_of(tmp_path)
        assert running.stop(signal.SIGTERM) == 0
        wait_until_gone(parts)

    with started(tmp_path, embedded) as running:
        assert read_env(tmp_path / "keys.env") == keys
        gateway = running.address("gateway")
        for customer in customers:
            wait_for_timeline(f"{gateway}/v1/customers/{customer}/timeline", keys["ONEVOICE_AGENT_KEY"])


def greeting(customer: str) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": f"{customer}-hello",
        "source": "//desk.example.com",
        "type": "touchpoint.message.v1",
        "time": "2026-03-02T09:00:00Z",
        "data": {
            "customer": {"id": customer},
            "department": "support",
            "channel": "email",
            "direction": "outbound",
            "text": "Good morning, how can we help?",
        },
    }


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def wait_for_timeline(url: str, key: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while (answer := httpx.get(url, headers=bearer(key), timeout=30)).status_code != 200:
        assert time.monotonic() < deadline, f"{url}: {answer.status_code} {answer.text}"
        time.sleep(0.2)
    assert len(answer.json()["items"]) == 1


def test_servers_that_are_named_are_used(tmp_path: Path, embedded: dict[str, str]) -> None:
    """Servers started by hand stand for a deployment's own."""
    ports = choose_ports({"kafka", "mongodb"}, embedded)
    uri = f"mongodb://127.0.0.1:{ports['mongodb']}/?directConnection=true"
    parts = [kafka_part(ports["kafka"], tmp_path), mongodb_part(ports["mongodb"], uri, tmp_path)]
    others = [launch(part, tmp_path / f"{part.name}.log", ROOT, embedded) for part in parts]
    named = {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{ports['kafka']}", "MONGODB_URI": uri}
    try:
        with Stack(tmp_path / "state", embedded | named) as stack:
            stack.up()
            assert sorted(stack.children) == sorted(SERVICES)
            assert not (tmp_path / "state" / "kafka").exists()
    finally:
        assert stop(others) == []
