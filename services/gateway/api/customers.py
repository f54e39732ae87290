"""Customers: who they are, what they were told, what of it holds."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse

from services.gateway.api.answers import Cursor, FromConsistency, FromJourney, Limit, page, problems
from services.gateway.shapes.claims import Claims
from services.gateway.shapes.customers import Customer, CustomerPage, TimelinePage
from shared.events import EVENT_TYPES, Channel, Department, timestamp
from shared.events.models import Direction, Moment, Purpose
from shared.web.keys import allow
from shared.web.paths import CustomerId

router = APIRouter(prefix="/v1/customers", tags=["customers"], dependencies=[Depends(allow("agent", "ops"))])

EventType = Literal[EVENT_TYPES]  # type: ignore[valid-type]

EXAMPLE_CUSTOMER: dict[str, Any] = {
    "id": "lw-c-20117",
    "first": "2025-09-03T08:00:28Z",
    "last": "2025-10-20T16:44:36Z",
    "touchpoints": 3,
    "messages": {"total": 3, "by_department": {"operations": 1, "support": 2}, "by_channel": {"letter": 1, "chat": 2}},
    "cases": {"open": []},
    "consent": {"email": "withdrawn"},
    "conflicts": {"open": 1},
    "promotion": {"day": 0, "week": 1, "month": 3, "last": "2025-10-20T16:44:36Z"},
}


@router.get(
    "",
    summary="Find customers",
    response_model=CustomerPage,
    responses=problems(),
)
async def customers(
    journey: FromJourney,
    query: Annotated[str, Query(max_length=256, description="Part of an id, in upper or lower case.")] = "",
    text: Annotated[
        str, Query(max_length=256, description="Words, numbers or identifiers that stand in one message, whole.")
    ] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """By `query`: the customers whose id has it in it, latest contact first.

    By `text`: the customers with a message, to them or from them, that has all the words in its title or text, in any
    order; each once, with the newest such message, whoever has the newest first. Case does not matter, nor how an
    identifier is joined (`LW-20931`, `lw20931`); Chinese is found by two characters or more. A page may hold fewer than
    `limit`; `next` says whether there is more. Of a very long message the first words count, and all numbers before
    them.
    """
    return JSONResponse(await journey.customers(page(limit, cursor, query=query, text=text)))


@router.get(
    "/{id}",
    summary="One customer at a glance",
    response_model=Customer,
    responses={200: {"content": {"application/json": {"example": EXAMPLE_CUSTOMER}}}, **problems(404)},
)
async def customer(journey: FromJourney, id: CustomerId) -> JSONResponse:
    """First and last contact, messages by department and channel, open cases, consent, open conflicts, and how much
    promotion the customer got lately."""
    return JSONResponse(await journey.customer(id))


@router.get(
    "/{id}/timeline",
    summary="What every department told the customer",
    response_model=TimelinePage,
    responses=problems(404),
)
async def timeline(
    journey: FromJourney,
    id: CustomerId,
    department: Annotated[list[Department], Query(description="Repeatable.")] = [],  # noqa: B006 - FastAPI copies it
    channel: Annotated[list[Channel], Query(description="Repeatable.")] = [],  # noqa: B006
    direction: Annotated[list[Direction], Query(description="Repeatable.")] = [],  # noqa: B006
    purpose: Annotated[list[Purpose], Query(description="Repeatable.")] = [],  # noqa: B006
    type: Annotated[list[EventType], Query(description="Repeatable.")] = [],  # noqa: B006
    since: Annotated[Moment | None, Query(alias="from", description="Not before; RFC 3339.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Before; RFC 3339.")] = None,
    text: Annotated[str, Query(max_length=256, description="Words that occur in the message.")] = "",
    conflicts: Annotated[
        Literal["open", "any"] | None,
        Query(description="Only what is part of an open conflict, or of any that was not withdrawn."),
    ] = None,
    order: Annotated[Literal["desc", "asc"], Query(description="Newest or oldest first.")] = "desc",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """Events as CloudEvents, each with the `delivery` state of a message and the `conflicts` it is part of.

    Delivery events are folded into their message and are items only where `type` asks for them.
    """
    filters = page(
        limit,
        cursor,
        department=department,
        channel=channel,
        direction=direction,
        purpose=purpose,
        type=type,
        text=text,
        conflicts=conflicts,
        order=order,
        **{"from": timestamp(since) if since else None, "to": timestamp(until) if until else None},
    )
    return JSONResponse(await journey.timeline(id, filters))


@router.get(
    "/{id}/claims",
    summary="What the customer was told, by subject",
    response_model=Claims,
    responses=problems(404),
)
async def claims(consistency: FromConsistency, id: CustomerId) -> JSONResponse:
    """Statements made comparable, with the message and the words they stand in. One that a later message
    replaced names it in `superseded_by`; the others still hold, until `valid_until` where it is given."""
    return JSONResponse(await consistency.claims(id))
