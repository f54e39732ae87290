"""Polls a consumer without haste where the broker has none of its own.

A Kafka broker holds an empty fetch back for `fetch_max_wait_ms`. One that answers it at once would be asked
thousands of times a second, for as long as nothing comes; here it is left alone for a moment in between.
"""

import asyncio
import time
from collections.abc import Collection
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

ENOUGH = 3
"""So many times in a row is no chance."""
HASTY_MS = 10
"""A fetch that was answered in the last milliseconds of an idle wait was not held back."""
LOOK_MS = 5
REST_SECONDS = 0.05

NOWHERE = TopicPartition("", -1)
"""Stands for no partition at all, where none named would mean every one."""

Polled = dict[TopicPartition, list[ConsumerRecord[Any, Any]]]


class Poller:
    def __init__(self, consumer: "AIOKafkaConsumer[Any, Any]", timeout_ms: int) -> None:
        self._consumer = consumer
        self._timeout_ms = timeout_ms
        self._at_once = 0
        self._held = 0

    async def poll(self, places: Collection[TopicPartition]) -> Polled:
        """The next records of these partitions; empty where none came within the timeout.

        It may be cancelled: no record is lost by it. Asking for no partition keeps the consumer in its group.
        """
        hasty = self._at_once >= ENOUGH
        timeout = LOOK_MS if hasty else self._timeout_ms
        polled: Polled = await self._consumer.getmany(*(places or (NOWHERE,)), timeout_ms=timeout)
        if polled or not places:
            return polled
        if self._answered_just_now(places):
            self._at_once, self._held = self._at_once + 1, 0
            if hasty:
                await self._rest()
        else:
            # After a rest the answer may be on its way still: once does not tell.
            self._held += 1
            if not hasty or self._held >= ENOUGH:
                self._at_once = 0
        return polled

    def _answered_just_now(self, places: Collection[TopicPartition]) -> bool:
        now = time.time() * 1000
        asked = self._consumer.assignment() & set(places)
        answered = [self._consumer.last_poll_timestamp(place) for place in asked]
        return bool(answered) and all(moment is not None and now - moment < HASTY_MS for moment in answered)

    async def _rest(self) -> None:
        places = self._consumer.assignment()
        self._consumer.pause(*places)
        try:
            await asyncio.sleep(REST_SECONDS)
        finally:
            self._consumer.resume(*(places & self._consumer.assignment()))
