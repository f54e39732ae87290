"""The consuming loop against a real broker: what it does while batches are slow, hang, fail or are taken away."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import orjson
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.kafka.consumer import Consumer
from shared.kafka.publisher import Outgoing, Publisher, open_publisher
from shared.kafka.records import DeadLetter, Record
from shared.kafka.subscription import Halted, Subscription
from shared.kafka.topics import DEAD_LETTERS
from shared.settings import KafkaSettings
from tests.feed import until
from tests.integration.servers import Servers
from tests.topics import lag, places_of, records_of

PARTITIONS = 3
SLOW, HANGS, BREAKS, UNREADABLE = b"slow", b"hangs", b"breaks", b"unreadable"


@dataclass
class Desk:
    """A topic of its own, and what consumers of it did."""

    kafka: str
    publisher: Publisher
    topic: str = field(default_factory=lambda: f"test-{uuid.uuid4().hex[:8]}")
    seen: list[bytes] = field(default_factory=list)
    assignments: list[frozenset[int]] = field(default_factory=list)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    began: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, records: Sequence[Record]) -> list[DeadLetter]:
        values = [record.value or b"" for record in records]
        if BREAKS in values:
            raise ValueError("a defect")
        if SLOW in values or HANGS in values:
            self.began.set()
            await self.release.wait()
        self.seen += [value for value in values if value != UNREADABLE]
        return [DeadLetter(record, "unreadable") for record in records if record.value == UNREADABLE]

    async def assigned(self, partitions: frozenset[int]) -> None:
        self.assignments.append(partitions)

    async def send(self, partition: int, *values: bytes) -> None:
        """To a partition: keys are chosen so that the default partitioner takes it there."""
        key = self.keys[partition]
        await self.publisher.publish_all([Outgoing(self.topic, key, value) for value in values])

    keys: dict[int, bytes] = field(default_factory=dict)

    async def learn_keys(self) -> None:
        while len(self.keys) < PARTITIONS:
            key = uuid.uuid4().hex.encode()
            future = await self.publisher._producer.send(self.topic, b"first", key=key)
            self.keys.setdefault((await future).partition, key)

    def subscription(self, **changed: Any) -> Subscription:
        plain = Subscription(self.topic, f"group-{self.topic}", self.handle, (), self.assigned, attempts=2)
        return replace(plain, **changed)

    async def lag(self) -> int:
        return await lag(self.kafka, f"group-{self.topic}", self.topic)

    async def letters(self) -> list[str]:
        letters = [orjson.loads(value) for _, value in await records_of(self.kafka, DEAD_LETTERS)]
        return [letter["reason"] for letter in letters if letter["topic"] == self.topic]


@pytest.fixture
async def desk(servers: Servers) -> AsyncIterator[Desk]:
    settings = KafkaSettings(bootstrap_servers=servers.at.kafka)
    async with open_publisher(settings, "test") as publisher:
        desk = Desk(servers.at.kafka, publisher)
        admin = AIOKafkaAdminClient(bootstrap_servers=servers.at.kafka)
        await admin.start()
        await admin.create_topics([NewTopic(desk.topic, PARTITIONS, servers.replication)])
        await admin.close()
        await until(partial(there, desk))
        await desk.learn_keys()
        yield desk
        desk.release.set()


async def there(desk: Desk) -> bool:
    return len(await places_of(desk.kafka, desk.topic)) == PARTITIONS


@asynccontextmanager
async def consuming(desk: Desk, subscription: Subscription, **settings: float) -> AsyncIterator[asyncio.Task[None]]:
    consumer = Consumer(subscription, KafkaSettings(bootstrap_servers=desk.kafka, **settings), desk.publisher)
    running = asyncio.create_task(consumer.run())
    try:
        yield running
        consumer.stop()
        with suppress(Halted):
            await running
    finally:
        running.cancel()
        await asyncio.wait([running])


async def seen(desk: Desk, value: bytes) -> bool:
    return value in desk.seen


async def test_a_slow_batch_holds_up_no_other_partition_and_starts_no_rebalance(desk: Desk) -> None:
    poll_interval = 1.0
    async with consuming(desk, desk.subscription(), poll_interval=poll_interval, session_timeout=6.0):
        await until(partial(done, desk))
        await desk.send(0, SLOW)
        await desk.began.wait()
        for turn in range(5):
            await asyncio.sleep(poll_interval)
            await desk.send(1, b"one %d" % turn)
            await until(partial(seen, desk, b"one %d" % turn))
        assert await desk.lag() == 1
        desk.release.set()
        await until(partial(done, desk))
    assert Counter(desk.seen)[SLOW] == 1
    assert desk.assignments == [frozenset(range(PARTITIONS))]


async def test_every_partition_may_be_slow_at_once(desk: Desk) -> None:
    async with consuming(desk, desk.subscription(), poll_interval=1.0, session_timeout=6.0):
        await until(partial(done, desk))
        for partition in range(PARTITIONS):
            await desk.send(partition, SLOW)
        await asyncio.sleep(3)
        desk.release.set()
        await until(partial(done, desk))
    assert desk.seen.count(SLOW) == PARTITIONS
    assert len(desk.assignments) == 1


async def test_a_stop_lets_the_batch_under_way_end_and_commits_it(desk: Desk) -> None:
    async with consuming(desk, desk.subscription()) as running:
        await until(partial(done, desk))
        await desk.send(0, SLOW)
        await desk.began.wait()
        asyncio.get_running_loop().call_later(0.5, desk.release.set)
    assert running.done()
    assert SLOW in desk.seen
    assert await desk.lag() == 0


async def test_a_batch_that_hangs_halts_the_consumer_with_nothing_committed(desk: Desk) -> None:
    async with consuming(desk, desk.subscription(batch_seconds=1.0)) as running:
        await until(partial(done, desk))
        await desk.send(0, HANGS)
        await asyncio.wait([running])
        with pytest.raises(Halted, match="took longer than 1 seconds"):
            running.result()
    assert await desk.lag() == 1


async def test_what_another_instance_takes_over_is_stored_and_committed_before(desk: Desk, servers: Servers) -> None:
    if servers.choice.kafka == "embedded":
        pytest.skip("the embedded broker takes no commit while a group rebalances; see it on Apache Kafka")
    async with consuming(desk, desk.subscription()):
        await until(partial(done, desk))
        await desk.send(0, SLOW)
        await desk.began.wait()
        async with consuming(desk, desk.subscription()):
            await asyncio.sleep(2)
            desk.release.set()
            await until(partial(assigned, desk, 3))
            await desk.send(0, b"after")
            await until(partial(seen, desk, b"after"))
            await until(partial(done, desk))
    assert desk.seen.count(SLOW) == 1


async def test_one_record_that_breaks_the_handler_is_found_and_the_others_pass(desk: Desk) -> None:
    values = [b"%d" % number for number in range(20)]
    await desk.send(0, *values[:7], BREAKS, *values[7:])
    async with consuming(desk, desk.subscription()):
        await until(partial(done, desk))
    assert sorted(value for value in desk.seen if value != b"first") == sorted(values)
    assert await desk.letters() == ["processing failed: ValueError: a defect"]


async def test_more_dead_letters_than_the_cap_halt_the_consumer_and_a_higher_cap_goes_on(desk: Desk) -> None:
    await desk.send(0, *([UNREADABLE] * 11))
    async with consuming(desk, desk.subscription(), dead_letter_cap=10) as running:
        await asyncio.wait([running])
        with pytest.raises(Halted, match="ONEVOICE_DEAD_LETTER_CAP=10"):
            running.result()
    assert await desk.letters() == []
    async with consuming(desk, desk.subscription(), dead_letter_cap=11):
        await until(partial(done, desk))
    assert len(await desk.letters()) == 11


async def assigned(desk: Desk, times: int) -> bool:
    return len(desk.assignments) >= times


async def done(desk: Desk) -> bool:
    return await desk.lag() == 0
