"""Signing in with a key, and knowing afterwards who it is.

The session is a signed cookie with a fingerprint of the key, so a key that is taken out of the keys file ends
its sessions too. Whatever changes something needs the session's token and a request from the console's own pages.
"""

import asyncio
import secrets
from collections.abc import Callable
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from fastapi_problem.error import Problem

from services.gateway.console.languages import gettext
from services.gateway.console.rendering import query, render
from services.gateway.upstream import Consistency
from shared.web.body import bounded_body
from shared.web.keys import Caller, Keys
from shared.web.problems import problem

router = APIRouter(include_in_schema=False)

MAX_FORM_BYTES = 1024 * 1024
ROLES = frozenset({"agent", "ops"})
BADGE_SECONDS = 1.5
"""How long a page waits for the number of open alerts that stands beside its navigation."""

Form = dict[str, str]


class SignInNeeded(Exception):
    """Nobody is signed in; `wanted` is where to go afterwards."""

    def __init__(self, wanted: str) -> None:
        super().__init__(wanted)
        self.wanted = wanted


def signed_in(request: Request) -> Caller:
    """Who is signed in; raises `SignInNeeded`."""
    keys: Keys = request.app.state.keys
    caller = keys.with_fingerprint(request.session.get("key", ""))
    if caller is None or caller.role not in ROLES:
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        raise SignInNeeded(wanted if request.method == "GET" else "/")
    request.state.viewer = caller
    return caller


def ops_only(why: str) -> Callable[[Request], Caller]:
    """A dependency that answers who is signed in; 403 that says `why` for anybody who is not of ops."""

    def of_ops(request: Request) -> Caller:
        caller = signed_in(request)
        if caller.role != "ops":
            raise problem(403, gettext(why))
        return caller

    return of_ops


async def viewer_of_page(request: Request) -> Caller:
    """As `signed_in`, for a whole page: also learns the number of open alerts, unless that takes too long."""
    caller = signed_in(request)
    consistency: Consistency = request.app.state.consistency
    try:
        async with asyncio.timeout(BADGE_SECONDS):
            counts = await consistency.alert_facets([])
        request.state.open_alerts = counts["by_state"].get("open", 0)
    except (TimeoutError, Problem):
        request.state.open_alerts = None  # the page says the rest without it
    return caller


Viewer = Annotated[Caller, Depends(viewer_of_page)]


async def read_form(request: Request) -> Form:
    """The fields of a form of ours; raises 403 for any other page's, 413, 422."""
    same_origin(request)
    body = await bounded_body(request, MAX_FORM_BYTES)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50, errors="strict"))
    except ValueError as error:
        raise problem(422, gettext("The form cannot be read.")) from error


async def checked_form(request: Request) -> Form:
    """As `read_form`, of somebody who is signed in and whose page carried the session's token."""
    signed_in(request)
    form = await read_form(request)
    if not secrets.compare_digest(form.get("csrf", "").encode(), str(request.session.get("csrf", "")).encode()):
        raise problem(403, gettext("This page was too old to do that. Load it again, then try once more."))
    return form


CheckedForm = Annotated[Form, Depends(checked_form)]


def same_origin(request: Request) -> None:
    """Browsers say where a form came from; other clients say nothing and have no session to abuse."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        raise problem(403, gettext("The form was sent from another site."))
    if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise problem(403, gettext("The form was sent from another site."))


def local(wanted: str) -> str:
    """A path of ours, or the overview: never another site, however it is written."""
    try:
        parts = urlsplit(wanted)
    except ValueError:  # such as a bracket that is not closed
        return "/"
    harmless = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if harmless and not parts.scheme and not parts.netloc else "/"


@router.get("/sign-in")
async def sign_in_page(
    request: Request, wanted: Annotated[str, Query(alias="next", max_length=2_000)] = "/"
) -> Response:
    return render(request, "sign_in.html", wanted=local(wanted), refused=None)


@router.post("/sign-in")
async def sign_in(request: Request, form: Annotated[Form, Depends(read_form)]) -> Response:
    keys: Keys = request.app.state.keys
    caller = keys.holder(form.get("key", "").strip())
    wanted = local(form.get("next", "/"))
    if caller is None or caller.role not in ROLES:
        refused = (
            gettext("This key is not known.")
            if caller is None
            else gettext("A key for agents or ops is needed; this one is %(role)s.", role=caller.role)
        )
        return render(request, "sign_in.html", status=401, wanted=wanted, refused=refused)
    request.session.clear()
    request.session.update({"key": caller.fingerprint, "csrf": secrets.token_urlsafe(24)})
    return RedirectResponse(wanted, 303)


@router.post("/sign-out")
async def sign_out(request: Request, _: CheckedForm) -> Response:
    request.session.clear()
    return RedirectResponse("/sign-in", 303)


def to_sign_in(_: Request, error: Exception) -> Response:
    """The answer to `SignInNeeded`."""
    wanted = error.wanted if isinstance(error, SignInNeeded) else "/"
    return RedirectResponse("/sign-in" + query({"next": wanted if wanted != "/" else None}), 303)
