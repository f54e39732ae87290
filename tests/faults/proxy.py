"""A link between two programs that can be cut, slowed or silenced while they talk."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

LOOPBACK = "127.0.0.1"
CHUNK = 64 * 1024


@dataclass
class Direction:
    """`silent`: bytes are kept back, as where packets get lost; `delay`: seconds that each chunk comes later."""

    silent: bool = False
    delay: float = 0.0


Way = Callable[[], Direction]


class Link:
    """Forwards TCP connections from `port` to `target`; use it as a context manager.

    It runs in a thread of its own, so that a test that blocks holds nothing up.
    """

    def __init__(self, port: int, target: int) -> None:
        self.port, self.target = port, target
        self.up, self.down = Direction(), Direction()
        """Towards the target, and back from it."""
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._abandoned: list[asyncio.StreamWriter] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"link {port}", daemon=True)
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Connections are reset, new ones refused."""
        self._do(self._cut())

    def slow(self, seconds: float) -> None:
        """Every chunk comes later, in both directions."""
        self.up.delay = self.down.delay = seconds

    def silence(self, up: bool = True, down: bool = True) -> None:
        """Nothing comes through, and nobody is told."""
        self.up.silent, self.down.silent = up, down

    def half_open(self) -> None:
        """The target loses its connections and the other side hears nothing of it; new ones pass."""
        self._do(self._half_open())

    def heal(self) -> None:
        self.up, self.down = Direction(), Direction()
        self._do(self._heal())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        future: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        future.result(30)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, LOOPBACK, self.port)

    async def _end(self) -> None:
        await self._cut()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _stop_listening(self) -> None:
        """What was accepted gets its transport first: asyncio leaves it unclosed where the server closes in between."""
        if self._server is None:
            return
        for listening in self._server.sockets:
            self._loop.remove_reader(listening.fileno())
        await asyncio.sleep(0)
        self._server.close()
        self._server = None

    async def _cut(self) -> None:
        await self._stop_listening()
        for pair in list(self._pairs):
            for writer in pair:
                writer.transport.abort()
        self._drop_abandoned()

    async def _half_open(self) -> None:
        for client, target in list(self._pairs):
            target.transport.abort()
            self._abandoned.append(client)

    async def _heal(self) -> None:
        self._drop_abandoned()
        if self._server is None:
            await self._listen()

    def _drop_abandoned(self) -> None:
        for writer in self._abandoned:
            writer.transport.abort()
        self._abandoned.clear()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self.target)
        except OSError:
            writer.transport.abort()
            return
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        pair = (writer, far_writer)
        self._pairs.add(pair)
        pumps = [
            asyncio.create_task(self._pump(reader, far_writer, lambda: self.up)),
            asyncio.create_task(self._pump(far_reader, writer, lambda: self.down)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._pairs.discard(pair)
            for pump in pumps:
                pump.cancel()
            far_writer.close()
            if writer not in self._abandoned:
                writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way) -> None:
        try:
            while chunk := await reader.read(CHUNK):
                if way().delay:
                    await asyncio.sleep(way().delay)
                while way().silent:  # noqa: ASYNC110 - set from another thread
                    await asyncio.sleep(0.05)
                writer.write(chunk)
                await writer.drain()
        except ConnectionError:
            return
