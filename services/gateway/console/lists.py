"""What stands behind the figures of the overview: the conflicts and the messages that were counted."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from services.gateway.api.answers import FromConsistency, FromJourney, page
from services.gateway.api.overview import window_params
from services.gateway.console import wording
from services.gateway.console.customers import Cursor, Filter
from services.gateway.console.entries import key_of
from services.gateway.console.rendering import render
from services.gateway.console.session import Viewer
from shared.web.window import Window, today, window_of

router = APIRouter(include_in_schema=False)

PAGE = 40
Chosen = Annotated[Window | None, Depends(window_of)]
Words = Annotated[str, Query(max_length=2_000)]


def known(names: Mapping[str, str], key: str) -> str:
    """A filter that does not exist shows everything."""
    return key if key in names else ""


@router.get("/conflicts")
async def conflicts(
    request: Request,
    viewer: Viewer,
    consistency: FromConsistency,
    kind: Filter = "",
    state: Filter = "",
    earlier: Filter = "",
    later: Filter = "",
    channel: Filter = "",
    customer: Annotated[str, Query(max_length=256)] = "",
    subject: Words = "",
    attribute: Annotated[str, Query(max_length=256)] = "",
    window: Chosen = None,
    cursor: Cursor = None,
) -> Response:
    filters = {
        "kind": known(wording.KINDS, kind),
        "state": known(wording.CONFLICT_STATES, state),
        "earlier": known(wording.DEPARTMENTS, earlier),
        "later": known(wording.DEPARTMENTS, later),
        "channel": known(wording.CHANNELS, channel),
        "customer": customer,
        "subject": subject,
        "attribute": attribute,
        **window_params(window),
    }
    found = await consistency.conflicts(page(PAGE, cursor, **filters))
    return render(request, "conflicts.html", conflicts=found["items"], next=found["next"], filters=filters)


@router.get("/messages")
async def messages(
    request: Request,
    viewer: Viewer,
    journey: FromJourney,
    department: Filter = "",
    channel: Filter = "",
    window: Chosen = None,
    cursor: Cursor = None,
) -> Response:
    """Without days, those of the last month."""
    filters = {
        "department": known(wording.DEPARTMENTS, department),
        "channel": known(wording.CHANNELS, channel),
        **(window or Window.ending(today(), 31)).to_json(),
    }
    found = await journey.messages(page(PAGE, cursor, **filters))
    return render(request, "messages.html", messages=found["items"], next=found["next"], filters=filters, key_of=key_of)
