"""The journey in a generation of its own: `rebuild`, `generations` and `drop`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from services.journey.app import MARKS, TIMELINES, subscriptions
from services.journey.store import COLLECTIONS, Store
from shared.generations import command
from shared.generations.letters import without_known
from shared.generations.rebuilding import Rebuilt, Target, Work
from shared.kafka.topics import CONFLICTS, TOUCHPOINTS
from shared.mongo import Database
from shared.retention import read
from shared.settings import KafkaSettings, MongoSettings, RetentionSettings

READ = ((TOUCHPOINTS, TIMELINES), (CONFLICTS, MARKS))


@asynccontextmanager
async def work(target: Target) -> AsyncIterator[Work]:
    store = Store(target.database, read(RetentionSettings().file))
    await store.prepare()

    async def caught_up() -> bool:
        return True  # the consumers are all there is

    chosen = zip(subscriptions(store, target.generation), READ, strict=True)
    yield Work([without_known(one, group, target.letters) for one, (_, group) in chosen], caught_up)


async def needs(first: Database, generation: str) -> str | None:
    return None  # a timeline says nothing to anybody by itself


JOURNEY = Rebuilt("journey", READ, COLLECTIONS, work, needs)


def run(arguments: Sequence[str]) -> int:
    # A rebuild is no replica: it has no name to keep its partitions by.
    return command.run(JOURNEY, arguments, KafkaSettings().model_copy(update={"instance": None}), MongoSettings())
