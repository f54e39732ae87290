"""Rooms of the customer: find one; see what every department said, what clashes, and what holds."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from fastapi_problem.error import Problem

from services.gateway.api.answers import FromConsistency, FromJourney, page
from services.gateway.console.entries import by_key, days, key_of, others_wanted, text_of
from services.gateway.console.rendering import render
from services.gateway.console.session import Viewer
from services.gateway.shapes import Claim, TimelineItem
from services.gateway.upstream import Consistency, Journey
from shared.web.paths import CustomerId

router = APIRouter(include_in_schema=False)

MAX_OTHERS = 100
"""Events asked for at once."""
PAGE = 30

Cursor = Annotated[str | None, Query(max_length=1_000)]
Filter = Annotated[str, Query(max_length=40)]


@router.get("/customers")
async def find(
    request: Request,
    viewer: Viewer,
    journey: FromJourney,
    query: Annotated[str, Query(max_length=256)] = "",
    cursor: Cursor = None,
) -> Response:
    found = await journey.customers(page(40, cursor, query=query.strip()))
    return render(request, "customers.html", query_text=query, customers=found["items"], next=found["next"])


@router.get("/customers/{id}")
async def customer(
    request: Request,
    viewer: Viewer,
    journey: FromJourney,
    consistency: FromConsistency,
    id: CustomerId,
    view: Annotated[str, Query(max_length=40)] = "timeline",
    department: Filter = "",
    channel: Filter = "",
    direction: Filter = "",
    text: Annotated[str, Query(max_length=256)] = "",
    cursor: Cursor = None,
) -> Response:
    """`view=told` shows what the customer was told, by subject; any other the timeline."""
    if view == "told":
        summary, claims = await asyncio.gather(journey.customer(id), claims_or_none(consistency, id))
        subjects = None if claims is None else by_subject(claims)
        said = await words_of(journey, id, claims or [])
        return render(
            request, "customer.html", customer=summary, view="told", subjects=subjects, said=said, key_of=key_of
        )
    filters = {"department": department, "channel": channel, "direction": direction, "text": text}
    summary, timeline = await asyncio.gather(journey.customer(id), journey.timeline(id, page(PAGE, cursor, **filters)))
    others = await events_of(journey, id, others_wanted(timeline["items"]))
    return render(
        request,
        "customer.html",
        customer=summary,
        view="timeline",
        days=days(timeline["items"], others),
        next=timeline["next"],
        filters=filters,
        paged=cursor is not None,
    )


async def claims_or_none(consistency: Consistency, customer: str) -> list[Claim] | None:
    """None where they cannot be had now: the timeline is worth showing without them."""
    try:
        return (await consistency.claims(customer))["items"]
    except Problem as trouble:
        return [] if trouble.status == 404 else None


async def events_of(journey: Journey, customer: str, ids: Sequence[str]) -> list[TimelineItem]:
    parts = [ids[start : start + MAX_OTHERS] for start in range(0, len(ids), MAX_OTHERS)]
    answers = await asyncio.gather(*(journey.events(customer, part) for part in parts))
    return [item for answer in answers for item in answer["items"]]


async def words_of(journey: Journey, customer: str, claims: Sequence[Claim]) -> dict[str, str]:
    """The text of each message that a claim stands in, by the event's key."""
    ids = sorted({claim["event"]["id"] for claim in claims})
    return {key: text_of(item) for key, item in by_key(await events_of(journey, customer, ids)).items()}


def by_subject(claims: Sequence[Claim]) -> list[tuple[str, list[Claim], list[Claim]]]:
    """For each subject what stands and what was superseded; what was said last comes first."""
    groups: dict[str, list[Claim]] = {}
    for claim in sorted(claims, key=lambda one: one["time"], reverse=True):
        groups.setdefault(claim["subject"].lower(), []).append(claim)
    return [
        (
            group[0]["subject"],
            [claim for claim in group if not claim.get("superseded_by")],
            [claim for claim in group if claim.get("superseded_by")],
        )
        for group in groups.values()
    ]
