"""Load by wrk: a closed loop of keep-alive connections, each of which waits for its answer."""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from tests.bench.cores import LOAD, pinned_command

HERE = Path(__file__).parent
INSTALL = "wrk is needed for the load: apt-get install wrk"


class NoLoadTool(Exception):
    """The text says what to install."""


class Unfit(Exception):
    """What was answered is not what was to be measured."""


@dataclass(frozen=True, slots=True)
class Load:
    """`median` and `p99` in milliseconds."""

    per_second: float
    median: float
    p99: float


def must_be_there() -> None:
    if shutil.which("wrk") is None:
        raise NoLoadTool(INSTALL)


async def wrk(port: int, script: str, arguments: Sequence[str], connections: int, seconds: int) -> Load:
    """Raises `Unfit` where anything but 2xx was answered."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as whole:
        whole.write((HERE / script).read_text("utf-8") + (HERE / "done.lua").read_text("utf-8"))
        whole.flush()
        url = f"http://127.0.0.1:{port}"
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", whole.name, url, "--"]
        process = await asyncio.create_subprocess_exec(
            *pinned_command(LOAD, [*command, *arguments]),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
    last = output.splitlines()[-1] if output else b""
    if process.returncode != 0 or not last.startswith(b"{"):
        raise Unfit(f"wrk ended with status {process.returncode}: {output.decode(errors='replace')[-500:]}")
    found = orjson.loads(last)
    if found["failed"] or not found["requests"]:
        raise Unfit(f"{found['failed']} of {found['requests']} requests failed: {' '.join(arguments[:1])}")
    return Load(found["requests"] / (found["microseconds"] / 1e6), found["p50"] / 1_000, found["p99"] / 1_000)


async def posting(port: int, path: str, content: str, key: str, size: int, connections: int, seconds: int) -> Load:
    """Events, each new, `size` a request."""
    return await wrk(port, "post.lua", [path, content, key, str(size), prefix()], connections, seconds)


async def asking(port: int, requests: Sequence[tuple[str, str, str]], key: str, clients: int, seconds: int) -> Load:
    """Those requests (method, path, body) in turn."""
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        file.writelines(f"{method}\t{path}\t{body}\n" for method, path, body in requests)
        file.flush()
        return await wrk(port, "get.lua", [file.name, key], clients, seconds)


_series = iter(range(1_000_000))


def prefix() -> str:
    """What no other ids begin with."""
    return f"run{next(_series)}"
