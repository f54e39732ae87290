"""A small closed-loop driver: keep-alive connections that send prepared requests as fast as they are answered."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """What a run measured: `seconds` for the whole, `delays` of each request in seconds, `statuses` seen."""

    requests: int
    seconds: float
    delays: list[float]
    statuses: frozenset[int]

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    def percentile(self, share: float) -> float:
        """Delay in milliseconds that `share` of the requests did not exceed."""
        return sorted(self.delays)[min(len(self.delays) - 1, int(share * len(self.delays)))] * 1_000


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: localhost", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def drive(port: int, requests: Sequence[bytes], connections: int) -> Load:
    """Sends each request once, over that many connections, each waiting for its answer."""
    waiting = iter(requests)
    delays: list[float] = []
    statuses: set[int] = set()

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for prepared in waiting:
            sent = time.perf_counter()
            writer.write(prepared)
            statuses.add(await _answer(reader))
            delays.append(time.perf_counter() - sent)
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(one_connection() for _ in range(connections)))
    return Load(len(delays), time.perf_counter() - started, delays, frozenset(statuses))


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])
