"""Templates, and the headers that every answer to a browser carries."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.console import formats, wording
from services.gateway.console.elsewhere import said
from services.gateway.console.headlines import brief, headline, matter, matter_of, reason_language
from services.gateway.console.languages import (
    LANGUAGES,
    SPOKEN,
    capitalised,
    gettext,
    ngettext,
    npgettext,
    number,
    pgettext,
    whole,
)
from services.gateway.console.marks import excerpt
from services.gateway.console.values import value
from services.gateway.shapes.health import CanaryHealth
from services.gateway.watch import Watch

HERE = Path(__file__).parent
STATIC = HERE / "static"

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class SecurityHeaders:
    """ASGI middleware: adds what `HEADERS` lists where an answer does not say it itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, content in HEADERS.items():
                    headers.setdefault(name, content)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


@cache
def static(name: str) -> str:
    """The address of a file under `static/`, another one whenever its content changes."""
    version = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={version}"


def segment(identifier: str) -> str:
    return quote(identifier, safe="")


def query(pairs: dict[str, Any]) -> str:
    """`?a=1&b=2` of what is neither None nor empty; lists are repeated. Empty where nothing is left."""
    kept = {name: given for name, given in pairs.items() if given not in (None, "", [], ())}
    return "?" + urlencode(kept, doseq=True) if kept else ""


def with_value(pairs: dict[str, Any], name: str, given: Any) -> dict[str, Any]:
    """The same with another value for one name: an address with one filter changed."""
    return {**pairs, name: given}


def on_timeline(customer: str, time: str, key: str) -> str:
    """The address of an event on its customer's timeline, however old it is."""
    return f"/customers/{segment(customer)}{query({'until': time})}#e-{key}"


def attribute(name: str) -> str:
    """As the name of a row or a column: `Refund amount`."""
    return capitalised(matter(name))


@pass_context
def counted(context: Context, one: str, several: str, count: float, **values: Any) -> Any:
    """As that of `languages`, for templates: the message is markup, the values in it are escaped."""
    return context.call(context["ngettext"], one, several, whole(count), count=number(count), **values)


def environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # Newstyle: the messages of a template are markup, the values in them are escaped.
    translating: Any = env
    translating.install_gettext_callables(gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext)
    env.filters |= {
        "day": formats.day,
        "date": formats.date,
        "clock": formats.clock,
        "date_and_time": formats.date_and_time,
        "percent": formats.percent,
        "rate": formats.rate,
        "value": value,
        "headline": headline,
        "matter": matter_of,
        "attribute": attribute,
        "number": number,
        "said": said,
        "reason_language": reason_language,
        "subject": wording.subject,
        "rule": wording.rule,
        "duration": formats.duration,
        "segment": segment,
        "with_value": with_value,
    }
    env.globals |= {
        "static": static,
        "query": query,
        "on_timeline": on_timeline,
        "languages": LANGUAGES,
        "counted": counted,
        "named": wording.named,
        "excerpt": excerpt,
        "brief": brief,
        "words": wording,
    }
    return env


TEMPLATES = environment()


def canary_trouble(request: Request) -> CanaryHealth | None:
    """The canary's health, where people are to know of it on every page."""
    watch: Watch | None = getattr(request.app.state, "watch", None)
    canary = watch.canary() if watch is not None else None
    return canary if canary is not None and canary["state"] in ("late", "lost") else None


def render(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    return HTMLResponse(rendered(request, template, **context), status)


def fragment(template: str, **context: Any) -> str:
    """A part of a page that needs nothing of the request."""
    return TEMPLATES.get_template(template).render(context)


def rendered(request: Request, template: str, **context: Any) -> str:
    """A page; `viewer` and `open_alerts` are in its context where a session is known."""
    shown = {
        "viewer": getattr(request.state, "viewer", None),
        "csrf": request.session.get("csrf", ""),
        "open_alerts": getattr(request.state, "open_alerts", None),
        "flash": request.session.pop("flash", None),
        "language": SPOKEN.get(),
        "canary_trouble": canary_trouble(request),
        "path": request.url.path,
        "here": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
    }
    return TEMPLATES.get_template(template).render(shown | context)
