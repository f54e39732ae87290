"""Makes a service's FastAPI application and serves it."""

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import uvicorn
from fastapi import FastAPI
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

from shared.settings import HttpSettings
from shared.telemetry.setup import log_config
from shared.web.health import Check, health_routes
from shared.web.problems import install_problems
from shared.web.protocol import BoundedProtocol

logger = logging.getLogger(__name__)

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

VERSION = "0.1.0"


def make_app(
    name: str,
    description: str,
    lifespan: Lifespan,
    checks: Mapping[str, Check],
    aids: Mapping[str, Check] | None = None,
    transient: Sequence[type[Exception]] = (),
) -> FastAPI:
    """An application with problem details, health routes (see there for `checks` and `aids`), and a span a request.

    An exception of a `transient` type is answered 503: what the service asked for may answer when asked again.
    """

    @asynccontextmanager
    async def whole(app: FastAPI) -> AsyncIterator[None]:
        async with lifespan(app):
            yield

    # FastAPI's own pages of documentation load scripts from elsewhere; the document is at /openapi.json.
    app = FastAPI(
        title=f"Onevoice {name}",
        version=VERSION,
        description=description,
        lifespan=whole,
        docs_url=None,
        redoc_url=None,
    )
    install_problems(app, transient)
    app.include_router(health_routes(checks, aids or {}))
    FastAPIInstrumentor.instrument_app(app, excluded_urls="healthz,readyz,metrics", exclude_spans=["receive", "send"])
    return app


def serve(app: FastAPI, service: str, port: int, settings: HttpSettings) -> None:
    """Serves until SIGTERM or SIGINT, then finishes requests under way within the bound.

    Exits with status 1 where a part of the application failed (`background`) or it could not start.
    """
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=port,
        http=BoundedProtocol,
        log_config=log_config(service),
        access_log=False,
        limit_concurrency=settings.max_connections,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        server_header=False,
    )
    server = uvicorn.Server(config)
    app.state.server = server
    server.run([listening(settings.host, port)] if settings.shared_port == "on" else None)
    if not server.started or getattr(app.state, "failure", None) is not None:
        sys.exit(1)


def listening(host: str, port: int) -> socket.socket:
    """A socket whose port other processes may listen on as well. Raises `OSError` where one does that did not ask for
    the same, or the system has no such thing."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


STOP_SECONDS = 10.0


@asynccontextmanager
async def background(
    app: FastAPI, name: str, work: Coroutine[None, None, None], stop: Callable[[], None] | None = None
) -> AsyncIterator[None]:
    """Runs `work` beside the requests. Where it fails, the process stops with status 1, so that whoever
    supervises it sees it and starts it again; leaving asks it to `stop`, then cancels what still runs."""

    def ended(task: asyncio.Task[None]) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            return
        logger.critical("%s failed, stopping", name, exc_info=error)
        app.state.failure = f"{name}: {error}"
        server: uvicorn.Server | None = getattr(app.state, "server", None)
        if server is not None:
            server.should_exit = True

    task = asyncio.create_task(work, name=name)
    task.add_done_callback(ended)
    try:
        yield
    finally:
        if stop is not None:
            stop()
            await asyncio.wait([task], timeout=STOP_SECONDS)
        task.cancel()
        await asyncio.wait([task])
