"""Alerts: list, detail, live stream, and what ops do about them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sse_starlette import EventSourceResponse

from services.gateway.api.answers import Cursor, FromConsistency, Limit, page, problems
from services.gateway.live import Live
from services.gateway.shapes import Action, Alert, AlertPage, AlertState, Kind
from shared.events import Department
from shared.web.body import body_as
from shared.web.keys import Caller, allow
from shared.web.paths import AlertId

router = APIRouter(prefix="/v1/alerts", tags=["alerts"])

Reader = Depends(allow("agent", "ops"))
Ops = Annotated[Caller, Depends(allow("ops"))]

EXAMPLE_STREAM = (
    "event: ready\nid: 41\ndata: {}\n\n"
    'event: alert\nid: 42\ndata: {"id": "8c1f0b5a0f7d4e6a", "kind": "contradiction", "state": "open"}\n\n'
)


class Because(BaseModel):
    """Why; shown in the alert's history."""

    model_config = ConfigDict(extra="forbid")

    reason: str | None = Field(None, max_length=1_000, examples=["Sales corrects the quote today."])


MAX_BODY = 16 * 1024


async def because(request: Request, _: Ops) -> Because | None:
    return await body_as(Because, request, MAX_BODY)


Reason = Annotated[Because | None, Depends(because)]
BODY: dict[str, Any] = {
    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Because"}}}}
}
CHANGED = problems(404, 409, 413, 415)


@router.get("", summary="Alerts", response_model=AlertPage, responses=problems(), dependencies=[Reader])
async def alerts(
    consistency: FromConsistency,
    state: Annotated[AlertState | None, Query()] = None,
    kind: Annotated[Kind | None, Query()] = None,
    department: Annotated[Department | None, Query(description="Sender of either side.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """One alert a cause, however many customers it reaches; the one seen last comes first."""
    return JSONResponse(await consistency.alerts(page(limit, cursor, state=state, kind=kind, department=department)))


LastEventId = Annotated[
    str | None,
    Header(description="The id of the last event that was received."),
]


@router.get(
    "/stream",
    summary="Alerts as they change",
    response_class=Response,
    dependencies=[Reader],
    responses={
        200: {
            "description": "Server-sent events, without end.",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": EXAMPLE_STREAM}},
        },
        **problems(),
    },
)
async def stream(
    request: Request,
    last_event_id: LastEventId = None,
    query_id: Annotated[
        str | None, Query(alias="last_event_id", description="The same, for clients that cannot set headers.")
    ] = None,
) -> EventSourceResponse:
    """Each event `alert` has the whole alert as its data. The stream starts with `ready`, from whose id on it
    is complete. With the id of the last event received it goes on from there; where that is too long ago,
    it says `reset`: read the list of alerts again, then go on. Comments keep the connection alive."""
    live: Live = request.app.state.live
    return live.response(last_event_id if last_event_id is not None else query_id)


@router.get("/{id}", summary="One alert", response_model=Alert, responses=problems(404), dependencies=[Reader])
async def alert(consistency: FromConsistency, id: AlertId) -> JSONResponse:
    """With its senders, what each side says, examples of customers, and its history."""
    return JSONResponse(await consistency.alert(id))


async def act(
    consistency: FromConsistency, id: str, action: Action, caller: Caller, because: Because | None
) -> JSONResponse:
    reason = because.reason.strip() if because and because.reason else None
    return JSONResponse(await consistency.act(id, action, caller.name, reason or None))


@router.post(
    "/{id}/acknowledge",
    summary="Somebody looks into it",
    response_model=Alert,
    responses=problems(404, 409, 413, 415),
    openapi_extra=BODY,
)
async def acknowledge(consistency: FromConsistency, caller: Ops, id: AlertId, because: Reason) -> JSONResponse:
    """The alert's state becomes `acknowledged`; its history keeps who did it, when and why."""
    return await act(consistency, id, "acknowledge", caller, because)


@router.post(
    "/{id}/resolve",
    summary="The cause is corrected",
    response_model=Alert,
    responses=problems(404, 409, 413, 415),
    openapi_extra=BODY,
)
async def resolve(consistency: FromConsistency, caller: Ops, id: AlertId, because: Reason) -> JSONResponse:
    """The alert's state becomes `resolved`."""
    return await act(consistency, id, "resolve", caller, because)


@router.post(
    "/{id}/dismiss",
    summary="It is none",
    response_model=Alert,
    responses=problems(404, 409, 413, 415),
    openapi_extra=BODY,
)
async def dismiss(consistency: FromConsistency, caller: Ops, id: AlertId, because: Reason) -> JSONResponse:
    """The alert's state becomes `dismissed`."""
    return await act(consistency, id, "dismiss", caller, because)


@router.post(
    "/{id}/reopen",
    summary="It is not over",
    response_model=Alert,
    responses=problems(404, 409, 413, 415),
    openapi_extra=BODY,
)
async def reopen(consistency: FromConsistency, caller: Ops, id: AlertId, because: Reason) -> JSONResponse:
    """The alert's state becomes `open` again."""
    return await act(consistency, id, "reopen", caller, because)
