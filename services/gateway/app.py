"""Wires the gateway: clients of the other services, the topics it follows, the API and the console."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from services.gateway.api import alerts, conflicts, customers, dead_letters, operations
from services.gateway.api.document import document
from services.gateway.console.install import install_console
from services.gateway.dead_letters.index import Index
from services.gateway.dead_letters.reader import Reader
from services.gateway.dead_letters.replay import Replayer
from services.gateway.follow import Follower
from services.gateway.live import Live
from services.gateway.ring import Ring
from services.gateway.settings import Settings
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
                "ingest": settings.gateway.ingest_url,
                "journey": settings.gateway.journey_url,
                "consistency": settings.gateway.consistency_url,
            }
            clients = {
                name: await stack.enter_async_context(open_client(str(url), key, seconds)) for name, url in urls.items()
            }
            app.state.journey = journey = Journey(Upstream("journey", clients["journey"]))
            app.state.consistency = consistency = Consistency(Upstream("consistency", clients["consistency"]))
            app.state.watch = watch = Watch(
                clients, {"journey": journey.consumers, "consistency": consistency.consumers}, letters
            )
            await stack.enter_async_context(background(app, "live topics", follower.run()))
            await stack.enter_async_context(background(app, "dead letters", reader.run()))
            await stack.enter_async_context(background(app, "watch", watch.run()))
            yield

    async def journey_ready() -> None:
        await app.state.journey.ready()

    async def consistency_ready() -> None:
        await app.state.consistency.ready()

    checks = {"journey": journey_ready, "consistency": consistency_ready, "live topics": follower.ready}
    app = make_app("gateway", DESCRIPTION, lifespan, checks, {"dead letters": reader.ready})
    for part in (customers, conflicts, alerts, dead_letters, operations):
        app.include_router(part.router)
    document(app)
    install_console(app, settings.gateway)
    app.add_middleware(SlashesStayEncoded)
    return app
