"""The room where a message is tried before it goes out."""

from typing import Any
from uuid import uuid4

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response
from fastapi_problem.error import Problem
from markupsafe import Markup

from services.gateway.api.answers import FromConsistency, FromJourney
from services.gateway.console import wording
from services.gateway.console.customers import events_of
from services.gateway.console.elsewhere import said
from services.gateway.console.entries import Side, by_key, key_of, other_reference, ranges, side
from services.gateway.console.marks import marked
from services.gateway.console.rendering import render
from services.gateway.console.session import CheckedForm, Form, Viewer
from services.gateway.plan import planned_message
from services.gateway.shapes.conflicts import Clash
from services.gateway.upstream import Journey
from shared.events import MessageEvent, identity_of

router = APIRouter(include_in_schema=False)

EMPTY: Form = {"customer": "", "department": "marketing", "channel": "email", "purpose": "", "text": ""}


@router.get("/preflight")
async def form_page(request: Request, viewer: Viewer, customer: str = "") -> Response:
    return show(request, EMPTY | {"customer": customer[:256]})


@router.post("/preflight")
async def check(
    request: Request, viewer: Viewer, consistency: FromConsistency, journey: FromJourney, form: CheckedForm
) -> Response:
    fields = filled_in(EMPTY, form)
    try:
        event = planned_message(orjson.dumps(data_of(fields)), f"plan-{uuid4()}")
    except Problem as mistake:
        return show(request, fields, status=422, mistake=said(str(mistake.detail)))
    clashes = (await consistency.preflight(event.model_dump(mode="json", by_alias=True, exclude_none=True)))[
        "conflicts"
    ]
    words = [found for clash in clashes for found in ranges(clash, event.id)]
    return show(
        request,
        fields,
        clashes=await with_other_side(journey, event, clashes),
        planned=marked(event.data.text, words),
        known=await is_known(journey, event.data.customer.id),
    )


def filled_in(empty: Form, form: Form) -> Form:
    """The form's own fields. Browsers send line breaks as CR LF; the words' places are counted in what is compared."""
    given = {name: value.strip().replace("\r\n", "\n") for name, value in form.items() if name in empty}
    return empty | given


def show(
    request: Request,
    fields: Form,
    *,
    status: int = 200,
    mistake: str | None = None,
    clashes: list[tuple[Clash, Side]] | None = None,
    planned: Markup | None = None,
    known: bool = True,
) -> Response:
    context: dict[str, Any] = {"fields": fields, "mistake": mistake, "clashes": clashes}
    return render(request, "preflight.html", status=status, planned=planned, known=known, words=wording, **context)


def data_of(fields: Form) -> dict[str, Any]:
    purpose = {"purpose": fields["purpose"]} if fields["purpose"] else {}
    return {
        "customer": {"id": fields["customer"]},
        "department": fields["department"],
        "channel": fields["channel"],
        "text": fields["text"],
        **purpose,
    }


async def with_other_side(journey: Journey, event: MessageEvent, clashes: list[Clash]) -> list[tuple[Clash, Side]]:
    own = identity_of(event)
    references = [other_reference(clash, own) for clash in clashes]
    try:
        ids = sorted({reference["id"] for reference in references})
        known = by_key(await events_of(journey, event.data.customer.id, ids))
    except Problem as trouble:
        if trouble.status != 404:
            raise
        known = {}
    return [
        (clash, side(clash, reference, known.get(key_of(reference))))
        for clash, reference in zip(clashes, references, strict=True)
    ]


async def is_known(journey: Journey, customer: str) -> bool:
    try:
        await journey.customer(customer)
    except Problem as trouble:
        if trouble.status != 404:
            raise
        return False
    return True
