"""Rooms of the customer: find one; see what every department said, what clashes, and what holds."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from fastapi_problem.error import Problem
from markupsafe import Markup

from services.gateway.api.answers import FromConsistency, FromJourney, page
from services.gateway.console import formats, wording
from services.gateway.console.elsewhere import said
from services.gateway.console.entries import by_key, days, key_of, others_wanted, text_of
from services.gateway.console.marks import Range, excerpt, marked
from services.gateway.console.rendering import render
from services.gateway.console.session import Viewer
from services.gateway.console.told import told
from services.gateway.shapes.claims import Claim
from services.gateway.shapes.customers import CustomerPage, CustomerRow, TimelineItem
from services.gateway.upstream import Consistency, Journey
from shared.events import timestamp
from shared.web.paths import CustomerId

router = APIRouter(include_in_schema=False)

MAX_OTHERS = 100
"""Events asked for at once."""
PAGE = 30
FOUND = 40
FOUND_BY_WORDS = 20
MOST_MARKS = 4
"""Places of a message that its excerpt shows."""
AROUND = 60
"""Characters shown before and after each."""

Cursor = Annotated[str | None, Query(max_length=1_000)]
Filter = Annotated[str, Query(max_length=40)]


@router.get("/customers")
async def find(
    request: Request,
    viewer: Viewer,
    journey: FromJourney,
    query: Annotated[str, Query(max_length=256)] = "",
    cursor: Cursor = None,
    said: Cursor = None,
) -> Response:
    """By a part of the id, and by words that were said; `cursor` goes on with the first, `said` with the second."""
    wanted = query.strip()
    by_id, (by_words, trouble) = await asyncio.gather(
        journey.customers(page(FOUND, cursor, query=wanted)) if said is None else none_of_them(),
        by_what_was_said(journey, "" if cursor else wanted, said),
    )
    shown = {one["id"] for one in by_id["items"]}
    return render(
        request,
        "customers.html",
        query_text=query,
        by_id=by_id["items"],
        next=by_id["next"],
        by_words=[found(one) for one in by_words["items"] if one["id"] not in shown],
        next_said=by_words["next"],
        trouble=trouble,
    )


async def none_of_them() -> CustomerPage:
    return {"items": [], "next": None}


async def by_what_was_said(journey: Journey, text: str, cursor: str | None) -> tuple[CustomerPage, str]:
    """Also why there is nobody, where the words are none that can be looked for: the others are worth showing."""
    if not text:
        return await none_of_them(), ""
    try:
        return await journey.customers(page(FOUND_BY_WORDS, cursor, text=text)), ""
    except Problem as trouble:
        if trouble.status != 422:
            raise
        return await none_of_them(), said(trouble.detail or "")


@dataclass(frozen=True, slots=True)
class Found:
    """A customer found by what was said: the message, with the words marked."""

    customer: CustomerRow
    message: TimelineItem
    key: str
    title: Markup
    excerpt: Markup


def found(row: CustomerRow) -> Found:
    match = row["match"]
    data = match["message"]["data"]
    marks: dict[str, list[Range]] = {"title": [], "text": []}
    for span in match["spans"]:
        marks[span["field"]].append((span["start"], span["end"]))
    return Found(
        customer=row,
        message=match["message"],
        key=key_of(match["message"]),
        title=marked(data.get("title") or "", marks["title"]),
        excerpt=excerpt(data["text"], marks["text"][:MOST_MARKS], AROUND),
    )


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
    kind: Filter = "",
    conflicts: Filter = "",
    text: Annotated[str, Query(max_length=256)] = "",
    until: Filter = "",
    start: Annotated[int, Query(ge=0)] = 0,
    cursor: Cursor = None,
) -> Response:
    """`view=told` shows what the customer was told, by subject; any other the timeline, from `until` back."""
    if view == "told":
        return await what_we_told(request, journey, consistency, id, text, start)
    filters = {
        "department": department,
        "channel": channel,
        "direction": direction,
        "kind": kind if kind in wording.HAPPENINGS else "",
        "conflicts": conflicts if conflicts in ("open", "any") else "",
        "text": text,
    }
    summary, timeline = await asyncio.gather(
        journey.customer(id), journey.timeline(id, page(PAGE, cursor, **asked(filters), to=just_after(until)))
    )
    others = await events_of(journey, id, others_wanted(timeline["items"]))
    return render(
        request,
        "customer.html",
        customer=summary,
        view="timeline",
        days=days(timeline["items"], others),
        next=timeline["next"],
        filters=filters,
        until=until,
        paged=cursor is not None or bool(until),
    )


def asked(filters: dict[str, str]) -> dict[str, str]:
    """The page's filters as the journey knows them."""
    others = {name: given for name, given in filters.items() if name != "kind"}
    return others | ({"type": f"touchpoint.{filters['kind']}.v1"} if filters["kind"] else {})


def just_after(until: str) -> str:
    """The first moment after `until`, which times have in microseconds; empty where it is no time."""
    moment = formats.moment(until)
    return timestamp(moment + timedelta(microseconds=1)) if moment else ""


async def what_we_told(
    request: Request, journey: Journey, consistency: Consistency, id: str, text: str, start: int
) -> Response:
    summary, claims = await asyncio.gather(journey.customer(id), claims_or_none(consistency, id))
    found = None if claims is None else told(claims, text, start)
    events = by_key(await events_of(journey, id, found.events())) if found else {}
    return render(
        request,
        "customer.html",
        customer=summary,
        view="told",
        told=found,
        events=events,
        text=text,
        key_of=key_of,
        text_of=text_of,
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
