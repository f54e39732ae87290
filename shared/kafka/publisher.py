"""The way onto Kafka: idempotent, acknowledged by all in-sync replicas, in bounded time and memory."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    KafkaError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    UnknownProducerId,
)

from shared.kafka.topics import MAX_LETTER_BYTES
from shared.kafka.tracing import TRACEPARENT, caused_by, sending_many
from shared.settings import KafkaSettings

logger = logging.getLogger(__name__)

LOST = (
    OutOfOrderSequenceNumber,
    UnknownProducerId,
    ProducerFenced,
    ProducerClosed,
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
)
"""The broker knows this producer no more, or as another: only a new one can go on."""
START_SECONDS = 30.0


class BrokerAway(Exception):
    """The broker did not acknowledge in time; the record may be published again, stores drop the second."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to publish; `trace` is the traceparent of what caused it, else the current span's is sent."""

    topic: str
    key: bytes | None
    value: bytes | None
    trace: str | None = None
    content_type: str = "application/json"
    headers: Mapping[str, bytes] = field(default_factory=dict)
    """Beside those of the content type and the trace."""


Send = Callable[..., Awaitable[asyncio.Future[Any]]]
Sent = asyncio.Future[Any] | BrokerAway


class Publisher:
    def __init__(self, make: Callable[[], AIOKafkaProducer], timeout: float) -> None:
        """`make` answers a producer that is not started; `timeout` is in seconds, for each `publish`."""
        self._make = make
        self._producer = make()
        self._timeout = timeout
        self._renewal: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Raises `KafkaError` or `TimeoutError` where no broker answers."""
        await start(self._producer)

    async def stop(self) -> None:
        """Drains what was sent, within the timeout."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])
        await stop(self._producer, self._timeout)

    async def publish(self, records: Sequence[Outgoing]) -> list[BrokerAway | None]:
        """Sends all in order, then waits for all acknowledgements, together within the timeout.

        One answer a record, in order: None or why not.
        """
        producer = self._producer
        deadline = asyncio.get_running_loop().time() + self._timeout
        if len(records) == 1:
            sent = [await self._send(producer, records[0], deadline)]
        else:
            with sending_many(len(records)) as trace:
                sent = [await self._send_of_many(producer, record, deadline, trace) for record in records]
        waiting = [future for future in sent if isinstance(future, asyncio.Future)]
        if waiting:
            await asyncio.wait(waiting, timeout=deadline - asyncio.get_running_loop().time())
        return [self._outcome(producer, future) for future in sent]

    async def publish_all(self, records: Sequence[Outgoing]) -> None:
        """As `publish`; raises `BrokerAway` where any record was not acknowledged."""
        for failure in await self.publish(records):
            if failure is not None:
                raise failure

    async def reachable(self) -> None:
        """Raises `KafkaError` or `TimeoutError` where no broker answers within five seconds."""
        async with asyncio.timeout(5):
            await self._producer.client.fetch_all_metadata()

    async def _send(self, producer: AIOKafkaProducer, record: Outgoing, deadline: float) -> Sent:
        """Hands the record to the producer, whose instrumentation gives it a span of its own."""
        with caused_by(record.trace):
            return await self._hand_over(producer, producer.send, record, deadline, None)

    async def _send_of_many(
        self, producer: AIOKafkaProducer, record: Outgoing, deadline: float, trace: str | None
    ) -> Sent:
        """A span each would cost more than the sending, so the instrumentation is passed by."""
        send = getattr(producer.send, "__wrapped__", producer.send)
        return await self._hand_over(producer, send, record, deadline, record.trace or trace)

    async def _hand_over(
        self, producer: AIOKafkaProducer, send: Send, record: Outgoing, deadline: float, trace: str | None
    ) -> Sent:
        """Waits for room until the deadline; the future is the broker's acknowledgement."""
        headers = [("content-type", record.content_type.encode()), *record.headers.items()]
        if trace is not None:
            headers.append((TRACEPARENT, trace.encode()))
        try:
            async with asyncio.timeout_at(deadline):
                future: asyncio.Future[Any] = await send(record.topic, record.value, key=record.key, headers=headers)
        except Exception as error:  # noqa: BLE001 - also raises whatever ended the producer's own task
            return self._failure(producer, error)
        return future

    def _outcome(self, producer: AIOKafkaProducer, sent: Sent) -> BrokerAway | None:
        """None where the broker acknowledged; what is not known yet counts as a failure."""
        if isinstance(sent, BrokerAway):
            return sent
        if not sent.done():
            sent.cancel()
            return BrokerAway("no acknowledgement in time")
        error = sent.exception()
        return None if error is None else self._failure(producer, error)

    def _failure(self, producer: AIOKafkaProducer, error: BaseException) -> BrokerAway:
        if isinstance(error, LOST) or not isinstance(error, KafkaError | TimeoutError):
            self._renew(producer, error)
        return BrokerAway(f"{type(error).__name__}: {error}")

    def _renew(self, lost: AIOKafkaProducer, error: BaseException) -> None:
        """Takes a new producer in place of one that cannot go on; one attempt at a time, the next failure
        starts another."""
        under_way = self._renewal is not None and not self._renewal.done()
        if lost is self._producer and not under_way:
            logger.warning("the producer is renewed: %s: %s", type(error).__name__, error)
            self._renewal = asyncio.create_task(self._replace(lost))

    async def _replace(self, lost: AIOKafkaProducer) -> None:
        fresh = self._make()
        try:
            await start(fresh)
        except (KafkaError, TimeoutError) as error:
            logger.warning("the producer could not be renewed: %s: %s", type(error).__name__, error)
            return
        self._producer = fresh
        await stop(lost, self._timeout)


async def start(producer: AIOKafkaProducer) -> None:
    try:
        async with asyncio.timeout(START_SECONDS):
            await producer.start()
    except BaseException:
        await stop(producer, 1.0)
        raise


async def stop(producer: AIOKafkaProducer, seconds: float) -> None:
    """Drains for `seconds`, then lets go of what the broker does not take; nobody was told that it is stored."""
    try:
        async with asyncio.timeout(seconds):
            await producer.stop()
    except TimeoutError:
        logger.warning("the producer was stopped with records that the broker did not take")
        await producer._sender.close()
        await producer.client.close()


@asynccontextmanager
async def open_publisher(settings: KafkaSettings, client_id: str) -> AsyncIterator[Publisher]:
    """A started publisher; leaving drains what was sent, in bounded time."""

    def make() -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=settings.bootstrap_servers,
            client_id=client_id,
            enable_idempotence=True,
            acks="all",
            linger_ms=2,
            max_batch_size=256 * 1024,
            max_request_size=MAX_LETTER_BYTES,
            request_timeout_ms=int(settings.request_timeout * 1000),
        )

    publisher = Publisher(make, settings.request_timeout)
    await publisher.start()
    try:
        yield publisher
    finally:
        await publisher.stop()
