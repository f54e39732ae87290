"""Wires ingest; the only place that opens connections."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.ingest.api import Limits, router
from services.ingest.body import Room
from services.ingest.documentation import document
from services.ingest.identities import Identities
from services.ingest.intake import Intake
from services.ingest.memory import Memory
from services.ingest.rate import Rate
from services.ingest.settings import IngestSettings
from shared.kafka.publisher import open_publisher
from shared.mongo import connect, ping
from shared.retention import read
from shared.settings import KafkaSettings, KeySettings, MongoSettings, RetentionSettings
from shared.web.keys import Keys
from shared.web.serve import background, make_app

DESCRIPTION = """Where departments' systems publish what they tell customers: CloudEvents 1.0 over HTTP, in the
binary, structured and batched modes. An event is answered 202 once it is stored on all in-sync replicas of the log;
publishing it again is safe and changes nothing."""


def make(
    settings: IngestSettings,
    kafka: KafkaSettings,
    mongo: MongoSettings,
    keys: KeySettings,
    retention: RetentionSettings,
) -> FastAPI:
    days = read(retention.file).derived.identities

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.keys = Keys.read(keys.file)
        app.state.rate = Rate(settings.rate)
        app.state.limits = Limits(settings.body_seconds, Room(settings.body_memory))
        async with connect(mongo, "ingest") as database, open_publisher(kafka, "ingest") as publisher:
            identities = Identities(database, days)
            async with background(app, "identities", identities.write_down(), identities.stop):
                app.state.database = database
                app.state.publisher = publisher
                app.state.intake = Intake(publisher, Memory(identities, settings.remembered))
                yield

    async def broker() -> None:
        await app.state.publisher.reachable()

    async def memory() -> None:
        await ping(app.state.database)

    app = make_app("ingest", DESCRIPTION, lifespan, {"broker": broker}, aids={"memory": memory})
    app.include_router(router)
    document(app)
    return app
