"""One batch: stored, or dead-lettered where it cannot be.

What may pass is tried again with growing pauses, a bounded number of times; what cannot pass goes to the dead
letters; when neither can be done, or too much would go there, `Halted` is raised and nothing may be committed.
"""

import asyncio
import logging
import time
from collections import deque
from datetime import UTC, datetime

import stamina
from opentelemetry import trace

from shared.kafka.publisher import BrokerAway, Outgoing, Publisher
from shared.kafka.records import DeadLetter, Record
from shared.kafka.subscription import Halted, Progress, Subscription
from shared.kafka.topics import DEAD_LETTERS
from shared.kafka.tracing import record_processing
from shared.telemetry.metrics import METRICS

logger = logging.getLogger(__name__)
tracer = trace.get_tracer(__name__)


class Processing:
    """`cap`: of the last `window` records of the subscription so many may be dead letters; more means a bad
    deployment."""

    def __init__(self, subscription: Subscription, dead_letters: Publisher, cap: int, progress: Progress) -> None:
        self._subscription = subscription
        self._publisher = dead_letters
        self._cap = cap
        self._recent: deque[int] = deque(maxlen=subscription.window)
        self._progress = progress

    async def process(self, records: list[Record]) -> None:
        """Returns when the batch may be committed; raises `Halted` where it may not."""
        started = time.time_ns()
        subscription = self._subscription
        try:
            async with asyncio.timeout(subscription.batch_seconds):
                dead = await self._handle(records)
        except TimeoutError as error:
            raise Halted(
                f"{len(records)} records from {records[0].place} on took longer than {subscription.batch_seconds:.0f} "
                "seconds: something hangs, or each record costs too much. Nothing was committed"
            ) from error
        if dead:
            await self._dead_letter(dead)
        record_processing(tracer, f"{subscription.group} process", (r.trace for r in records), started, time.time_ns())
        self._recent.extend([1] * len(dead) + [0] * (len(records) - len(dead)))
        self._progress.consumed += len(records)
        METRICS.consumed(subscription.group, len(records))

    async def _handle(self, records: list[Record]) -> list[DeadLetter]:
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
        middle = len(records) // 2
        return [*await self._handle(records[:middle]), *await self._handle(records[middle:])]

    async def _dead_letter(self, dead: list[DeadLetter]) -> None:
        subscription = self._subscription
        if sum(self._recent) + len(dead) > self._cap:
            raise Halted(
                f"{sum(self._recent) + len(dead)} of the last {len(self._recent) + len(dead)} records of "
                f"{subscription.topic} would be dead letters, more than ONEVOICE_DEAD_LETTER_CAP={self._cap}: a bad "
                f"deployment? Nothing was committed. Newest reason: {dead[-1].reason}"
            )
        now = datetime.now(UTC)
        letters = [
            Outgoing(
                DEAD_LETTERS, letter.record.key or b"", letter.to_json(subscription.group, now), letter.record.trace
            )
            for letter in dead
        ]
        try:
            await self._publisher.publish_all(letters)
        except BrokerAway as error:
            raise Halted(f"{len(dead)} dead letters could not be written, nothing was committed: {error}") from error
        self._progress.dead_letters += len(dead)
        METRICS.dead_lettered(subscription.group, len(dead))
        for letter in dead:
            logger.warning("dead letter", extra={"place": letter.record.place, "reason": letter.reason})
