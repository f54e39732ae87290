"""Wires the journey: two consumers that write timelines, and an API that reads them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from fastapi import FastAPI
from pydantic import Field
from pydantic_settings import BaseSettings

from services.journey.api import router
from services.journey.handlers import append_to_timeline, mark_timeline
from services.journey.store import Store
from shared.kafka.consumer import Consumer, Subscription
from shared.kafka.publisher import open_publisher
from shared.kafka.topics import CONFLICTS, TOUCHPOINTS
from shared.mongo import TRANSIENT, connect, ping
from shared.retention import read
from shared.settings import HttpSettings, KafkaSettings, KeySettings, MongoSettings, RetentionSettings
from shared.web.keys import Keys
from shared.web.paths import SlashesStayEncoded
from shared.web.serve import background, make_app


class Settings(BaseSettings):
    port: int = Field(8002, validation_alias="ONEVOICE_JOURNEY_PORT")
    http: HttpSettings = Field(default_factory=HttpSettings)
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    mongo: MongoSettings = Field(default_factory=MongoSettings)
    keys: KeySettings = Field(default_factory=KeySettings)
    retention: RetentionSettings = Field(default_factory=RetentionSettings)


def create_app(settings: Settings) -> FastAPI:
    retention = read(settings.retention.file)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.keys = Keys.read(settings.keys.file)
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(connect(settings.mongo, "onevoice-journey"))
            publisher = await stack.enter_async_context(open_publisher(settings.kafka, "onevoice-journey"))
            store = Store(database, retention)
            await store.prepare()
            timelines = Subscription(TOUCHPOINTS, "journey", partial(append_to_timeline, store=store), TRANSIENT)
            marks = Subscription(CONFLICTS, "journey-marks", partial(mark_timeline, store=store), TRANSIENT)
            app.state.store = store
            app.state.publisher = publisher
            app.state.consumers = [Consumer(one, settings.kafka, publisher) for one in (timelines, marks)]
            for consumer in app.state.consumers:
                await stack.enter_async_context(
                    background(app, f"consumer {consumer.group}", consumer.run(), consumer.stop)
                )
            app.state.database = database
            yield

    async def mongodb() -> None:
        await ping(app.state.database)

    async def kafka() -> None:
        await app.state.publisher.reachable()

    async def consumers() -> None:
        halted = [one.progress.halted for one in app.state.consumers if one.progress.halted is not None]
        if halted:
            raise RuntimeError(halted[0])

    app = make_app(
        "journey",
        "Customers' timelines, for the gateway.",
        lifespan,
        {"mongodb": mongodb, "kafka": kafka, "consumers": consumers},
        transient=TRANSIENT,
    )
    app.include_router(router)
    app.add_middleware(SlashesStayEncoded)
    return app
