"""Wires the gateway: clients of the other services, the topics it follows, the API and the console."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from time import monotonic

from fastapi import FastAPI

from services.gateway.api import (
    alerts,
    campaign,
    conflicts,
    corrections,
    customers,
    dead_letters,
    decisions,
    feedback,
    notifications,
    operations,
    overview,
    silences,
)
from services.gateway.api.document import document
from services.gateway.canary import Canary, Door, Record
from services.gateway.console.install import install_console
from services.gateway.dead_letters.index import Index
from services.gateway.dead_letters.reader import Reader
from services.gateway.dead_letters.replay import Replayer
from services.gateway.follow import Follower
from services.gateway.live import Live
from services.gateway.notifying import Notifying
from services.gateway.ring import Ring
from services.gateway.settings import Settings
from services.gateway.shapes.health import CanaryHealth
from services.gateway.upstream import Consistency, Journey, Upstream, open_client
from services.gateway.watch import Watch
from shared.kafka.topics import ALERTS
from shared.web.keys import Keys
from shared.web.paths import SlashesStayEncoded
from shared.web.serve import background, make_app

DESCRIPTION = """What people and their tools see of Onevoice: customers' timelines, conflicts and alerts.

Send a key with every request: `Authorization: Bearer KEY`. Errors are problem details (RFC 9457). Lists are
paged: `limit` and `cursor`, answered by `items` and `next`; `next` is null on the last page."""


def create_app(settings: Settings) -> FastAPI:
    recent_alerts = Ring(settings.gateway.recent_alerts)
    follower = Follower({ALERTS: (recent_alerts, settings.gateway.recent_alerts)}, settings.kafka)
    letters = Index(settings.gateway.dead_letters)
    reader = Reader(letters, settings.kafka)

    record = Record(settings.canary.late_seconds, settings.canary.lost_seconds)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.keys = Keys.read(settings.keys.file)
        app.state.live = Live(recent_alerts, settings.gateway.max_streams)
        app.state.dead_letters = letters
        app.state.dead_letter_reader = reader
        app.state.replayer = Replayer(letters, reader, settings.kafka)
        async with AsyncExitStack() as stack:
            key, seconds = settings.gateway.service_key.get_secret_value(), settings.gateway.upstream_seconds
            urls = {
                "ingest": str(settings.gateway.ingest_url),
                "journey": str(settings.gateway.journey_url),
                "consistency": str(settings.gateway.consistency_url),
            }
            clients = {
                name: await stack.enter_async_context(open_client(url, key, seconds)) for name, url in urls.items()
            }
            app.state.journey = journey = Journey(Upstream("journey", clients["journey"]))
            app.state.consistency = consistency = Consistency(Upstream("consistency", clients["consistency"]))
            app.state.notifying = Notifying(Upstream("consistency", clients["consistency"]))
            app.state.watch = watch = Watch(
                clients,
                {"journey": journey.consumers, "consistency": consistency.consumers},
                letters,
                canary_health,
            )
            await stack.enter_async_context(background(app, "live topics", follower.run()))
            await stack.enter_async_context(background(app, "dead letters", reader.run()))
            await stack.enter_async_context(background(app, "watch", watch.run()))
            if settings.canary.canary == "on":
                door = await stack.enter_async_context(open_client(urls["ingest"], canary_key(settings), seconds))
                canary = Canary(record, Door(door), journey, consistency, settings.canary)
                await stack.enter_async_context(background(app, "canary", canary.run()))
            yield

    def canary_health() -> CanaryHealth | None:
        on = settings.canary.canary == "on"
        return record.health(datetime.now(UTC), monotonic()) if on else None

    async def journey_ready() -> None:
        await app.state.journey.ready()

    async def consistency_ready() -> None:
        await app.state.consistency.ready()

    checks = {"journey": journey_ready, "consistency": consistency_ready, "live topics": follower.ready}
    app = make_app("gateway", DESCRIPTION, lifespan, checks, {"dead letters": reader.ready})
    parts = (
        *(overview, feedback, customers, conflicts, campaign, alerts, decisions, corrections),
        *(silences, notifications, dead_letters, operations),
    )
    for part in parts:
        app.include_router(part.router)
    document(app)
    install_console(app, settings.gateway)
    app.add_middleware(SlashesStayEncoded)
    return app


def canary_key(settings: Settings) -> str:
    key = settings.canary.key
    return key.get_secret_value() if key is not None else ""
