"""The consuming loop: a batch of each partition in, processed, then and only then committed.

Partitions are independent: while a batch of one is under way the others go on, that one is not asked for more, and
the broker goes on hearing of this consumer, so that a long batch never makes the group rebalance.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, RebalanceInProgressError

from shared.kafka.polling import Polled, Poller
from shared.kafka.processing import Processing
from shared.kafka.publisher import Publisher
from shared.kafka.records import Record
from shared.kafka.subscription import Halted, Progress, Subscription
from shared.kafka.tracing import trace_of
from shared.settings import KafkaSettings
from shared.telemetry.metrics import METRICS

logger = logging.getLogger(__name__)

POLL_MS = 200
REBALANCE_SECONDS = 30.0
"""How long the group waits for a member to join again; below the client's own bound for one request, 40 seconds."""
HAND_OVER_SECONDS = 24.0
"""How long a batch may take to end when its partition goes to another instance."""


class Consumer:
    def __init__(self, subscription: Subscription, settings: KafkaSettings, dead_letters: Publisher) -> None:
        self._subscription = subscription
        self.progress = Progress()
        self._processing = Processing(subscription, dead_letters, settings.dead_letter_cap, self.progress)
        self._kafka = AIOKafkaConsumer(
            bootstrap_servers=settings.bootstrap_servers,
            group_id=subscription.group,
            group_instance_id=f"{subscription.group}-{settings.instance}" if settings.instance else None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=subscription.batch_records,
            max_poll_interval_ms=int(settings.poll_interval * 1000),
            rebalance_timeout_ms=int(REBALANCE_SECONDS * 1000),
            session_timeout_ms=int(settings.session_timeout * 1000),
            heartbeat_interval_ms=int(settings.session_timeout * 200),
            fetch_max_wait_ms=100,
        )
        self._stopping = False
        self._batches: dict[TopicPartition, asyncio.Task[None]] = {}
        self._under_way: dict[TopicPartition, int] = {}
        self._failure: BaseException | None = None
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
        """Asks the loop to end after the batches under way."""
        self._stopping = True

    async def run(self) -> None:
        """Consumes until stopped or cancelled; raises `Halted` where it stopped by itself."""
        self._kafka.subscribe([self._subscription.topic], listener=_Handover(self))
        await self._kafka.start()
        poller = Poller(self._kafka, timeout_ms=POLL_MS)
        try:
            while not self._stopping:
                for place, raw in (await self._poll(poller)).items():
                    self._begin(place, [_record(one) for one in raw])
                if self._failure is not None:
                    raise self._failure
                await self._measure()
            await self._ended(self._batches.values())
        except Halted as halt:
            self.progress.halted = str(halt)
            logger.critical("consumer halted", extra={"group": self._subscription.group, "reason": str(halt)})
            raise
        finally:
            await _cancelled(self._batches.values())
            await self._kafka.stop()

    async def _poll(self, poller: Poller) -> Polled:
        """The next records of the partitions without a batch; none where a batch ended meanwhile."""
        idle = self._kafka.assignment() - self._batches.keys()
        if not self._batches:
            return await poller.poll(idle)
        polling = asyncio.create_task(poller.poll(idle))
        try:
            await asyncio.wait([polling, *self._batches.values()], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancelled([polling])
        return {} if polling.cancelled() else polling.result()

    def _begin(self, place: TopicPartition, records: list[Record]) -> None:
        self._under_way[place] = len(records)
        batch = asyncio.create_task(self._process(place, records), name=f"batch {records[0].place}")
        self._batches[place] = batch
        batch.add_done_callback(partial(self._over, place))

    def _over(self, place: TopicPartition, batch: asyncio.Task[None]) -> None:
        del self._batches[place], self._under_way[place]
        if not batch.cancelled() and batch.exception() is not None:
            self._failure = self._failure or batch.exception()

    async def _process(self, place: TopicPartition, records: list[Record]) -> None:
        await self._processing.process(records)
        self._last_timestamp[place.partition] = records[-1].timestamp
        try:
            await self._kafka.commit({place: records[-1].offset + 1})
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
            fetched = await self._kafka.position(partition)
            behind = max(0, end - fetched) + self._under_way.get(partition, 0)
            seen = self._last_timestamp.get(partition.partition)
            self.progress.lag_records[partition.partition] = behind
            self.progress.lag_seconds[partition.partition] = max(0.0, now - seen / 1000) if behind and seen else 0.0

    async def assigned(self, partitions: frozenset[int]) -> None:
        self.progress.assigned = partitions
        self.progress.lag_records.clear()
        self.progress.lag_seconds.clear()
        if self._subscription.on_assigned is not None:
            await self._subscription.on_assigned(partitions)

    async def revoked(self, partitions: Iterable[TopicPartition]) -> None:
        """Waits until their batches are stored and committed, or gives them up to whoever has them next."""
        batches = [self._batches[place] for place in partitions if place in self._batches]
        await self._ended(batches, HAND_OVER_SECONDS)
        await _cancelled(batches)

    async def _ended(self, batches: Iterable[asyncio.Task[None]], seconds: float | None = None) -> None:
        if waiting := list(batches):
            await asyncio.wait(waiting, timeout=seconds)


class _Handover(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self._consumer.revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await self._consumer.assigned(frozenset(partition.partition for partition in assigned))


async def _cancelled(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Returns when all of them are over; those that are not done yet are cancelled."""
    unfinished = [task for task in tasks if not task.done()]
    for task in unfinished:
        task.cancel()
    if unfinished:
        await asyncio.wait(unfinished)


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
