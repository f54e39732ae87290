"""Wires the consistency service: touchpoints in, conflicts and alerts out, and an API over them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI
from pydantic import Field, PositiveInt
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.consistency.alerting import Alerting, Contended
from services.consistency.api import alerts, claims, conflicts, feedback, operations, preflight
from services.consistency.api.desk import Desk
from services.consistency.campaign import Campaigns
from services.consistency.claims import standing
from services.consistency.clock import Clock, now
from services.consistency.detection import default_detector, warm_up
from services.consistency.domain.detector import Detector
from services.consistency.domain.severity import Scale
from services.consistency.examination import Examination
from services.consistency.expiry import Expiry
from services.consistency.feedback import FeedbackSettings
from services.consistency.feedback import read as read_muting
from services.consistency.handlers import Work, compare_touchpoints
from services.consistency.memory import EVENTS
from services.consistency.notify import api as notify_api
from services.consistency.notify import routes as notify_routes
from services.consistency.notify.following import GROUP as NOTIFY_GROUP
from services.consistency.notify.following import follow_alerts
from services.consistency.notify.notifier import Notifier
from services.consistency.notify.sending import Sender
from services.consistency.notify.settings import NotifySettings
from services.consistency.notify.store import NotifyStore
from services.consistency.policies import PolicyBook, PolicyReader
from services.consistency.publish import Outbox
from services.consistency.reexamination import Reexamination
from services.consistency.refreshing import refresh
from services.consistency.severity import SeveritySettings
from services.consistency.severity import read as read_scale
from services.consistency.store import Store
from services.consistency.takeover import GROUP, Parts, Takeover
from shared.generations.naming import Generation, group_of
from shared.generations.record import database_in, must_be_rebuilt
from shared.kafka.consumer import Consumer
from shared.kafka.publisher import Publisher, open_publisher
from shared.kafka.subscription import Subscription
from shared.kafka.topics import ALERTS, TOUCHPOINTS
from shared.mongo import TRANSIENT, Database, connect, ping
from shared.retention import Retention, read
from shared.settings import HttpSettings, KafkaSettings, KeySettings, MongoSettings, RetentionSettings
from shared.telemetry.setup import setup_telemetry
from shared.web.keys import Keys
from shared.web.serve import background, make_app, serve

CHECKS = ("mongodb", "kafka", "policies", "takeover", "consumer", "notifications")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(populate_by_name=True)

    port: int = Field(8003, validation_alias="ONEVOICE_CONSISTENCY_PORT")
    generation: Generation = Field("", validation_alias="ONEVOICE_CONSISTENCY_GENERATION")
    remembered: PositiveInt = Field(EVENTS, validation_alias="ONEVOICE_CONSISTENCY_REMEMBERED")
    """Events of customers that an instance keeps in memory."""
    http: HttpSettings = Field(default_factory=HttpSettings)
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    mongo: MongoSettings = Field(default_factory=MongoSettings)
    keys: KeySettings = Field(default_factory=KeySettings)
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
    notify: NotifySettings = Field(default_factory=NotifySettings)
    severity: SeveritySettings = Field(default_factory=SeveritySettings)
    feedback: FeedbackSettings = Field(default_factory=FeedbackSettings)


def main() -> None:
    settings = Settings()
    setup_telemetry("consistency")
    serve(create_app(settings), "consistency", settings.port, settings.http)


def create_app(settings: Settings, detector: Callable[[], Detector] = default_detector, clock: Clock = now) -> FastAPI:
    retention = read(settings.retention.file)
    routes = notify_routes.read(settings.notify.routes_file)
    scale = read_scale(settings.severity.file)
    muting = read_muting(settings.feedback.file)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.keys = Keys.read(settings.keys.file)
        chosen = detector()  # before anything is opened, for its settings may be refused
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(connect(settings.mongo, "onevoice-consistency"))
            database = database_in(first, "consistency", settings.generation)
            await must_be_rebuilt(database, "consistency", settings.generation)
            publisher = await stack.enter_async_context(open_publisher(settings.kafka, "onevoice-consistency"))
            engine = make_engine(
                settings.generation,
                database,
                publisher,
                settings.kafka,
                chosen,
                clock,
                retention,
                scale,
                settings.remembered,
            )
            store, outbox, examination = engine.store, engine.outbox, engine.examination
            await store.prepare()
            stack.callback(examination.close)
            consumer = Consumer(engine.subscription, settings.kafka, publisher)
            takeover = Takeover(settings.generation, first, engine.parts, settings.kafka, clock)
            await takeover.enter()
            notify_store = NotifyStore(first, retention)
            await notify_store.prepare()
            alerts_consumer = Consumer(alerts_subscription(notify_store), settings.kafka, publisher)
            sender = Sender()
            stack.push_async_callback(sender.close)
            notifier = Notifier(notify_store, routes, settings.notify.console_address, sender, clock)
            campaigns = Campaigns(examination, store.events)
            app.state.desk = Desk(
                store,
                engine.alerting,
                outbox,
                examination,
                consumer,
                alerts_consumer,
                clock,
                standing,
                campaigns,
                muting,
            )
            app.state.notify_desk = notify_api.NotifyDesk(notify_store, notifier, clock)
            app.state.checks = {
                "mongodb": partial(ping, database),
                "kafka": publisher.reachable,
                "policies": engine.reader.ready,
                "takeover": takeover.ready,
                "consumer": partial(consuming, consumer),
                "notifications": partial(consuming, alerts_consumer),
            }
            await examination.work_out(partial(warm_up, examination.detector))
            await stack.enter_async_context(background(app, "refreshing", refresh(store)))
            await stack.enter_async_context(background(app, "outbox", outbox.run()))
            await stack.enter_async_context(background(app, "policies", engine.reader.run()))
            await stack.enter_async_context(background(app, "re-examination", engine.reexamination.run()))
            await stack.enter_async_context(background(app, "expiry", Expiry(store, examination, clock).run()))
            await stack.enter_async_context(background(app, "consumer", consumer.run(), consumer.stop))
            await stack.enter_async_context(background(app, "alerts", alerts_consumer.run(), alerts_consumer.stop))
            await stack.enter_async_context(background(app, "notifier", notifier.run(outbox.until_it_speaks)))
            await stack.enter_async_context(background(app, "takeover", takeover.run()))
            yield

    async def check(name: str) -> None:
        await app.state.checks[name]()

    app = make_app(
        "consistency",
        "Conflicts between what a customer was told, and the alerts they make; for the gateway.",
        lifespan,
        {name: partial(check, name) for name in CHECKS},
        transient=(*TRANSIENT, Contended),
    )
    for part in (conflicts, alerts, feedback, claims, preflight, operations, notify_api):
        app.include_router(part.router)
    return app


@dataclass(frozen=True, slots=True)
class Engine:
    """What makes conflicts and alerts of the log, in the service and in a rebuild alike."""

    store: Store
    alerting: Alerting
    outbox: Outbox
    examination: Examination
    reexamination: Reexamination
    reader: PolicyReader
    subscription: Subscription

    @property
    def parts(self) -> Parts:
        return Parts(self.store, self.alerting, self.outbox, self.reexamination)


def make_engine(
    generation: str,
    database: Database,
    publisher: Publisher,
    kafka: KafkaSettings,
    detector: Detector,
    clock: Clock,
    retention: Retention,
    scale: Scale,
    remembered: int = EVENTS,
) -> Engine:
    """The outbox is silent until it is told to speak."""
    store = Store(database, retention, clock)
    book = PolicyBook()
    alerting = Alerting(store, clock, scale)
    outbox = Outbox(alerting, publisher)
    examination = Examination(store, outbox, detector, book, clock, remembered)
    reexamination = Reexamination(store, examination, book)
    subscription = Subscription(
        TOUCHPOINTS,
        group_of(GROUP, generation),
        partial(compare_touchpoints, work=Work(store, examination, reexamination)),
        (*TRANSIENT, Contended),
        reexamination.assigned,
        batch_records=100,  # each may take a second where much of it is new
    )
    reader = PolicyReader(book, store, publisher, kafka)
    return Engine(store, alerting, outbox, examination, reexamination, reader, subscription)


def alerts_subscription(notify: NotifyStore) -> Subscription:
    """Whatever generation an instance runs, it is one reader of the alerts among the others."""
    return Subscription(ALERTS, NOTIFY_GROUP, partial(follow_alerts, watched=notify.watched), TRANSIENT)


async def consuming(consumer: Consumer) -> None:
    if consumer.progress.halted is not None:
        raise RuntimeError(consumer.progress.halted)
