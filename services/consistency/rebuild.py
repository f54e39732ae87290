"""Consistency in a generation of its own: `rebuild`, `generations` and `drop`. It publishes neither conflicts nor
alerts; what runs does so until it is switched (`takeover`)."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from services.consistency.app import make_engine
from services.consistency.clock import now
from services.consistency.detection import default_detector, warm_up
from services.consistency.policies import READER
from services.consistency.severity import SeveritySettings
from services.consistency.severity import read as read_scale
from services.consistency.store import COLLECTIONS
from services.consistency.store.generations import Terms
from services.consistency.takeover import GROUP, applied
from shared.generations import command
from shared.generations.letters import without_known
from shared.generations.offsets import open_offsets
from shared.generations.rebuilding import Rebuilt, Target, Work
from shared.kafka.topics import TOUCHPOINTS
from shared.mongo import Database
from shared.retention import read
from shared.settings import KafkaSettings, MongoSettings, RetentionSettings


@asynccontextmanager
async def work(target: Target) -> AsyncIterator[Work]:
    """The engine of the service, with an outbox that stays silent."""
    retention = read(RetentionSettings().file)
    scale = read_scale(SeveritySettings().file)
    engine = make_engine(
        target.generation, target.database, target.publisher, target.kafka, default_detector(), now, retention, scale
    )
    try:
        await engine.store.prepare()
        for (consumer, place), reason in target.letters.items():
            if consumer == READER:
                await engine.store.policies.refuse(place, reason)
        await engine.examination.work_out(partial(warm_up, engine.examination.detector))
        async with open_offsets(target.kafka) as offsets:
            yield Work(
                [without_known(engine.subscription, GROUP, target.letters)],
                partial(applied, engine.store, offsets),
                (engine.reader.run, engine.reexamination.run),
            )
    finally:
        engine.examination.close()


async def needs(first: Database, generation: str) -> str | None:
    return await Terms(first).needs(generation)


CONSISTENCY = Rebuilt("consistency", ((TOUCHPOINTS, GROUP),), COLLECTIONS, work, needs)


def run(arguments: Sequence[str]) -> int:
    # A rebuild is no replica: it has no name to keep its partitions by.
    return command.run(CONSISTENCY, arguments, KafkaSettings().model_copy(update={"instance": None}), MongoSettings())
