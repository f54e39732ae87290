"""Reads the tails of topics into rings: every instance all of them, without a consumer group."""

import stamina
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.gateway.ring import Entry, Ring
from shared.kafka.polling import Poller
from shared.settings import KafkaSettings

START_SECONDS = 60.0
"""How long the broker may stay away at the start before the process gives up."""


class Follower:
    """`rings` by topic; each topic has one partition, so offsets order its records for everybody alike."""

    def __init__(self, rings: dict[str, tuple[Ring, int]], settings: KafkaSettings) -> None:
        self._rings = {TopicPartition(topic, 0): ring for topic, ring in rings.items()}
        self._settings = settings
        self._following = False

    async def ready(self) -> None:
        """Raises `RuntimeError` while the tails are not read yet."""
        if not self._following:
            raise RuntimeError("the live topics are not read yet")

    async def run(self) -> None:
        """Follows until cancelled; raises `KafkaError` where the broker cannot be reached at the start."""
        consumer = await open_consumer(self._settings)
        try:
            await self._seek_to_tails(consumer)
            self._following = True
            poller = Poller(consumer, timeout_ms=1_000)
            while True:
                # A broker that goes away is waited for inside; what is raised here is beyond waiting.
                polled = await poller.poll(consumer.assignment())
                for place, records in polled.items():
                    for record in records:
                        self._rings[place][0].add(Entry(record.offset, record.value or b""))
        finally:
            self._following = False
            await consumer.stop()

    async def _seek_to_tails(self, consumer: "AIOKafkaConsumer[bytes, bytes]") -> None:
        places = list(self._rings)
        consumer.assign(places)
        first = await consumer.beginning_offsets(places)
        last = await consumer.end_offsets(places)
        for place, (ring, capacity) in self._rings.items():
            start = max(first[place], last[place] - capacity)
            ring.start(start)
            consumer.seek(place, start)


async def open_consumer(settings: KafkaSettings) -> "AIOKafkaConsumer[bytes, bytes]":
    """A started consumer without a group; raises `KafkaError` where no broker answers for a minute."""
    async for attempt in stamina.retry_context(on=KafkaError, attempts=20, timeout=START_SECONDS, wait_max=5.0):
        with attempt:
            return await start_consumer(settings)
    raise AssertionError("unreachable: the last attempt raises")


async def start_consumer(settings: KafkaSettings) -> "AIOKafkaConsumer[bytes, bytes]":
    """As `open_consumer`, in one attempt."""
    consumer: AIOKafkaConsumer[bytes, bytes] = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
        max_partition_fetch_bytes=4 * 1024 * 1024,
        client_id="onevoice-gateway",
    )
    try:
        await consumer.start()
    except KafkaError:
        await consumer.stop()
        raise
    return consumer
