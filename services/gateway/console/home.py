"""The overview: what is open, and how the company has been contradicting itself over some days."""

import asyncio
from collections import Counter
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from services.gateway.api.answers import FromConsistency, FromJourney
from services.gateway.api.overview import DAYS, overview_of
from services.gateway.console.languages import N_
from services.gateway.console.rendering import render
from services.gateway.console.session import Viewer
from services.gateway.console.trends import of_messages, of_pairs, spans
from services.gateway.shapes.overview import Overview
from shared.web.window import MAX_DAYS, Last, Window

router = APIRouter(include_in_schema=False)

NEWEST = 4
CHOICES = {7: N_("7 days"), 30: N_("30 days"), 90: N_("90 days"), 365: N_("A year")}
Days = Annotated[int, Query(ge=1, le=MAX_DAYS)]


@router.get("/")
async def overview(
    request: Request,
    viewer: Viewer,
    journey: FromJourney,
    consistency: FromConsistency,
    days: Days = DAYS,
    last: Last = None,
) -> Response:
    told, found, alerts, trends = await asyncio.gather(
        journey.stats(),
        consistency.stats(),
        consistency.alerts([("state", "open"), ("limit", str(NEWEST))]),
        overview_of(journey, consistency, days, last),
    )
    request.state.open_alerts = found["alerts"]["by_state"].get("open", 0)
    window = window_in(trends)
    over_time = spans(window, trends["conflicts"]["by_day"])
    kinds: Counter[str] = Counter()
    for span in over_time:
        kinds.update(span.kinds)
    return render(
        request,
        "home.html",
        touchpoints=told["touchpoints"],
        customers=told["customers"],
        conflict_states=found["conflicts"]["by_state"],
        alert_states=found["alerts"]["by_state"],
        alerts=alerts["items"],
        days=days,
        last=last.isoformat() if last else None,
        choices=CHOICES,
        window=window.to_json(),
        conflicts=trends["conflicts"],
        messages=trends["messages"],
        spans=over_time,
        kinds=kinds,
        pairs=of_pairs(trends["conflicts"]["by_pair"]),
        sent=of_messages(trends["messages"]["cells"]),
    )


def window_in(overview: Overview) -> Window:
    return Window(date.fromisoformat(overview["from"]), date.fromisoformat(overview["to"]))
