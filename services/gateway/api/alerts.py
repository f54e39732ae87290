"""Alerts: list, counts, detail and live stream."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from sse_starlette import EventSourceResponse

from services.gateway.api.answers import Cursor, FromConsistency, Limit, chosen, page, problems
from services.gateway.api.overview import window_params
from services.gateway.live import Live
from services.gateway.shapes.alerts import Alert, AlertFacets, AlertPage, AlertState, Course, Order, Severity, Verdict
from services.gateway.shapes.conflicts import Kind
from shared.events import Department
from shared.web.keys import allow
from shared.web.paths import AlertId
from shared.web.window import Window, window_of

router = APIRouter(prefix="/v1/alerts", tags=["alerts"])

Reader = Depends(allow("agent", "ops"))

EXAMPLE_STREAM = (
    "event: ready\nid: 41\ndata: {}\n\n"
    'event: alert\nid: 42\ndata: {"id": "8c1f0b5a0f7d4e6a", "kind": "contradiction", "state": "open"}\n\n'
)


State = Annotated[AlertState | None, Query(description="Without it, all but the merged ones.")]
OfKind = Annotated[Kind | None, Query()]
OfSeverity = Annotated[Severity | None, Query()]
Departments = Annotated[
    tuple[Department | Literal["customer"], ...],
    Query(max_length=2, description="One: sender of either side. Two: of both. `customer`: what the customer did."),
]

OfRule = Annotated[str | None, Query(min_length=1, max_length=256, description="Found by this rule.")]
OfLanguage = Annotated[
    str | None, Query(min_length=2, max_length=8, description="A message of it is in this language, such as `en`.")
]
OfVerdict = Annotated[
    Verdict | None, Query(description="What was decided says that it was right or wrong, or says neither.")
]
Judged = Annotated[Window | None, Depends(window_of)]


@router.get("", summary="Alerts", response_model=AlertPage, responses=problems(), dependencies=[Reader])
async def alerts(
    consistency: FromConsistency,
    state: State = None,
    kind: OfKind = None,
    severity: OfSeverity = None,
    department: Departments = (),
    assignee: Annotated[
        str | None, Query(max_length=280, description="`person:` or `department:` and the name.")
    ] = None,
    rule: OfRule = None,
    language: OfLanguage = None,
    verdict: OfVerdict = None,
    judged: Judged = None,
    sort: Annotated[
        Order, Query(description="What comes first: the last seen, the most severe, the most customers.")
    ] = "last_seen",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """One alert a cause, however many customers it reaches; the one seen last comes first. With `from` and `to`, those
    judged on these days (see `verdict`)."""
    filters = page(
        limit,
        cursor,
        state=state,
        kind=kind,
        severity=severity,
        department=department,
        assignee=assignee,
        rule=rule,
        language=language,
        verdict=verdict,
        sort=sort,
        **window_params(judged),
    )
    return JSONResponse(await consistency.alerts(filters))


@router.get(
    "/counts",
    summary="How many alerts there are",
    response_model=AlertFacets,
    responses=problems(),
    dependencies=[Reader],
)
async def counts(
    consistency: FromConsistency,
    state: State = None,
    kind: OfKind = None,
    severity: OfSeverity = None,
    department: Departments = (),
    rule: OfRule = None,
    language: OfLanguage = None,
    verdict: OfVerdict = None,
    judged: Judged = None,
) -> JSONResponse:
    """By state, by severity and by departments, each under the filters on the other two and under all others."""
    filters = chosen(
        state=state,
        kind=kind,
        severity=severity,
        department=department,
        rule=rule,
        language=language,
        verdict=verdict,
        **window_params(judged),
    )
    return JSONResponse(await consistency.alert_facets(filters))


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


@router.get(
    "/{id}/course", summary="One alert over time", response_model=Course, responses=problems(404), dependencies=[Reader]
)
async def course(consistency: FromConsistency, id: AlertId) -> JSONResponse:
    """How many conflicts were told and corrected when, by the time that the messages carry, and how many were found
    lately. What is merged into the alert is counted with it."""
    return JSONResponse(await consistency.course(id))
