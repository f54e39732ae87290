"""Puts the console into the application."""

from fastapi import FastAPI
from starlette.middleware.sessions import SessionMiddleware
from starlette.staticfiles import StaticFiles

from services.gateway.console import (
    alerts,
    campaign,
    charts,
    customers,
    dead_letters,
    feedback,
    health,
    home,
    language_choice,
    lists,
    notifications,
    preflight,
    session,
    silences,
)
from services.gateway.console.errors import install_error_pages
from services.gateway.console.language_choice import ViewersLanguage
from services.gateway.console.rendering import STATIC, SecurityHeaders
from services.gateway.settings import GatewaySettings

SESSION_SECONDS = 12 * 3600


def install_console(app: FastAPI, settings: GatewaySettings) -> None:
    rooms = (
        *(session, home, feedback, lists, customers, alerts, silences, notifications),
        *(preflight, campaign, health, dead_letters, charts, language_choice),
    )
    for room in rooms:
        app.include_router(room.router)
    app.mount("/static", StaticFiles(directory=STATIC))
    install_error_pages(app)
    app.add_middleware(
        SessionMiddleware,
        secret_key=settings.session_secret.get_secret_value(),
        session_cookie="onevoice_session",
        max_age=SESSION_SECONDS,
        same_site="lax",
        https_only=settings.secure_cookie,
    )
    app.add_middleware(ViewersLanguage)
    app.add_middleware(SecurityHeaders)
