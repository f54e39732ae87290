"""The consuming loop: batches in, stored or dead-lettered, then and only then committed.

What may pass is tried again with growing pauses, a bounded number of times; what cannot pass goes to the
dead letters; when neither can be done, or too much would go there, the loop stops with nothing committed.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import stamina
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, RebalanceInProgressError
from opentelemetry import trace

from shared.kafka.polling import Poller
from shared.kafka.publisher import BrokerAway, Outgoing, Publisher
from shared.kafka.records import DeadLetter, Record
from shared.kafka.topics import DEAD_LETTERS
from shared.kafka.tracing import record_processing, trace_of
from shared.settings import KafkaSettings
from shared.telemetry.metrics import METRICS

logger = logging.getLogger(__name__)
tracer = trace.get_tracer(__name__)

Handle = Callable[[Sequence[Record]], Awaitable[Sequence[DeadLetter]]]
"""Stores a batch, whatever was stored of it before, and answers what cannot be processed. Raises one of the
consumer's `transient` errors where trying again may help."""
OnAssigned = Callable[[frozenset[int]], Awaitable[None]]
"""Told the partitions of its topic that this instance has now."""


class Halted(Exception):
    """The loop stopped by itself with nothing committed; the message says what an operator must look at."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """`max_dead_letters` of the last `window` records may be dead letters; more means a bad deployment."""

    topic: str
    group: str
    handle: Handle
    transient: tuple[type[Exception], ...]
    on_assigned: OnAssigned | None = None
    batch_records: int = 500
    attempts: int = 8
    max_dead_letters: int = 1_000
    window: int = 5_000


@dataclass(slots=True)
class Progress:
    """What operators ask of a consumer."""

    assigned: frozenset[int] = frozenset()
    lag_records: dict[int, int] = field(default_factory=dict)
    lag_seconds: dict[int, float] = field(default_factory=dict)
    consumed: int = 0
    dead_letters: int = 0
    halted: str | None = None


class Consumer:
    def __init__(self, subscription: Subscription, settings: KafkaSettings, dead_letters: Publisher) -> None:
        self._subscription = subscription
        self._publisher = dead_letters
        self._busy = asyncio.Lock()
        self._recent: deque[int] = deque(maxlen=subscription.window)
        self.progress = Progress()
        self._kafka = AIOKafkaConsumer(
            bootstrap_servers=settings.bootstrap_servers,
            group_id=subscription.group,
            group_instance_id=f"{subscription.group}-{settings.instance}" if settings.instance else None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=subscription.batch_records,
            max_poll_interval_ms=300_000,
            session_timeout_ms=15_000,
            heartbeat_interval_ms=3_000,
            fetch_max_wait_ms=100,
        )
        self._stopping = False
        self._last_timestamp: dict[int, int] = {}
        METRICS.observe_lag(subscription.group, subscription.topic, self.progress)

    @property
    def group(self) -> str:
        return self._subscription.group

    def report(self) -> dict[str, Any]:
        """For operators: `{"group", "topic", "assigned", "lag_records", "lag_seconds", "consumed", "dead_letters"}`."""
        progress = self.progress
        return {
            "group": self.group,
            "topic": self._subscription.topic,
            "assigned": sorted(progress.assigned),
            "lag_records": sum(progress.lag_records.values()),
            "lag_seconds": round(max(progress.lag_seconds.values(), default=0.0), 3),
            "consumed": progress.consumed,
            "dead_letters": progress.dead_letters,
        }

    def stop(self) -> None:
        """Asks the loop to end after the batch under way."""
        self._stopping = True

    async def run(self) -> None:
        """Consumes until stopped or cancelled; raises `Halted` where it stopped by itself."""
        self._kafka.subscribe([self._subscription.topic], listener=_Handover(self))
        await self._kafka.start()
        poller = Poller(self._kafka, timeout_ms=200)
        try:
            while not self._stopping:
                polled = await poller.poll()
                records = [_record(raw) for batch in polled.values() for raw in batch]
                if records:
                    async with self._busy:
                        await self._process(records)
                await self._measure()
        except Halted as halt:
            self.progress.halted = str(halt)
            logger.critical("consumer halted", extra={"group": self._subscription.group, "reason": str(halt)})
            raise
        finally:
            await self._kafka.stop()

    async def _process(self, records: list[Record]) -> None:
        started = time.time_ns()
        dead = await self._handle_bounded(records)
        if dead:
            await self._dead_letter(dead)
        record_processing(
            tracer, f"{self._subscription.group} process", (r.trace for r in records), started, time.time_ns()
        )
        self._recent.extend([1] * len(dead) + [0] * (len(records) - len(dead)))
        self.progress.consumed += len(records)
        self._last_timestamp |= {record.partition: record.timestamp for record in records}
        METRICS.consumed(self._subscription.group, len(records))
        await self._commit(records)

    async def _handle_bounded(self, records: list[Record]) -> list[DeadLetter]:
        subscription = self._subscription
        passing: tuple[type[Exception], ...] = (*subscription.transient, BrokerAway)
        try:
            async for attempt in stamina.retry_context(
                on=passing, attempts=subscription.attempts, timeout=120.0, wait_max=15.0
            ):
                with attempt:
                    return list(await subscription.handle(records))
        except passing as error:
            raise Halted(f"{type(error).__name__} after {subscription.attempts} attempts: {error}") from error
        except Exception as error:
            if len(records) == 1:
                logger.exception("record cannot be processed", extra={"place": records[0].place})
                return [DeadLetter(records[0], f"processing failed: {type(error).__name__}: {error}"[:1_000])]
        # One record of the batch breaks the handler: find it, so that the others pass.
        dead: list[DeadLetter] = []
        for record in records:
            dead += await self._handle_bounded([record])
        return dead

    async def _dead_letter(self, dead: list[DeadLetter]) -> None:
        subscription = self._subscription
        if sum(self._recent) + len(dead) > subscription.max_dead_letters:
            raise Halted(
                f"{sum(self._recent) + len(dead)} of the last {len(self._recent) + len(dead)} records of "
                f"{subscription.topic} would be dead letters: a bad deployment? Nothing was committed. "
                f"Newest reason: {dead[-1].reason}"
            )
        now = datetime.now(UTC)
        try:
            await self._publisher.publish_all(
                [
                    Outgoing(
                        DEAD_LETTERS,
                        letter.record.key or b"",
                        letter.to_json(subscription.group, now),
                        letter.record.trace,
                    )
                    for letter in dead
                ]
            )
        except BrokerAway as error:
            raise Halted(f"{len(dead)} dead letters could not be written, nothing was committed: {error}") from error
        self.progress.dead_letters += len(dead)
        METRICS.dead_lettered(subscription.group, len(dead))
        for letter in dead:
            logger.warning("dead letter", extra={"place": letter.record.place, "reason": letter.reason})

    async def _commit(self, records: list[Record]) -> None:
        next_offsets: dict[TopicPartition, int] = {}
        for record in records:
            partition = TopicPartition(record.topic, record.partition)
            next_offsets[partition] = max(next_offsets.get(partition, 0), record.offset + 1)
        try:
            await self._kafka.commit(next_offsets)
        except (CommitFailedError, IllegalStateError, RebalanceInProgressError) as error:
            # The partition went to another instance, which will see the batch again: stores drop the second.
            logger.warning("offsets not committed", extra={"reason": str(error)})
        except KafkaError as error:
            raise Halted(f"offsets could not be committed: {type(error).__name__}: {error}") from error

    async def _measure(self) -> None:
        now = time.time()
        for partition in self._kafka.assignment():
            end = self._kafka.highwater(partition)
            if end is None:
                continue
            behind = max(0, end - await self._kafka.position(partition))
            seen = self._last_timestamp.get(partition.partition)
            self.progress.lag_records[partition.partition] = behind
            self.progress.lag_seconds[partition.partition] = max(0.0, now - seen / 1000) if behind and seen else 0.0

    async def assigned(self, partitions: frozenset[int]) -> None:
        self.progress.assigned = partitions
        self.progress.lag_records.clear()
        self.progress.lag_seconds.clear()
        if self._subscription.on_assigned is not None:
            await self._subscription.on_assigned(partitions)

    async def revoked(self) -> None:
        """Waits until the batch under way is stored and committed."""
        async with self._busy:
            pass


class _Handover(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self._consumer.revoked()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await self._consumer.assigned(frozenset(partition.partition for partition in assigned))


def _record(raw: ConsumerRecord[bytes | None, bytes | None]) -> Record:
    headers = {name: value for name, value in raw.headers if value is not None}
    return Record(
        topic=raw.topic,
        partition=raw.partition,
        offset=raw.offset,
        timestamp=raw.timestamp,
        key=raw.key,
        value=raw.value,
        headers=headers,
        trace=trace_of(headers),
    )
