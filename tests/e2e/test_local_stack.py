"""The local stack as a person uses it: started by its command, stopped by Ctrl-C, and what happens when parts fail."""

import asyncio
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
from pathlib import Path

import httpx
import pymongo
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.local.keys import read_env
from deploy.local.parts import SERVICES
from deploy.local.stack import Stack

pytestmark = pytest.mark.stack
ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "deploy.local", "run", "--state-dir")


@pytest.fixture
def embedded(free_ports: dict[str, str]) -> dict[str, str]:
    """Free ports, and the embedded servers whatever the environment names."""
    return {name: value for name, value in free_ports.items() if name not in ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI")}


@contextmanager
def started(state_dir: Path, environ: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """The stack as a process of its own, up; stopped at the end if it still runs."""
    with subprocess.Popen(
        (*COMMAND, str(state_dir)),
        cwd=ROOT,
        env=environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C stops it" in line:
                break
        else:
            pytest.fail("the stack did not come up:\n" + "".join(said))
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=90)


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


def mongodb_uri(state_dir: Path) -> str:
    return f"mongodb://127.0.0.1:{listening_port(state_dir, 'mongodb')}/?directConnection=true"


def listening_port(state_dir: Path, part: str) -> int:
    """From the command line of the part's process."""
    arguments = Path(f"/proc/{parts_of(state_dir)[part]}/cmdline").read_text().split("\0")
    flag = "--kafka-port" if part == "kafka" else "--port"
    return int(arguments[arguments.index(flag) + 1])


def test_every_part_is_ready(stack: Stack) -> None:
    for service in SERVICES:
        for path in ("/healthz", "/readyz", "/metrics"):
            assert httpx.get(stack.urls[service] + path, timeout=10).status_code == 200, (service, path)


def test_keys_are_for_their_owner_only(stack: Stack) -> None:
    for name in ("keys.env", "keys.json"):
        assert stat.S_IMODE((stack.state_dir / name).stat().st_mode) == 0o600
    assert stack.keys.publish not in (stack.state_dir / "keys.json").read_text()


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
    with started(tmp_path, embedded) as process:
        parts = parts_of(tmp_path)
        os.kill(parts["journey"], signal.SIGKILL)
        said, _ = process.communicate(timeout=90)
    assert process.returncode == 1
    assert "journey was ended by SIGKILL" in said
    assert str(tmp_path / "logs" / "journey.log") in said
    wait_until_gone(parts)


def test_no_part_survives_a_killed_stack(tmp_path: Path, embedded: dict[str, str]) -> None:
    with started(tmp_path, embedded) as process:
        parts = parts_of(tmp_path)
        process.kill()
        process.communicate(timeout=90)
        wait_until_gone(parts)


async def test_data_and_keys_survive_a_restart(tmp_path: Path, embedded: dict[str, str]) -> None:
    with started(tmp_path, embedded) as process:
        keys = read_env(tmp_path / "keys.env")
        await put_record(f"127.0.0.1:{listening_port(tmp_path, 'kafka')}")
        with pymongo.MongoClient[dict[str, object]](mongodb_uri(tmp_path)) as client:
            client["kept"]["things"].insert_one({"_id": "one"})
        refused = await asyncio.to_thread(
            subprocess.run, (*COMMAND, str(tmp_path)), cwd=ROOT, env=embedded, capture_output=True, text=True
        )
        assert refused.returncode == 1
        assert f"process {process.pid}" in refused.stdout
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=90)
        assert process.returncode == 0

    with started(tmp_path, embedded):
        assert read_env(tmp_path / "keys.env") == keys
        assert await first_record(f"127.0.0.1:{listening_port(tmp_path, 'kafka')}") == b"kept"
        with pymongo.MongoClient[dict[str, object]](mongodb_uri(tmp_path)) as client:
            assert client["kept"]["things"].find_one() == {"_id": "one"}


async def put_record(bootstrap: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        await producer.send_and_wait("kept", b"kept")


async def first_record(bootstrap: str) -> bytes | None:
    async with AIOKafkaConsumer("kept", bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        value: bytes | None = (await asyncio.wait_for(consumer.getone(), 30)).value
        return value
