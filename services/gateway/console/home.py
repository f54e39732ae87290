"""The overview: what is open, and what the company has been saying."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.gateway.api.answers import FromConsistency, FromJourney
from services.gateway.console.charts import MAX_ALERTS, parts_in
from services.gateway.console.rendering import render
from services.gateway.console.session import Viewer

router = APIRouter(include_in_schema=False)

NEWEST = 6


@router.get("/")
async def overview(request: Request, viewer: Viewer, journey: FromJourney, consistency: FromConsistency) -> Response:
    told, found, alerts = await asyncio.gather(
        journey.stats(),
        consistency.stats(),
        consistency.alerts([("state", "open"), ("limit", str(MAX_ALERTS))]),
    )
    request.state.open_alerts = found["alerts"]["by_state"].get("open", 0)
    return render(
        request,
        "home.html",
        touchpoints=told["touchpoints"],
        customers=told["customers"],
        departments=told["messages"]["by_department"] if "messages" in told else {},
        kinds=found["conflicts"]["by_kind"],
        conflict_states=found["conflicts"]["by_state"],
        alert_states=found["alerts"]["by_state"],
        alerts=alerts["items"][:NEWEST],
        senders=parts_in(alerts["items"]),
    )
