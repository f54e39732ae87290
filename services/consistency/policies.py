"""What binds every customer: every instance reads all of it into memory, and what comes late is applied to
what is stored."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import stamina
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from services.consistency.store import Store
from shared.events import EmbargoEvent, identity_of, parse_event
from shared.kafka.polling import Poller
from shared.kafka.publisher import BrokerAway, Outgoing, Publisher
from shared.kafka.records import DeadLetter, Record
from shared.kafka.topics import DEAD_LETTERS, POLICIES
from shared.kafka.tracing import trace_of
from shared.mongo import TRANSIENT
from shared.settings import KafkaSettings

logger = logging.getLogger(__name__)

READER = "consistency-policies"
PLACE = TopicPartition(POLICIES, 0)


@dataclass(frozen=True, slots=True)
class Placed:
    """A policy, its offset on the topic and the trace it came with."""

    offset: int
    policy: EmbargoEvent
    trace: str | None


class PolicyBook:
    """The policies in memory; the first of an identity stays."""

    def __init__(self) -> None:
        self._by_identity: dict[str, EmbargoEvent] = {}
        self._placed: list[Placed] = []
        self.next_offset = 0
        self.caught_up = False
        self.changed = asyncio.Event()

    def add(self, policies: Iterable[EmbargoEvent]) -> None:
        for policy in policies:
            self._by_identity.setdefault(identity_of(policy), policy)

    def place(self, placed: Placed) -> None:
        self.add([placed.policy])
        self._placed.append(placed)

    def all(self) -> tuple[EmbargoEvent, ...]:
        return tuple(self._by_identity.values())

    def knows(self, identity: str) -> bool:
        return identity in self._by_identity

    def since(self, offset: int) -> list[Placed]:
        return [placed for placed in self._placed if placed.offset >= offset]


class PolicyReader:
    """Reads the whole topic at every start; without a consumer group, for every instance needs all of it."""

    def __init__(self, book: PolicyBook, store: Store, publisher: Publisher, settings: KafkaSettings) -> None:
        self._book = book
        self._store = store
        self._publisher = publisher
        self._settings = settings

    async def ready(self) -> None:
        """Raises `RuntimeError` while the policies are not read yet."""
        if not self._book.caught_up:
            raise RuntimeError("the policies are not read yet")

    async def run(self) -> None:
        """Reads until cancelled; raises where Kafka or MongoDB stay away."""
        kafka = AIOKafkaConsumer(
            bootstrap_servers=self._settings.bootstrap_servers,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
            client_id="onevoice-policies",
        )
        await kafka.start()
        try:
            kafka.assign([PLACE])
            await kafka.seek_to_beginning(PLACE)
            poller = Poller(kafka, timeout_ms=500)
            while True:
                polled = await poller.poll([PLACE])
                for raw in polled.get(PLACE, []):
                    await self._take(raw)
                await self._measure(kafka)
        finally:
            await kafka.stop()

    async def _measure(self, kafka: "AIOKafkaConsumer[bytes, bytes]") -> None:
        position = await kafka.position(PLACE)
        if position != self._book.next_offset:
            self._book.next_offset = position
            self._book.changed.set()
        if not self._book.caught_up:
            end = (await kafka.end_offsets([PLACE]))[PLACE]
            if position >= end:
                self._book.caught_up = True
                self._book.changed.set()

    async def _take(self, raw: "ConsumerRecord[bytes, bytes]") -> None:
        headers = {name: value for name, value in raw.headers if value is not None}
        record = Record(
            raw.topic, raw.partition, raw.offset, raw.timestamp, raw.key, raw.value, headers, trace_of(headers)
        )
        async for attempt in stamina.retry_context(
            on=(*TRANSIENT, BrokerAway, KafkaError), attempts=10, timeout=120.0, wait_max=15.0
        ):
            with attempt:
                await self.keep(record)

    async def keep(self, record: Record) -> None:
        """In memory and in the store; a record that is no policy goes to the dead letters, once."""
        if record.value is None:
            return  # compaction's mark of a policy that was deleted by hand; those stored are not taken back
        try:
            event = parse_event(record.value)
        except ValidationError as error:
            await self._refuse(record, f"not a valid event: {error.error_count()} mistakes")
            return
        if not isinstance(event, EmbargoEvent):
            await self._refuse(record, f"{event.type} binds one customer and belongs on touchpoints")
        elif not await self._store.policies.store(event):
            await self._refuse(record, "identity reused with other content")
        else:
            self._book.place(Placed(record.offset, event, record.trace))

    async def _refuse(self, record: Record, reason: str) -> None:
        if await self._store.policies.is_refused(record.place):
            return
        letter = DeadLetter(record, reason).to_json(READER, datetime.now(UTC))
        await self._publisher.publish_all([Outgoing(DEAD_LETTERS, record.key or b"", letter, record.trace)])
        await self._store.policies.refuse(record.place, reason)
        logger.warning("dead letter", extra={"place": record.place, "reason": reason})
