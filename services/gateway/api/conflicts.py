"""Conflicts, found and foreseen."""

from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from services.gateway.api.answers import Cursor, FromConsistency, Limit, page, problems
from services.gateway.api.document import PLAN
from services.gateway.api.overview import window_params
from services.gateway.plan import allow_department, planned_message
from services.gateway.shapes.conflicts import ConflictPage, ConflictState, Kind
from services.gateway.shapes.preflight import Preflight
from shared.events import MAX_EVENT_BYTES, Channel, Department
from shared.web.body import bounded_body
from shared.web.keys import Caller, allow
from shared.web.window import Window, window_of

router = APIRouter(prefix="/v1", tags=["conflicts"])

EXAMPLE_PLAN: dict[str, Any] = {
    "customer": {"id": "lw-c-20117"},
    "department": "marketing",
    "channel": "email",
    "purpose": "promotional",
    "text": "Upgrade to Pro before Friday and save 25 % for a year.",
}


@router.get("/conflicts", summary="Conflicts that were found", response_model=ConflictPage, responses=problems())
async def conflicts(
    consistency: FromConsistency,
    _: Annotated[Caller, Depends(allow("agent", "ops"))],
    customer: Annotated[str | None, Query(min_length=1, max_length=256, description="Of this customer alone.")] = None,
    kind: Annotated[Kind | None, Query()] = None,
    state: Annotated[ConflictState | None, Query(description="Without it, all but the withdrawn ones.")] = None,
    alert: Annotated[str | None, Query(min_length=1, max_length=256, description="Of this alert alone.")] = None,
    earlier: Annotated[Department | None, Query(description="Who said the earlier side.")] = None,
    later: Annotated[Department | None, Query(description="Who said the later side.")] = None,
    channel: Annotated[Channel | None, Query(description="Of the later message.")] = None,
    subject: Annotated[
        str | None, Query(max_length=2_000, description="What both speak of, as conflicts say it.")
    ] = None,
    attribute: Annotated[str | None, Query(min_length=1, max_length=256)] = None,
    window: Annotated[Window | None, Depends(window_of)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """Pairs of events that cannot both be relied on, each with the words that clash and the reason; those found last
    come first. `from` and `to` (at most a year) are of the later event."""
    filters = page(
        limit,
        cursor,
        customer=customer,
        kind=kind,
        state=state,
        alert=alert,
        earlier=earlier,
        later=later,
        channel=channel,
        subject=subject,
        attribute=attribute,
        **window_params(window),
    )
    return JSONResponse(await consistency.conflicts(filters))


@router.post(
    "/preflight",
    summary="Would this message clash?",
    response_model=Preflight,
    responses=problems(413, 415),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": PLAN, "example": EXAMPLE_PLAN}},
        }
    },
)
async def preflight(
    request: Request,
    consistency: FromConsistency,
    caller: Annotated[Caller, Depends(allow("publisher", "agent", "ops"))],
) -> JSONResponse:
    """Compares a planned message with what its customer has been told, and stores nothing.

    The body is the message's data (`direction` is `outbound` unless it says otherwise; `id`, `source` and
    `time` may stand beside it) or a whole CloudEvent. In the answer, `b` is the planned message.
    """
    event = planned_message(await bounded_body(request, MAX_EVENT_BYTES), f"plan-{uuid4()}")
    allow_department(caller, event)
    return JSONResponse(await consistency.preflight(event.model_dump(mode="json", by_alias=True, exclude_none=True)))
