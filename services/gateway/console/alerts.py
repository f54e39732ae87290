"""Rooms of the alerts: the live list, one alert with both messages side by side, and what to do about it."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from fastapi_problem.error import Problem

from services.gateway.api.alerts import Judged
from services.gateway.api.answers import FromConsistency, FromJourney, FromNotifying, chosen, page
from services.gateway.api.corrections import asked_for, spreadsheet
from services.gateway.api.overview import window_params
from services.gateway.console import wording
from services.gateway.console.customers import Cursor, events_of
from services.gateway.console.entries import Side, by_key, key_of, side
from services.gateway.console.languages import gettext, number
from services.gateway.console.rendering import render, segment
from services.gateway.console.session import CheckedForm, Form, Viewer, local, signed_in
from services.gateway.live import Live
from services.gateway.shapes.alerts import ALERT_STATES, DISMISSALS, ORDERS, SEVERITIES, VERDICTS, Alert, AlertState
from services.gateway.shapes.alerts import Side as AlertSide
from services.gateway.shapes.conflicts import KINDS, Conflict
from services.gateway.shapes.customers import TimelineItem
from services.gateway.upstream import Journey
from shared.web.paths import AlertId
from shared.web.problems import problem

router = APIRouter(include_in_schema=False)

MAX_REASON = 1_000
MAX_NAME = 200
EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Compared:
    """A conflict with both of its sides at hand."""

    conflict: Conflict
    a: Side
    b: Side


Chosen = Annotated[str, Query(max_length=40)]


@router.get("/alerts")
async def alerts(
    request: Request,
    viewer: Viewer,
    consistency: FromConsistency,
    notifying: FromNotifying,
    state: Chosen = "open",
    kind: Chosen = "",
    severity: Chosen = "",
    between: Annotated[str, Query(max_length=80)] = "",
    rule: Annotated[str, Query(max_length=256)] = "",
    language: Chosen = "",
    verdict: Chosen = "",
    judged: Judged = None,
    sort: Chosen = "",
    cursor: Cursor = None,
) -> Response:
    """`state=all` shows every state; `between` is two departments; `from` and `to` are days on which an alert was
    judged. What does not exist shows the usual list."""
    state = state if state in ALERT_STATES or state == "all" else "open"
    sort = sort if sort in ORDERS else ORDERS[0]
    narrowing = {
        "kind": kind if kind in KINDS else "",
        "severity": severity if severity in SEVERITIES else "",
        "rule": rule,
        "language": language,
        "verdict": verdict if verdict in VERDICTS else "",
        **window_params(judged),
    }
    filters = {**narrowing, "state": "" if state == "all" else state, "department": departments_in(between)}
    found, counts = await asyncio.gather(
        consistency.alerts(page(40, cursor, **filters, sort=sort)), consistency.alert_facets(chosen(**filters))
    )
    asked = {"from": "", "to": "", **narrowing, "state": state, "between": between, "sort": sort}
    return render(
        request,
        "alerts.html",
        alerts=found["items"],
        silenced=await notifying.silenced(one["id"] for one in found["items"]),
        next=found["next"],
        asked=asked,
        states=ALERT_STATES,
        kinds=KINDS,
        severities=SEVERITIES,
        orders=ORDERS,
        counts=counts,
        total=sum(count for one, count in counts["by_state"].items() if one != "merged"),
    )


def departments_in(between: str) -> list[str]:
    """Two known departments, `customer` among them; nothing where it is anything else."""
    names = between.split("|")
    known = len(names) == 2 and all(name in wording.DEPARTMENTS or name == "customer" for name in names)
    return names if known else []


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
    found, course, conflicts, silences = await asyncio.gather(
        consistency.alert(id),
        consistency.course(id),
        consistency.conflicts([("alert", id), ("limit", str(EXAMPLES))]),
        notifying.silences([("alert", id)]),
    )
    shown = next((one for one in conflicts["items"] if one["id"] == conflict), None)
    shown = shown or next(iter(conflicts["items"]), None)
    sides = [] if found["state"] == "merged" else correctable(found)
    compared, progress = await asyncio.gather(
        compare(journey, shown) if shown else nothing(),
        consistency.correction(id, [("side", sides[0])]) if sides else nothing(),
    )
    return render(
        request,
        "alert.html",
        alert=found,
        course=course,
        told=sum(span["told"] for span in course["spans"]),
        silences=silences["items"],
        compared=compared,
        conflicts=conflicts["items"],
        more=conflicts["next"] is not None,
        actions=actions_for(found),
        dismissals=DISMISSALS,
        sides=sides,
        progress=progress,
    )


async def nothing() -> None:
    return None


def correctable(alert: Alert) -> list[str]:
    """Sides of which one can be corrected by words; what was sent without consent, or told too early, cannot."""
    senders = {"a": alert["senders"]["a"], "b": alert["senders"]["b"]}
    if alert["kind"] != "contradiction":
        return []
    return [side for side, sender in senders.items() if sender["department"] is not None]


ACTIONS: dict[AlertState, tuple[str, ...]] = {
    "open": ("acknowledge", "resolve", "dismiss", "comment", "assign", "merge"),
    "acknowledged": ("acknowledge", "unacknowledge", "resolve", "dismiss", "comment", "assign", "merge"),
    "resolved": ("reopen", "comment", "assign", "merge"),
    "dismissed": ("reopen", "comment", "assign", "merge"),
    "merged": ("split",),
}
"""What a page offers in each state."""


def actions_for(alert: Alert) -> list[str]:
    taken = ("unassign",) if alert["assignee"] and alert["state"] != "merged" else ()
    return [*ACTIONS[alert["state"]], *taken]


@router.get("/alerts/{id}/correction")
async def to_correct(
    request: Request,
    viewer: Viewer,
    consistency: FromConsistency,
    id: AlertId,
    wrong: Annotated[AlertSide, Query()],
    channel: Chosen = "",
    left: Annotated[bool, Query()] = False,
    cursor: Cursor = None,
) -> Response:
    """Everybody who heard one side; `left`: who is still to be told."""
    asked = asked_for(wrong, None, channel, False if left else None)
    found, progress, customers = await asyncio.gather(
        consistency.alert(id),
        consistency.correction(id, [("side", wrong)]),
        consistency.to_correct(id, [*page(100, cursor), *asked]),
    )
    return render(
        request,
        "alert_correction.html",
        alert=found,
        progress=progress,
        customers=customers["items"],
        next=customers["next"],
        wrong=wrong,
        channel=channel,
        left=left,
    )


@router.get("/alerts/{id}/correction.csv")
async def to_correct_as_csv(
    request: Request,
    consistency: FromConsistency,
    id: AlertId,
    wrong: Annotated[AlertSide, Query()],
    channel: Chosen = "",
    left: Annotated[bool, Query()] = False,
) -> Response:
    signed_in(request)
    return await spreadsheet(consistency, id, asked_for(wrong, None, channel, False if left else None))


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
        raise problem(403, gettext("Alerts are changed by ops; you can read them."))
    if action not in wording.ACTED:
        raise problem(404, gettext("There is no such action."))
    reason = form.get("reason", "").strip()
    if len(reason) > MAX_REASON:
        raise problem(422, gettext("The reason has at most %(most)s characters.", most=number(MAX_REASON)))
    await consistency.act(id, action, caller.name, reason or None, **details(action, form))
    request.session["flash"] = wording.ACTED[action]
    return RedirectResponse(local(form.get("back") or f"/alerts/{segment(id)}"), 303)


def details(action: str, form: Form) -> dict[str, Any]:
    """What the form says beside the reason."""
    match action:
        case "acknowledge":
            hours = form.get("hours", "")
            if hours and hours in wording.FOR_HOW_LONG:
                return {"until": (datetime.now(UTC) + timedelta(hours=int(hours))).isoformat()}
        case "assign":
            kind, _, name = form.get("assignee", "").partition(":")
            person = form.get("person", "").strip()
            if person:
                kind, name = "person", person[:MAX_NAME]
            if kind in ("person", "department") and name:
                return {"assignee": {"kind": kind, "name": name}}
        case "dismiss":
            return {"kind": form.get("kind") or None}
        case "merge":
            return {"into": alert_in(form.get("into", ""))}
    return {}


def alert_in(text: str) -> str:
    """The id of an alert, from itself or from the address of its page."""
    return unquote(urlsplit(text.strip()).path.rstrip("/").rpartition("/")[2]) or "?"
