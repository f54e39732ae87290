"""The room where one message is tried on many customers before it goes out.

The answer is a page that grows while customers are checked, so that progress is seen without script, and whichever
instance of the gateway answers.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from fastapi_problem.error import Problem
from markupsafe import Markup

from services.gateway.api.answers import FromConsistency, FromJourney
from services.gateway.api.campaign import begun
from services.gateway.campaign import MAX_CUSTOMERS, customers_in, planned_for
from services.gateway.console.customers import events_of
from services.gateway.console.elsewhere import said
from services.gateway.console.entries import Side, by_key, key_of, other_reference, ranges, side
from services.gateway.console.languages import gettext
from services.gateway.console.marks import marked
from services.gateway.console.preflight import filled_in
from services.gateway.console.rendering import fragment, render, rendered
from services.gateway.console.session import CheckedForm, Form, Viewer
from services.gateway.shapes.conflicts import Clash
from services.gateway.shapes.preflight import CampaignCause, CampaignExample, CampaignLine, CampaignResult
from services.gateway.upstream import Journey
from shared.events import MessageEvent, identity_of

router = APIRouter(include_in_schema=False)

EMPTY: Form = {
    "customers": "",
    "department": "marketing",
    "channel": "email",
    "purpose": "",
    "campaign": "",
    "text": "",
}
GROWS_HERE = "<!-- grows here -->"
EXAMPLES_SHOWN = 10
"""Causes of which the other message of an example is shown."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A cause with its first example, both sides at hand; `other` is None where it was left out."""

    cause: CampaignCause
    clash: Clash
    other: Side | None


@router.get("/preflight/campaign")
async def form_page(request: Request, viewer: Viewer) -> Response:
    return render(request, "campaign.html", fields=EMPTY, mistake=None, most=MAX_CUSTOMERS)


@router.post("/preflight/campaign")
async def check(
    request: Request, viewer: Viewer, consistency: FromConsistency, journey: FromJourney, form: CheckedForm
) -> Response:
    fields = filled_in(EMPTY, form)
    try:
        customers = customers_in(fields["customers"])
        event = planned_for(message_of(fields), customers)
    except Problem as mistake:
        detail = said(str(mistake.detail))
        return render(request, "campaign.html", status=422, fields=fields, mistake=detail, most=MAX_CUSTOMERS)
    lines = await begun(consistency, event, customers)
    page = rendered(request, "campaign_run.html", fields=fields, total=len(customers))
    # A proxy that collects the whole page first would hide the progress.
    return StreamingResponse(
        growing(page, event, journey, lines), media_type="text/html", headers={"X-Accel-Buffering": "no"}
    )


def message_of(fields: Form) -> dict[str, Any]:
    given = {name: fields[name] for name in ("purpose", "campaign") if fields[name]}
    return {"department": fields["department"], "channel": fields["channel"], "text": fields["text"], **given}


async def growing(
    page: str, event: MessageEvent, journey: Journey, lines: AsyncIterator[CampaignLine]
) -> AsyncIterator[str]:
    before, after = page.split(GROWS_HERE)
    yield before
    ended = False
    async for line in lines:
        if "result" in line:
            ended = True
            result = line["result"]
            shown = await with_other_sides(journey, event, result)
            yield fragment("campaign_result.html", result=result, shown=shown, planned=planned(event, result))
        elif "problem" in line:
            ended = True
            yield fragment("campaign_trouble.html", detail=said(line["problem"]))
        else:
            yield fragment("campaign_progress.html", line=line)
    if not ended:
        yield fragment("campaign_trouble.html", detail=gettext("The check ended before it was done."))
    yield after


def planned(event: MessageEvent, result: CampaignResult) -> Markup:
    """The planned text with every word marked that clashes in an example."""
    examples = (example for cause in result["causes"] for example in cause["examples"])
    words = [found for example in examples for found in ranges(example["conflict"], event.id)]
    return marked(event.data.text, words)


async def with_other_sides(journey: Journey, event: MessageEvent, result: CampaignResult) -> list[Shown]:
    own = identity_of(event)
    shown = []
    for number, cause in enumerate(result["causes"]):
        example = cause["examples"][0]
        other = await other_side(journey, own, example) if number < EXAMPLES_SHOWN else None
        shown.append(Shown(cause, example["conflict"], other))
    return shown


async def other_side(journey: Journey, own: str, example: CampaignExample) -> Side | None:
    """None where it cannot be had now: the page says the rest without it."""
    clash = example["conflict"]
    reference = other_reference(clash, own)
    try:
        known = by_key(await events_of(journey, example["customer"], [reference["id"]]))
    except Problem as trouble:
        if trouble.status != 404:
            return None
        known = {}
    return side(clash, reference, known.get(key_of(reference)))
