"""What goes wrong, as a page for people; tools get problem details."""

import inspect
import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response

from services.gateway.console.elsewhere import said
from services.gateway.console.languages import N_, gettext
from services.gateway.console.rendering import render
from services.gateway.console.session import SignInNeeded, signed_in, to_sign_in

FOR_TOOLS = ("/v1/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/static/")

Handler = Callable[[Request, Any], Response | Awaitable[Response]]

HEADINGS: dict[int, tuple[str, str]] = {
    404: (N_("Nothing here"), N_("Perhaps the address was cut, or what you look for is not known here yet.")),
    403: (N_("That was not allowed"), ""),
    409: (N_("Somebody was faster"), ""),
    422: (N_("That could not be read"), ""),
    503: (
        N_("A part is away for a moment"),
        N_("Nothing is lost: what arrives meanwhile is kept. This page tries again by itself."),
    ),
}
ANYTHING = N_("Something went wrong")


def install_error_pages(app: FastAPI) -> None:
    """Wraps every error handler that is installed; the answer's status and headers stay what they are."""
    for raised, handler in list(app.exception_handlers.items()):
        app.add_exception_handler(raised, page_for_people(handler))
    app.add_exception_handler(SignInNeeded, to_sign_in)


def page_for_people(handler: Handler) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        answered = handler(request, error)
        response = await answered if inspect.isawaitable(answered) else answered
        if request.url.path.startswith(FOR_TOOLS) or "session" not in request.scope:
            return response
        body = json.loads(bytes(response.body))
        know_viewer(request)
        heading, comfort = HEADINGS.get(response.status_code, (str(body.get("title") or ANYTHING), ""))
        page = render(
            request,
            "error.html",
            status=response.status_code,
            heading=gettext(heading),
            comfort=comfort and gettext(comfort),
            detail=said(body.get("detail") or ""),
            code=response.status_code,
        )
        retry = response.headers.get("retry-after")
        if retry is not None:
            page.headers["Retry-After"] = retry
            if request.method == "GET":
                page.headers["Refresh"] = retry
        return page

    return answer


def know_viewer(request: Request) -> None:
    """So that the page keeps its navigation; nobody being signed in is no further error."""
    try:
        signed_in(request)
    except SignInNeeded:
        request.state.viewer = None
