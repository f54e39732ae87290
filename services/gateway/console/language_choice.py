"""Which language a viewer reads: what they chose, else what their browser asks for, else English."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.console.languages import ENGLISH, LANGUAGES, SPOKEN, Language, gettext, preferred
from services.gateway.console.session import Form, local, read_form
from shared.web.problems import problem

router = APIRouter(include_in_schema=False)

COOKIE = "onevoice_language"
A_YEAR = 365 * 86_400


def language_of(connection: HTTPConnection) -> Language:
    chosen = LANGUAGES.get(connection.cookies.get(COOKIE, ""))
    return chosen or preferred(connection.headers.get("accept-language", "")) or ENGLISH


class ViewersLanguage:
    """ASGI middleware: what a request words, it words in the viewer's language.

    The variable is not set back: each request has a context of its own, and the page that tells of a fault is made
    after this has ended.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            SPOKEN.set(language_of(HTTPConnection(scope)))
        await self._app(scope, receive, send)


@router.post("/language")
async def choose(request: Request, form: Annotated[Form, Depends(read_form)]) -> Response:
    """Kept apart from the session: it holds on the page where one signs in, too."""
    chosen = LANGUAGES.get(form.get("language", ""))
    if chosen is None:
        raise problem(422, gettext("There is no such language here."))
    answer = RedirectResponse(local(form.get("back") or "/"), 303)
    answer.set_cookie(COOKIE, chosen.tag, max_age=A_YEAR, httponly=True, samesite="lax")
    return answer
