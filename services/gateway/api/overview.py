"""What the company said, and where it contradicted itself, over some days."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse

from services.gateway.api.answers import Cursor, FromConsistency, FromJourney, Limit, page, problems
from services.gateway.shapes.customers import MessagePage
from services.gateway.shapes.overview import Overview
from services.gateway.upstream import Consistency, Journey
from shared.events import Channel, Department
from shared.web.keys import allow
from shared.web.window import MAX_DAYS, Last, Window, window_of

router = APIRouter(prefix="/v1", tags=["overview"], dependencies=[Depends(allow("agent", "ops"))])

DAYS = 90


async def overview_of(journey: Journey, consistency: Consistency, days: int, last: date | None) -> Overview:
    """Both owners are asked about the same days."""
    asked = [("days", str(days)), *([("to", last.isoformat())] if last else [])]
    window, messages = await journey.activity(asked)
    return {**window, "conflicts": await consistency.trends(window), "messages": messages}


@router.get(
    "/overview",
    summary="Conflicts and messages over some days",
    response_model=Overview,
    responses=problems(),
)
async def overview(
    journey: FromJourney,
    consistency: FromConsistency,
    days: Annotated[int, Query(ge=1, le=MAX_DAYS, description="How many, the last one included.")] = DAYS,
    last: Last = None,
) -> JSONResponse:
    """Conflicts by day and kind, by pair of departments, by channel, what they were most often about, how soon they
    were corrected; messages by department and channel. Events count on the day that they carry.

    Without `to`, the days end with the newest message. What was counted is told again for some seconds.
    """
    return JSONResponse(await overview_of(journey, consistency, days, last))


@router.get("/messages", summary="Messages sent on some days", response_model=MessagePage, responses=problems())
async def messages(
    journey: FromJourney,
    window: Annotated[Window | None, Depends(window_of)] = None,
    department: Annotated[Department | None, Query()] = None,
    channel: Annotated[Channel | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """What the company sent to any customer, the newest first; `from` and `to` are needed."""
    params = page(limit, cursor, department=department, channel=channel, **window_params(window))
    return JSONResponse(await journey.messages(params))


def window_params(window: Window | None) -> dict[str, str]:
    return window.to_json() if window is not None else {}
