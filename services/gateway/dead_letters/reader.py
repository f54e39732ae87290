"""Reads the topic `dead-letters`: all of it into the index, and the bytes of single letters when they are asked for."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.gateway.dead_letters.index import Index
from services.gateway.dead_letters.letters import Letter, Original, Unreadable, original_of, plain_of, read
from services.gateway.follow import open_consumer, start_consumer
from shared.kafka.polling import Poller
from shared.kafka.topics import DEAD_LETTERS
from shared.settings import KafkaSettings
from shared.web.problems import problem

logger = logging.getLogger(__name__)

PLACE = TopicPartition(DEAD_LETTERS, 0)
SECONDS = 10.0
"""How long the broker may take to give one letter's bytes, or to say where the topic ends."""
READ_ON = 50
"""Records between two letters that are read and passed over rather than asked for anew."""
AT_ONCE = 4
RETRY_AFTER = 5


class Gone(Exception):
    """The letter's bytes are no longer on the topic."""


class Reader:
    """Every instance reads the whole topic, without a consumer group."""

    def __init__(self, index: Index, settings: KafkaSettings) -> None:
        self._index = index
        self._settings = settings
        self._consumer: AIOKafkaConsumer[bytes, bytes] | None = None
        self._room = asyncio.Semaphore(AT_ONCE)

    async def ready(self) -> None:
        """Raises `RuntimeError` while the topic is not read yet."""
        if not self._index.caught_up:
            raise RuntimeError("the dead letters are not read yet")

    async def run(self) -> None:
        """Reads until cancelled; raises `KafkaError` where the broker cannot be reached at the start."""
        self._consumer = consumer = await open_consumer(self._settings)
        try:
            consumer.assign([PLACE])
            await consumer.seek_to_beginning(PLACE)
            poller = Poller(consumer, timeout_ms=1_000)
            while True:
                for record in (await poller.poll([PLACE])).get(PLACE, []):
                    self.take(record.offset, record.value or b"")
                self._index.reached(await consumer.position(PLACE))
                if not self._index.caught_up:
                    end = (await consumer.end_offsets([PLACE]))[PLACE]
                    self._index.caught_up = self._index.position >= end
        finally:
            self._consumer, self._index.caught_up = None, False
            await consumer.stop()

    def take(self, offset: int, value: bytes) -> None:
        found = read(offset, value)
        if isinstance(found, Letter):
            self._index.add(found)
        else:
            self._index.mark(found)

    async def up_to_date(self) -> None:
        """Returns when all was read that stands on the topic now, marks of other instances among it; else 503."""
        if self._consumer is None or not self._index.caught_up:
            raise problem(503, "The dead letters are being read.", retry_after=RETRY_AFTER)
        try:
            async with asyncio.timeout(SECONDS):
                end = (await self._consumer.end_offsets([PLACE]))[PLACE]
                while self._index.position < end:
                    await self._index.changed()
        except (KafkaError, TimeoutError) as error:
            raise away(error) from error

    async def original(self, offset: int) -> Original:
        """The record as it was; raises `Gone`, and 503 where the broker does not answer."""
        async with self.originals() as fetch:
            return await fetch(offset)

    @asynccontextmanager
    async def originals(self) -> AsyncIterator["Fetch"]:
        """To fetch several in the order of their offsets, with a consumer of their own for as long as it takes."""
        async with self._room:
            try:
                async with asyncio.timeout(SECONDS):
                    consumer = await start_consumer(self._settings)
            except (KafkaError, TimeoutError) as error:
                raise away(error) from error
            try:
                consumer.assign([PLACE])
                yield Fetch(consumer)
            finally:
                await consumer.stop()


class Fetch:
    def __init__(self, consumer: "AIOKafkaConsumer[bytes, bytes]") -> None:
        self._consumer = consumer
        self._next: int | None = None

    async def __call__(self, offset: int) -> Original:
        """Raises `Gone`; 503 where the broker does not answer."""
        try:
            async with asyncio.timeout(SECONDS):
                value = await self._value(offset)
        except (KafkaError, TimeoutError) as error:
            raise away(error) from error
        try:
            return original_of(plain_of(value))
        except Unreadable:
            return Original(None, value)

    async def _value(self, offset: int) -> bytes:
        if self._next is None or not 0 <= offset - self._next <= READ_ON:
            self._consumer.seek(PLACE, offset)
        while True:
            record = await self._consumer.getone(PLACE)
            self._next = record.offset + 1
            if record.offset == offset:
                return record.value or b""
            if record.offset > offset:
                raise Gone


def away(error: Exception) -> Exception:
    logger.warning("dead letters cannot be read", extra={"reason": f"{type(error).__name__}: {error}"})
    return problem(503, "Kafka does not answer as it should.", retry_after=RETRY_AFTER)


def in_order(letters: Sequence[Letter]) -> list[Letter]:
    return sorted(letters, key=lambda letter: letter.offset)
