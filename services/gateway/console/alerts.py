"""Rooms of the alerts: the live list, one alert with both messages side by side, and what to do about it."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from fastapi_problem.error import Problem

from services.gateway.api.answers import FromConsistency, FromJourney, page
from services.gateway.api.silences import FromNotifying
from services.gateway.console import wording
from services.gateway.console.customers import Cursor, events_of
from services.gateway.console.entries import Side, by_key, key_of, side
from services.gateway.console.rendering import render, segment
from services.gateway.console.session import CheckedForm, Viewer, local, signed_in
from services.gateway.live import Live
from services.gateway.shapes import ACTIONS, ALERT_STATES, KINDS, Conflict, TimelineItem
from services.gateway.upstream import Journey
from shared.web.paths import AlertId
from shared.web.problems import problem

router = APIRouter(include_in_schema=False)

MAX_REASON = 1_000
EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Compared:
    """A conflict with both of its sides at hand."""

    conflict: Conflict
    a: Side
    b: Side


@router.get("/alerts")
async def alerts(
    request: Request,
    viewer: Viewer,
    consistency: FromConsistency,
    state: Annotated[str, Query(max_length=40)] = "open",
    kind: Annotated[str, Query(max_length=40)] = "",
    cursor: Cursor = None,
) -> Response:
    """`state=all` shows every state; a state or kind that does not exist shows the usual list."""
    state = state if state in ALERT_STATES or state == "all" else "open"
    kind = kind if kind in KINDS else ""
    found, stats = await asyncio.gather(
        consistency.alerts(page(40, cursor, state="" if state == "all" else state, kind=kind)), consistency.stats()
    )
    return render(
        request,
        "alerts.html",
        alerts=found["items"],
        next=found["next"],
        state=state,
        kind=kind,
        states=ALERT_STATES,
        kinds=KINDS,
        counts=stats["alerts"]["by_state"],
        allowed=ACTIONS,
    )


@router.get("/alerts/live")
async def live(request: Request, last_event_id: Annotated[str | None, Query()] = None) -> Response:
    """The live stream for the console's own pages."""
    signed_in(request)
    stream: Live = request.app.state.live
    return stream.response(request.headers.get("last-event-id") or last_event_id)


@router.get("/alerts/{id}")
async def alert(
    request: Request,
    viewer: Viewer,
    consistency: FromConsistency,
    journey: FromJourney,
    notifying: FromNotifying,
    id: AlertId,
    conflict: Annotated[str, Query(max_length=256)] = "",
) -> Response:
    found, conflicts, silences = await asyncio.gather(
        consistency.alert(id),
        consistency.conflicts([("alert", id), ("limit", str(EXAMPLES))]),
        notifying.silences([("alert", id)]),
    )
    chosen = next((one for one in conflicts["items"] if one["id"] == conflict), None)
    chosen = chosen or next(iter(conflicts["items"]), None)
    return render(
        request,
        "alert.html",
        alert=found,
        silences=silences["items"],
        compared=await compare(journey, chosen) if chosen else None,
        conflicts=conflicts["items"],
        more=conflicts["next"] is not None,
        actions=[name for name, states in ACTIONS.items() if found["state"] in states],
    )


async def compare(journey: Journey, conflict: Conflict) -> Compared:
    ids = [conflict["a"]["id"], conflict["b"]["id"]]
    try:
        known = by_key(await events_of(journey, conflict["customer"], ids))
    except Problem as trouble:
        if trouble.status != 404:
            raise
        known = {}
    return Compared(conflict, _side(conflict, "a", known), _side(conflict, "b", known))


def _side(conflict: Conflict, which: str, known: dict[str, TimelineItem]) -> Side:
    reference = conflict["a"] if which == "a" else conflict["b"]
    return side(conflict, reference, known.get(key_of(reference)))


@router.post("/alerts/{id}/{action}")
async def act(request: Request, consistency: FromConsistency, id: AlertId, action: str, form: CheckedForm) -> Response:
    caller = signed_in(request)
    if caller.role != "ops":
        raise problem(403, "Alerts are changed by ops; you can read them.")
    if action not in ACTIONS:
        raise problem(404, "There is no such action.")
    reason = form.get("reason", "").strip()
    if len(reason) > MAX_REASON:
        raise problem(422, f"The reason has at most {MAX_REASON:,} characters.")
    await consistency.act(id, action, caller.name, reason or None)
    request.session["flash"] = wording.ACTED[action]
    return RedirectResponse(local(form.get("back") or f"/alerts/{segment(id)}"), 303)
