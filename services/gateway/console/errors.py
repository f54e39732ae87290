"""What goes wrong, as a page for people; tools get problem details."""

import inspect
import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response

from services.gateway.console.rendering import render
from services.gateway.console.session import SignInNeeded, signed_in, to_sign_in

FOR_TOOLS = ("/v1/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/static/")

Handler = Callable[[Request, Any], Response | Awaitable[Response]]

HEADINGS: dict[int, tuple[str, str]] = {
    404: ("Nothing here", "Perhaps the address was cut, or what you look for is not known here yet."),
    403: ("That was not allowed", ""),
    409: ("Somebody was faster", ""),
    422: ("That could not be read", ""),
    503: (
        "A part is away for a moment",
        "Nothing is lost: what arrives meanwhile is kept. This page tries again by itself.",
    ),
}


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
        heading, comfort = HEADINGS.get(response.status_code, (str(body.get("title", "Something went wrong")), ""))
        page = render(
            request,
            "error.html",
            status=response.status_code,
            heading=heading,
            comfort=comfort,
            detail=body.get("detail") or "",
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
