"""Whatever the interleaving of publishing, delivering again, crashing, starting again and coming late: in the end
timelines, summaries, conflicts and alerts are those of the ordered run, and those of a simple model.

Real are the database, the broker and everything of ours from the handlers down; what moves offsets and hands over
batches is played here, so that hypothesis can choose. `ONEVOICE_EXAMPLES`: how many interleavings are tried.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from deploy.local.stack import Stack
from services.consistency import alerting
from services.consistency.domain.changes import aftermath, changes
from services.consistency.domain.detector import Detector
from services.consistency.domain.stored import StoredConflict
from shared.events import EmbargoEvent
from tests.faults.counted import Counted
from tests.faults.model import State, expected
from tests.faults.played import MANY, Crashes, Run, World, detector_of_all, opened, ordered
from tests.faults.stories import CUSTOMERS, LONGEST, Event, in_order, said, stories
from tests.integration.servers import Servers

EXAMPLES = int(os.environ.get("ONEVOICE_EXAMPLES") or 25)
STEPS = 30

counts = st.integers(1, LONGEST)
crashes = st.one_of(
    st.none(), st.tuples(st.integers(1, 5), st.booleans()), st.tuples(st.integers(1, 14), st.booleans())
)


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
