"""The way onto Kafka: idempotent, acknowledged by all in-sync replicas, in bounded time and memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

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
        """Sends all and waits for all acknowledgements; one answer a record, in order: None or why not."""
        results = await asyncio.gather(*(self._publish_one(record) for record in records))
        return list(results)

    async def publish_all(self, records: Sequence[Outgoing]) -> None:
        """As `publish`; raises `BrokerAway` where any record was not acknowledged."""
        for failure in await self.publish(records):
            if failure is not None:
                raise failure

    async def _publish_one(self, record: Outgoing) -> BrokerAway | None:
        headers = [("content-type", record.content_type.encode())]
        try:
            with caused_by(record.trace):
                async with asyncio.timeout(self._timeout):
                    await self._producer.send_and_wait(record.topic, record.value, key=record.key, headers=headers)
        except (TimeoutError, KafkaError) as error:
            return BrokerAway(f"{type(error).__name__}: {error}")
        return None

    async def reachable(self) -> None:
        """Raises `KafkaError` or `TimeoutError` where no broker answers within five seconds."""
        async with asyncio.timeout(5):
            await self._producer.client.fetch_all_metadata()


@asynccontextmanager
async def open_publisher(settings: KafkaSettings, client_id: str) -> AsyncIterator[Publisher]:
    """A started publisher; leaving drains what was sent."""
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers,
        client_id=client_id,
        enable_idempotence=True,
        acks="all",
        linger_ms=2,
        max_request_size=2 * 1024 * 1024,
        request_timeout_ms=int(settings.request_timeout * 1000),
    )
    await producer.start()
    try:
        yield Publisher(producer, settings.request_timeout)
    finally:
        await producer.stop()
