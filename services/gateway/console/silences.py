"""Rooms of the silences, for ops: what is told to nobody for now, making one, ending one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from fastapi_problem.error import Problem

from services.gateway.api.answers import FromNotifying, page
from services.gateway.api.silences import SilenceId
from services.gateway.console import formats
from services.gateway.console.customers import Cursor
from services.gateway.console.elsewhere import said
from services.gateway.console.languages import N_, counted, gettext
from services.gateway.console.rendering import render
from services.gateway.console.session import CheckedForm, Form, Viewer, local, ops_only
from shared.events import timestamp
from shared.web.keys import Caller
from shared.web.problems import problem

router = APIRouter(prefix="/silences", include_in_schema=False)

LABELS = ("kind", "department", "attribute", "subject", "campaign", "severity", "rule", "language")
OPS = ("=", "!=", "=~", "!~")
MAX_ROWS = 12
FEWEST_ROWS = 4
LENGTHS: dict[str, timedelta] = {
    N_("1 hour"): timedelta(hours=1),
    N_("4 hours"): timedelta(hours=4),
    N_("1 day"): timedelta(days=1),
    N_("3 days"): timedelta(days=3),
    N_("1 week"): timedelta(days=7),
    N_("4 weeks"): timedelta(days=28),
}
USUAL_LENGTH = "1 day"
Value = Annotated[list[str], Query(max_length=MAX_ROWS)]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the form; nothing is asked where it has no value."""

    label: str = ""
    op: str = "="
    value: str = ""


Ops = Annotated[Caller, Depends(ops_only(N_("Silences are for ops: they decide who is told of what.")))]


@router.get("")
async def silences(
    request: Request,
    _: Ops,
    viewer: Viewer,
    notifying: FromNotifying,
    state: Annotated[str, Query(max_length=40)] = "active",
    cursor: Cursor = None,
) -> Response:
    state = state if state in ("active", "ended") else "active"
    found = await notifying.silences(page(30, cursor, state=state))
    return render(request, "silences.html", silences=found["items"], next=found["next"], state=state)


@router.get("/new")
async def new(
    request: Request,
    _: Ops,
    viewer: Viewer,
    reason: Annotated[str, Query(max_length=1_000)] = "",
    length: Annotated[str, Query(max_length=20)] = USUAL_LENGTH,
) -> Response:
    """The query fills the form, such as `?kind=contradiction&department=sales&department=billing`."""
    given = [Row(label, "=", value) for label, value in request.query_params.multi_items() if label in LABELS and value]
    return show_form(request, given, reason, length if length in LENGTHS else USUAL_LENGTH, "", None)


def show_form(
    request: Request, given: list[Row], reason: str, length: str, until: str, mistake: str | None
) -> Response:
    empty = max(FEWEST_ROWS - len(given), 1)
    return render(
        request,
        "silence_new.html",
        status=200 if mistake is None else 422,
        rows=[*given, *[Row()] * empty][:MAX_ROWS],
        labels=LABELS,
        ops=OPS,
        reason=reason,
        lengths=tuple(LENGTHS),
        length=length,
        until=until,
        mistake=mistake,
    )


@router.post("")
async def make(request: Request, caller: Ops, viewer: Viewer, notifying: FromNotifying, form: CheckedForm) -> Response:
    """What cannot be is said above the form, which keeps what was filled in."""
    rows, reason = rows_in(form), form.get("reason", "").strip()
    length, until = form.get("length", USUAL_LENGTH), form.get("until", "")
    try:
        if not rows:
            raise problem(422, gettext("Name at least one value: a silence of everything is refused."))
        if not reason:
            raise problem(422, gettext("Say why, for whoever finds this silence later."))
        matchers = [f"{row.label} {row.op} {row.value}" for row in rows]
        made = await notifying.make_silence(matchers, caller.name, reason, timestamp(end_of(length, until)))
    except Problem as refusal:
        if refusal.status not in (409, 422):
            raise
        return show_form(request, rows, reason, length, until, said(refusal.detail or ""))
    request.session["flash"] = counted(
        "Silenced until %(end)s. It hides %(count)s alert now.",
        "Silenced until %(end)s. It hides %(count)s alerts now.",
        made["hides"],
        end=formats.date_and_time(made["ends_at"]),
    )
    return RedirectResponse("/silences", 303)


def rows_in(form: Form) -> list[Row]:
    rows = [
        Row(form.get(f"label{number}", ""), form.get(f"op{number}", "="), form.get(f"value{number}", "").strip())
        for number in range(MAX_ROWS)
    ]
    return [row for row in rows if row.label in LABELS and row.op in OPS and row.value]


def end_of(length: str, until: str) -> datetime:
    """`until` is as `<input type="datetime-local">` writes it, in UTC; raises 422."""
    if not until:
        return datetime.now(UTC) + LENGTHS.get(length, LENGTHS[USUAL_LENGTH])
    try:
        found = datetime.fromisoformat(until)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise problem(422, gettext("The end cannot be read; write it as 2026-03-02T09:00.")) from error


@router.post("/{id}/end")
async def end(request: Request, caller: Ops, notifying: FromNotifying, id: SilenceId, form: CheckedForm) -> Response:
    ended = await notifying.end_silence(id, caller.name)
    request.session["flash"] = counted(
        "Ended. %(count)s alert comes up again, as far as still open.",
        "Ended. %(count)s alerts come up again, as far as still open.",
        ended["hides"],
    )
    return RedirectResponse(local(form.get("back") or "/silences"), 303)
