"""The way onto Kafka: idempotent, acknowledged by all in-sync replicas, in bounded time and memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.kafka.tracing import caused_by
from shared.settings import KafkaSettings


class BrokerAway(Exception):
    """The broker did not acknowledge in time; the record may be published again, stores drop the second."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to publish; `trace` is the traceparent of what caused it, else the current span's is sent."""

    topic: str
    key: bytes
    value: bytes | None
    trace: str | None = None
    content_type: str = "application/json"


class Publisher:
    def __init__(self, producer: AIOKafkaProducer, timeout: float) -> None:
        self._producer = producer
        self._timeout = timeout

    async def publish(self, records: Sequence[Outgoing]) -> list[BrokerAway | None]:
        """Sends all in order, then waits for all acknowledgements, together within the timeout.

        One answer a record, in order: None or why not.
        """
        deadline = asyncio.get_running_loop().time() + self._timeout
        sent = [await self._send(record, deadline) for record in records]
        waiting = [future for future in sent if isinstance(future, asyncio.Future)]
        if waiting:
            await asyncio.wait(waiting, timeout=deadline - asyncio.get_running_loop().time())
        return [outcome(future) for future in sent]

    async def publish_all(self, records: Sequence[Outgoing]) -> None:
        """As `publish`; raises `BrokerAway` where any record was not acknowledged."""
        for failure in await self.publish(records):
            if failure is not None:
                raise failure

    async def _send(self, record: Outgoing, deadline: float) -> "asyncio.Future[Any] | BrokerAway":
        """Hands the record to the producer, waiting for room until the deadline; the future is its acknowledgement."""
        headers = [("content-type", record.content_type.encode())]
        try:
            with caused_by(record.trace):
                async with asyncio.timeout_at(deadline):
                    future: asyncio.Future[Any] = await self._producer.send(
                        record.topic, record.value, key=record.key, headers=headers
                    )
        except (TimeoutError, KafkaError) as error:
            return BrokerAway(f"{type(error).__name__}: {error}")
        return future

    async def reachable(self) -> None:
        """Raises `KafkaError` or `TimeoutError` where no broker answers within five seconds."""
        async with asyncio.timeout(5):
            await self._producer.client.fetch_all_metadata()


def outcome(future: "asyncio.Future[Any] | BrokerAway") -> BrokerAway | None:
    """None where the broker acknowledged; what is not known yet is a failure, and looked at by nobody later."""
    if isinstance(future, BrokerAway):
        return future
    if not future.done():
        future.cancel()
        return BrokerAway("no acknowledgement in time")
    error = future.exception()
    return None if error is None else BrokerAway(f"{type(error).__name__}: {error}")


@asynccontextmanager
async def open_publisher(settings: KafkaSettings, client_id: str) -> AsyncIterator[Publisher]:
    """A started publisher; leaving drains what was sent."""
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers,
        client_id=client_id,
        enable_idempotence=True,
        acks="all",
        linger_ms=2,
        max_batch_size=256 * 1024,
        max_request_size=2 * 1024 * 1024,
        request_timeout_ms=int(settings.request_timeout * 1000),
    )
    await producer.start()
    try:
        yield Publisher(producer, settings.request_timeout)
    finally:
        await producer.stop()
