"""Makes a generation: the service's own handlers on the whole log, until they have caught up with it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass

from shared.generations.letters import Letters
from shared.generations.naming import group_of
from shared.generations.offsets import Offsets, behind
from shared.generations.record import database_in
from shared.kafka.consumer import Consumer
from shared.kafka.publisher import Publisher
from shared.kafka.subscription import Subscription
from shared.mongo import Database
from shared.settings import KafkaSettings

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
NEARLY = 1_000
"""Records: so few that came meanwhile are left to the service, which goes on from there."""


class Interrupted(Exception):
    """Somebody ended the rebuild; what was done of it stays."""


@dataclass(frozen=True, slots=True)
class Target:
    """The generation to make, and what to make it with."""

    generation: str
    database: Database
    kafka: KafkaSettings
    publisher: Publisher
    letters: Letters
    """What is among the dead letters already."""


@dataclass(frozen=True, slots=True)
class Work:
    """What the service does in a rebuild: the subscriptions, in the order of its topics; `caught_up` asks
    whether what it does beside them is done; `aside` is that, until it is cancelled."""

    subscriptions: Sequence[Subscription]
    caught_up: Callable[[], Awaitable[bool]]
    aside: Sequence[Callable[[], Awaitable[None]]] = ()


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A service that can be rebuilt. `read`: its topics, each with the group of the first generation;
    `collections`: those it owns; `work` opens what its handlers need, as the service does; `needs` answers why a
    generation must stay as it is, asked with the first one's database, or None."""

    service: str
    read: Sequence[tuple[str, str]]
    collections: Sequence[str]
    work: Callable[[Target], AbstractAsyncContextManager[Work]]
    needs: Callable[[Database, str], Awaitable[str | None]]

    @property
    def setting(self) -> str:
        return f"ONEVOICE_{self.service.upper()}_GENERATION"

    def read_by(self, generation: str) -> list[tuple[str, str]]:
        return [(topic, group_of(group, generation)) for topic, group in self.read]

    def database(self, first: Database, generation: str) -> Database:
        return database_in(first, self.service, generation)


@dataclass(frozen=True, slots=True)
class Standing:
    """Records: `done` of those `there`, since this run began."""

    done: int
    there: int


async def catch_up(
    rebuilt: Rebuilt,
    target: Target,
    offsets: Offsets,
    report: Callable[[Standing], None],
    interrupted: asyncio.Event,
) -> None:
    """Returns when the generation has what the log has; raises `Interrupted`, or what ended a consumer."""
    read = rebuilt.read_by(target.generation)
    begun = await offsets.committed_of(read)
    async with rebuilt.work(target) as work, consuming(work, target) as running:
        goal = await offsets.ends_of(read)
        while True:
            if interrupted.is_set():
                raise Interrupted
            for task in running:
                if task.done():
                    await task
                    raise RuntimeError(f"{task.get_name()} ended by itself")
            committed, ends = await offsets.committed_of(read), await offsets.ends_of(read)
            report(Standing(behind(begun, committed), behind(begun, ends)))
            if behind(committed, goal) == 0 and await work.caught_up():
                if behind(committed, ends) <= NEARLY:
                    return
                goal = ends
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await interrupted.wait()


@asynccontextmanager
async def consuming(work: Work, target: Target) -> AsyncIterator[list[asyncio.Task[None]]]:
    """The consumers and what is done beside them, under way; leaving lets each finish its batch."""
    consumers = [Consumer(one, target.kafka, target.publisher) for one in work.subscriptions]
    aside = [asyncio.ensure_future(one()) for one in work.aside]
    running = [asyncio.create_task(one.run(), name=f"consumer {one.group}") for one in consumers]
    try:
        yield [*running, *aside]
    finally:
        for consumer in consumers:
            consumer.stop()
        await asyncio.wait(running, timeout=30.0)
        for task in (*running, *aside):
            task.cancel()
        await asyncio.wait([*running, *aside])
