"""Wires the journey: two consumers that write timelines, and an API that reads them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from fastapi import FastAPI
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.journey.api import router
from services.journey.finding import Finder
from services.journey.handlers import append_to_timeline, mark_timeline
from services.journey.store import Store
from shared.generations.naming import Generation, group_of
from shared.generations.record import database_in, must_be_rebuilt
from shared.kafka.consumer import Consumer
from shared.kafka.publisher import open_publisher
from shared.kafka.subscription import Subscription
from shared.kafka.topics import CONFLICTS, TOUCHPOINTS
from shared.mongo import TRANSIENT, connect, ping
from shared.retention import read
from shared.settings import HttpSettings, KafkaSettings, KeySettings, MongoSettings, RetentionSettings
from shared.web.briefly import Briefly
from shared.web.keys import Keys
from shared.web.paths import SlashesStayEncoded
from shared.web.serve import background, make_app

TIMELINES = "journey"
MARKS = "journey-marks"
"""Consumer groups; a generation has its own."""
ACTIVITY_SECONDS = 10.0
"""How long what was counted is told again."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(populate_by_name=True)

    port: int = Field(8002, validation_alias="ONEVOICE_JOURNEY_PORT")
    generation: Generation = Field("", validation_alias="ONEVOICE_JOURNEY_GENERATION")
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
            first = await stack.enter_async_context(connect(settings.mongo, "onevoice-journey"))
            database = database_in(first, "journey", settings.generation)
            await must_be_rebuilt(database, "journey", settings.generation)
            publisher = await stack.enter_async_context(open_publisher(settings.kafka, "onevoice-journey"))
            store = Store(database, retention)
            await store.prepare()
            app.state.store = store
            app.state.finder = Finder(database)
            app.state.activity = Briefly(ACTIVITY_SECONDS)
            app.state.publisher = publisher
            app.state.consumers = [
                Consumer(one, settings.kafka, publisher) for one in subscriptions(store, settings.generation)
            ]
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


def subscriptions(store: Store, generation: str) -> tuple[Subscription, Subscription]:
    """What the service does with its topics, in a generation."""
    return (
        Subscription(TOUCHPOINTS, group_of(TIMELINES, generation), partial(append_to_timeline, store=store), TRANSIENT),
        Subscription(CONFLICTS, group_of(MARKS, generation), partial(mark_timeline, store=store), TRANSIENT),
    )
