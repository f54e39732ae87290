"""Both consumers, played: real are the database, the broker and everything of ours from the handlers down; what moves
offsets and hands over batches is played here, so that a test can choose where it is cut short."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import orjson
import stamina

from deploy.local.stack import Stack
from services.consistency import alerting
from services.consistency.alerting import Alerting, Contended
from services.consistency.detection import other_rules
from services.consistency.domain.contradiction.lexicon import load_lexicon
from services.consistency.domain.contradiction.rule import Contradictions
from services.consistency.domain.detector import Detector
from services.consistency.examination import Examination
from services.consistency.handlers import Work, compare_touchpoints
from services.consistency.policies import PolicyBook, PolicyReader
from services.consistency.publish import Outbox
from services.consistency.reexamination import Reexamination
from services.consistency.severity import shipped as shipped_scale
from services.consistency.store import Store as ConsistencyStore
from services.journey.handlers import append_to_timeline, mark_timeline
from services.journey.store import Store as JourneyStore
from shared.events import EmbargoEvent, record_key, to_json
from shared.kafka.publisher import Outgoing, Publisher, open_publisher
from shared.kafka.records import DeadLetter, Record
from shared.kafka.topics import CONFLICTS, POLICIES, TOUCHPOINTS
from shared.mongo import TRANSIENT, Database, connect
from shared.retention import shipped
from shared.settings import KafkaSettings, MongoSettings
from tests.faults.crashing import Crash, Life, MortalDatabase, MortalPublisher
from tests.faults.model import State, stored
from tests.faults.stories import CUSTOMERS, Event, in_order

MANY = 1_000
"""Records that one delivery hands over at the most."""
Crashes = tuple[int, bool] | None
"""With which call of a server from now on, and whether before or after it was done there; None: it lives."""


class Unfinished(Exception):
    """Something was given up that is to be tried again."""


class Clock:
    """Moves on with each look, by 20 milliseconds."""

    def __init__(self) -> None:
        self.now = 1_772_000_000_000_000

    def __call__(self) -> int:
        self.now += 20_000
        return self.now


@dataclass
class Log:
    """A topic: every instance reads it from where its group committed; `partition_of` a customer is fixed."""

    topic: str
    records: list[Record] = field(default_factory=list)
    committed: int = 0

    def append(self, key: bytes, value: bytes) -> None:
        partition = 0 if self.topic == POLICIES else CUSTOMERS.index(key.decode()) % 2
        offset = len(self.records)
        self.records.append(Record(self.topic, partition, offset, 1_772_000_000_000, key, value))

    @property
    def left(self) -> int:
        return len(self.records) - self.committed

    def following(self, count: int) -> list[Record]:
        return self.records[self.committed : self.committed + count]


class Consistency:
    """One instance of the service, alive until its `life` is over; wired as `services/consistency/app.py` does."""

    def __init__(self, world: "World") -> None:
        self.life = Life()
        self.published: list[Outgoing] = []
        database: Any = MortalDatabase(world.consistency, self.life)
        publisher: Any = MortalPublisher(world.publisher, self.life, self.published)
        self.store, self.book = ConsistencyStore(database, shipped(), world.clock), PolicyBook()
        self.outbox = Outbox(Alerting(self.store, world.clock, shipped_scale()), publisher, grace=0)
        self.outbox.speak()
        self.examination = Examination(self.store, self.outbox, world.detector, self.book, world.clock)
        self.reexamination = Reexamination(self.store, self.examination, self.book)
        self.reader = PolicyReader(self.book, self.store, publisher, world.kafka)
        self.work = Work(self.store, self.examination, self.reexamination)

    async def assigned(self) -> None:
        await self.reexamination.assigned(frozenset({0, 1}))

    async def compare(self, records: list[Record]) -> list[DeadLetter]:
        return await compare_touchpoints(records, self.work)

    async def read_policies(self, log: Log, count: int) -> None:
        """As `PolicyReader.run` goes on from where this instance is."""
        for record in log.records[self.book.next_offset :][:count]:
            await self.reader.keep(record)
            self.book.next_offset = record.offset + 1
        self.book.caught_up = self.book.caught_up or self.book.next_offset >= len(log.records)


@dataclass
class World:
    """The servers, and what both runs of a story share."""

    journey: Database
    consistency: Database
    publisher: Publisher
    kafka: KafkaSettings
    detector: Detector
    clock: Clock = field(default_factory=Clock)

    async def kept(self) -> tuple[Counter[str], Counter[str]]:
        """How many documents each event's id has, in journey and in consistency with its policies."""
        timelines = [row["event_id"] async for row in self.journey["touchpoints"].find({}, {"event_id": 1})]
        compared = [row["event"] async for row in self.consistency["events"].find({}, {"event": 1})]
        policies = [orjson.loads(row["body"])["id"] async for row in self.consistency["policies"].find({})]
        return Counter(timelines), Counter(compared + policies)

    async def emptied(self) -> None:
        for database in (self.journey, self.consistency):
            for name in await database.list_collection_names():
                await database[name].delete_many({})


class Run:
    """The consumers over one world; each delivery may be cut short."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.touchpoints = {group: Log(TOUCHPOINTS) for group in ("journey", "consistency")}
        self.policies, self.conflicts = Log(POLICIES), Log(CONFLICTS)
        self.published: list[Event] = []
        self.crashed = 0

    async def start(self) -> None:
        await self.world.emptied()
        self.journey_life = Life()
        self.one, self.other = Consistency(self.world), Consistency(self.world)
        for instance in (self.one, self.other):
            await instance.assigned()

    def close(self) -> None:
        for instance in (self.one, self.other):
            instance.examination.close()

    def publish(self, event: Event) -> None:
        self.published.append(event)
        logs = [self.policies] if isinstance(event, EmbargoEvent) else list(self.touchpoints.values())
        for log in logs:
            log.append(record_key(event), to_json(event))

    async def attempt(self, life: Life, work: Callable[[], Awaitable[Any]], crash: Crashes) -> bool:
        """False where the process died of it, or gave up as one that is retried would."""
        if crash is not None:
            life.ends(crash[0], after=crash[1])
        try:
            dead = await work()
        except Crash:
            self.crashed += 1
            return False
        except (*TRANSIENT, Contended):
            return False
        finally:
            life.goes_on()
            self.collect()
        assert not dead
        return True

    def collect(self) -> None:
        """What was published comes to the topic, of whichever instance."""
        for instance in (self.one, self.other):
            while instance.published:
                record = instance.published.pop(0)
                if record.topic == CONFLICTS:
                    self.conflicts.append(record.key, record.value or b"")

    async def timelines(self, count: int, crash: Crashes = None) -> None:
        await self.journey_consumes(self.touchpoints["journey"], append_to_timeline, count, crash)

    async def marks(self, count: int, crash: Crashes = None) -> None:
        await self.journey_consumes(self.conflicts, mark_timeline, count, crash)

    async def journey_consumes(self, log: Log, handle: Callable[..., Any], count: int, crash: Crashes) -> None:
        records = log.following(count)
        database: Any = MortalDatabase(self.world.journey, self.journey_life)
        if not records:
            return
        if await self.attempt(self.journey_life, partial(handle, records, JourneyStore(database, shipped())), crash):
            log.committed += len(records)
        elif self.journey_life.over:
            self.journey_life = Life()

    async def compared(self, count: int, crash: Crashes = None) -> None:
        log = self.touchpoints["consistency"]
        if not (records := log.following(count)):
            return
        if await self.consistency(partial(self.one.compare, records), crash):
            log.committed += len(records)

    async def compared_by_two(self, count: int, crash: Crashes) -> None:
        """One that lost the partition still handles the batch that the other one gets."""
        log = self.touchpoints["consistency"]
        if not (records := log.following(count)):
            return
        mine, _ = await asyncio.gather(
            self.attempt(self.other.life, partial(self.other.compare, records), None),
            self.consistency(partial(self.one.compare, records), crash),
        )
        log.committed += len(records) if mine else 0

    async def consistency(self, work: Callable[[], Awaitable[Any]], crash: Crashes = None) -> bool:
        done = await self.attempt(self.one.life, work, crash)
        if self.one.life.over:
            await self.restart()
        return done

    async def restart(self) -> None:
        self.one.examination.close()
        self.one = Consistency(self.world)
        await self.one.assigned()

    async def read_policies(self, count: int, crash: Crashes = None) -> None:
        await self.consistency(partial(self.one.read_policies, self.policies, count), crash)

    async def apply_policies(self, crash: Crashes = None) -> None:
        await self.consistency(self.one.reexamination.catch_up, crash)

    async def swept(self) -> None:
        await self.one.outbox.sweep()

    async def sweep(self, crash: Crashes = None) -> None:
        await self.consistency(self.swept, crash)

    async def settle(self) -> None:
        """No more faults: everything that is left is done; what may pass is tried again, as the services do."""
        async for attempt in stamina.retry_context(on=(*TRANSIENT, Contended, Unfinished), attempts=5):
            with attempt:
                await self.timelines(MANY)
                await self.read_policies(MANY)
                await self.other.read_policies(self.policies, MANY)
                await self.compared(MANY)
                await self.one.reexamination.catch_up()
                while await self.one.outbox.sweep():
                    self.world.clock.now += alerting.COUNT_EVERY
                self.collect()
                await self.marks(MANY)
                self.all_done()

    def all_done(self) -> None:
        logs = (*self.touchpoints.values(), self.conflicts)
        if self.one.book.next_offset < len(self.policies.records) or any(log.left for log in logs):
            raise Unfinished

    async def state(self) -> State:
        return await stored(
            JourneyStore(self.world.journey, shipped()),
            ConsistencyStore(self.world.consistency, shipped(), self.world.clock),
        )


async def ordered(world: World, events: list[Event]) -> State:
    """One after the other, in the order of their time, and nothing goes wrong."""
    run = Run(world)
    await run.start()
    try:
        for event in in_order(events):
            run.publish(event)
            await run.settle()
        return await run.state()
    finally:
        run.close()


@lru_cache(maxsize=1)
def detector_of_all() -> Detector:
    """By the rules alone: the comparer would take most of the time and is not what is tested here."""
    return Detector((Contradictions(load_lexicon()), *other_rules()))


async def opened(servers: Stack, stack: AsyncExitStack) -> World:
    kafka = KafkaSettings(bootstrap_servers=servers.at.kafka)
    databases = [
        await stack.enter_async_context(connect(MongoSettings(uri=servers.at.mongodb, database=name), "any-order"))
        for name in ("any_order_journey", "any_order_consistency")
    ]
    publisher = await stack.enter_async_context(open_publisher(kafka, "any-order"))
    world = World(databases[0], databases[1], publisher, kafka, detector_of_all())
    await JourneyStore(world.journey, shipped()).prepare()
    await ConsistencyStore(world.consistency, shipped(), world.clock).prepare()
    return world
