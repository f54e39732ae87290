"""Whatever the interleaving of publishing, delivering again, crashing, starting again and coming late: in the end
timelines, summaries, conflicts and alerts are those of the ordered run, and those of a simple model.

Real are the database, the broker and everything of ours from the handlers down; what moves offsets and hands over
batches is played here, so that hypothesis can choose. `ONEVOICE_EXAMPLES`: how many interleavings are tried.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import orjson
import pytest
import stamina
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from deploy.local.stack import Stack
from services.consistency import alerting
from services.consistency.alerting import Contended
from services.consistency.detection import other_rules
from services.consistency.domain.changes import aftermath, changes
from services.consistency.domain.contradiction.lexicon import load_lexicon
from services.consistency.domain.contradiction.rule import Contradictions
from services.consistency.domain.detector import Detector
from services.consistency.domain.stored import StoredConflict
from services.consistency.examination import Examination
from services.consistency.handlers import Work, compare_touchpoints
from services.consistency.policies import PolicyBook, PolicyReader
from services.consistency.publish import Outbox
from services.consistency.reexamination import Reexamination
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
from tests.faults.counted import Counted
from tests.faults.crashing import Crash, Life, MortalDatabase, MortalPublisher
from tests.faults.model import State, expected, stored
from tests.faults.stories import CUSTOMERS, LONGEST, Event, in_order, said, stories
from tests.integration.servers import Servers

EXAMPLES = int(os.environ.get("ONEVOICE_EXAMPLES") or 25)
STEPS = 30
MANY = 1_000
"""Records that one delivery hands over at the most."""

counts = st.integers(1, LONGEST)
crashes = st.one_of(
    st.none(), st.tuples(st.integers(1, 5), st.booleans()), st.tuples(st.integers(1, 14), st.booleans())
)
"""With which call of a server from now on, and whether before or after it was done there; None: it lives."""
Crashes = tuple[int, bool] | None


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
        self.outbox = Outbox(self.store, publisher, world.clock, grace=0)
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


class Interleaving(RuleBasedStateMachine):
    """`world` and `runner` come from the test."""

    world: World
    runner: asyncio.Runner
    totals: Counter[str]

    @initialize(story=stories())
    def begin(self, story: list[Event]) -> None:
        self.story = story
        self.coming = 0
        self.run = Run(self.world)
        self.runner.run(self.run.start())

    @rule(order=st.randoms(use_true_random=False), count=counts)
    def publish(self, order: Any, count: int) -> None:
        """In any order; what was published before may be published again."""
        for event in order.choices(self.story, k=count):
            self.run.publish(event)

    @rule(count=counts)
    def publish_in_order(self, count: int) -> None:
        for event in in_order(self.story)[self.coming :][:count]:
            self.run.publish(event)
            self.coming += 1

    @rule(count=counts, crash=crashes)
    def write_timelines(self, count: int, crash: Crashes) -> None:
        self.runner.run(self.run.timelines(count, crash))

    @rule(count=counts, crash=crashes)
    def compare(self, count: int, crash: Crashes) -> None:
        self.runner.run(self.run.compared(count, crash))

    @rule(count=counts, crash=crashes)
    def compare_by_two(self, count: int, crash: Crashes) -> None:
        self.runner.run(self.run.compared_by_two(count, crash))

    @rule(count=counts, crash=crashes)
    def mark(self, count: int, crash: Crashes) -> None:
        self.runner.run(self.run.marks(count, crash))

    @rule(count=counts, crash=crashes)
    def read_policies(self, count: int, crash: Crashes) -> None:
        self.runner.run(self.run.read_policies(count, crash))

    @rule(crash=crashes)
    def apply_policies(self, crash: Crashes) -> None:
        self.runner.run(self.run.apply_policies(crash))

    @rule(crash=crashes)
    def sweep(self, crash: Crashes) -> None:
        self.runner.run(self.run.sweep(crash))

    @rule(away=st.booleans())
    def broker_goes_away_or_comes_back(self, away: bool) -> None:
        self.run.one.life.kafka_away = away

    @rule(group=st.sampled_from(("journey", "consistency", "marks")), back=counts)
    def deliver_again(self, group: str, back: int) -> None:
        log = self.run.conflicts if group == "marks" else self.run.touchpoints[group]
        log.committed = max(0, log.committed - back)

    @rule()
    def restart(self) -> None:
        self.runner.run(self.run.restart())

    def teardown(self) -> None:
        if hasattr(self, "run"):
            self.runner.run(self.compare_in_the_end())

    async def compare_in_the_end(self) -> None:
        run = self.run
        try:
            run.one.life.kafka_away = False
            for event in self.story:
                run.publish(event)
            await run.settle()
            state, kept = await run.state(), await self.world.kept()
        finally:
            run.close()
        wanted = expected(self.story, self.world.detector)
        self.count(kept, wanted, state)
        assert state == wanted
        assert all(found == Counter(wanted_ids) for found, wanted_ids in zip(kept, self.told(), strict=True))
        assert await ordered(self.world, self.story) == state

    def told(self) -> tuple[list[str], list[str]]:
        """Ids that journey and consistency must have; policies are not on timelines."""
        ids = [one.id for one in self.story]
        return [one.id for one in self.story if not isinstance(one, EmbargoEvent)], ids

    def count(self, kept: tuple[Counter[str], Counter[str]], wanted: State, found: State) -> None:
        """Out of the databases, whether or not it is as it should be."""
        everywhere = {
            one.id for one in self.story if one.id in kept[1] and (isinstance(one, EmbargoEvent) or one.id in kept[0])
        }
        self.totals["examples"] += 1
        self.totals["crashes"] += self.run.crashed
        self.totals["events"] += len(self.run.published)
        self.totals["accepted"] += len({one.id for one in self.run.published})
        self.totals["stored"] += len(everywhere)
        self.totals["duplicated"] += sum(times - 1 for ids in kept for times in ids.values())
        self.totals["conflicts_expected"] += sum(len(some) for some in wanted.conflicts.values())
        self.totals["conflicts_found"] += sum(len(some) for some in found.conflicts.values())


def one_after_the_other(events: list[Event], by: Detector) -> dict[str, str]:
    """State by conflict after each event was compared as it came, without any server."""
    known: dict[str, StoredConflict] = {}
    for place in range(1, len(events) + 1):
        come = events[:place]
        policies = [one for one in come if isinstance(one, EmbargoEvent)]
        for customer in CUSTOMERS:
            told = [one for one in come if not isinstance(one, EmbargoEvent) and one.data.customer.id == customer]
            mine = [one for one in known.values() if one.customer == customer]
            found = by.detect(told, policies)
            known |= {one.id: one for one in changes(customer, found, mine, aftermath(told), place, None)}
    return {one.id: one.state for one in known.values() if one.state != "withdrawn"}


@settings(max_examples=4 * EXAMPLES, suppress_health_check=list(HealthCheck))
@given(stories(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_leaves_the_same_conflicts(story: list[Event], order: Any) -> None:
    """Many more orders than servers would have time for."""
    by = detector_of_all()
    mixed = order.sample(story, k=len(story))
    wanted = {one["id"]: one["state"] for some in expected(story, by).conflicts.values() for one in some}
    assert one_after_the_other(mixed, by) == wanted


def test_a_correction_that_comes_late_between_two_messages_leaves_nothing_settled() -> None:
    """What hypothesis found: the pair was stored, then a correction between the two came, and another after both."""
    claims = [[{"subject": "Pro plan", "attribute": "discount", "value": n, "unit": "%"}] for n in (10, 20)]
    texts = ["You get 10% off the Pro plan.", "You get 20% off the Pro plan."]
    first = said("a", 0, "ada", "sales", texts[0], claims=claims[0])
    between = said("b", 5, "ada", "sales", texts[1], claims=claims[1], corrects="a")
    second = said("c", 10, "ada", "sales", texts[1], claims=claims[1])
    after = said("d", 15, "ada", "sales", texts[1], claims=claims[1], corrects="a")
    by = detector_of_all()
    orders = ([first, between, second, after], [first, second, between, after], [first, second, after, between])
    assert [one_after_the_other(order, by) for order in orders] == [{}, {}, {}]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, free_ports: dict[str, str]) -> Iterator[Stack]:
    with Servers(tmp_path_factory.mktemp("any-order"), free_ports) as stack:
        stack.up()
        yield stack


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


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as one:
        yield one


@pytest.fixture(scope="module")
def world(servers: Stack, runner: asyncio.Runner) -> Iterator[World]:
    stack = AsyncExitStack()
    yield runner.run(opened(servers, stack))
    runner.run(stack.aclose())


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every alert that was counted just now waits for the sweep, as those of thousands of conflicts do."""
    monkeypatch.setattr(alerting, "MANY", 1)


def two_customers_told_differently() -> list[Event]:
    return [
        said(
            f"{customer}-{percent}",
            percent,
            customer,
            department,
            f"You get {percent}% off the Pro plan.",
            claims=claims,
        )
        for customer in CUSTOMERS
        for percent, department in ((10, "sales"), (20, "billing"))
        for claims in [[{"subject": "Pro plan", "attribute": "discount", "value": percent, "unit": "%"}]]
    ]


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("few_are_many")
@pytest.mark.parametrize("after", [False, True])
def test_a_sweep_that_dies_anywhere_leaves_no_alert_miscounted(
    world: World, runner: asyncio.Runner, after: bool
) -> None:
    """At every call in turn, until it gets through."""
    story = two_customers_told_differently()
    wanted = expected(story, world.detector)
    assert wanted.alerts

    async def died_at(call: int) -> bool:
        run = Run(world)
        await run.start()
        try:
            for event in story:
                run.publish(event)
                await run.compared(MANY)
            await run.sweep((call, after))
            await run.settle()
            assert await run.state() == wanted, f"died at call {call}"
            return run.crashed > 0
        finally:
            run.close()

    call = 1
    while runner.run(died_at(call)):
        call += 1
    assert call > 3


@pytest.mark.timeout(120 + 60 * EXAMPLES)
@pytest.mark.usefixtures("few_are_many")
def test_any_interleaving_ends_as_the_ordered_run(world: World, runner: asyncio.Runner) -> None:
    totals: Counter[str] = Counter()
    machine = type("Interleaving", (Interleaving,), {"world": world, "runner": runner, "totals": totals})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, suppress_health_check=list(HealthCheck)),
    )
    print(f"{totals['examples']} interleavings, {totals['crashes']} crashes")
    names = ("events", "accepted", "stored", "duplicated", "conflicts_expected", "conflicts_found")
    Counted(
        "any interleaving of publish, deliver again, crash, restart, come late",
        lost=totals["accepted"] - totals["stored"],
        **{name: totals[name] for name in names},
    ).report()
