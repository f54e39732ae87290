"""Pre-flight of one message to many customers."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from fastapi_problem.error import Problem
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.api.answers import FromConsistency, problems
from services.gateway.campaign import MAX_CUSTOMERS, checked, planned_for
from services.gateway.plan import allow_department
from services.gateway.shapes.preflight import CampaignLine
from services.gateway.upstream import Consistency
from shared.events import MessageEvent
from shared.web.body import body_as
from shared.web.keys import Caller, allow
from shared.web.problems import problem

router = APIRouter(prefix="/v1", tags=["conflicts"])

MAX_BODY = 4 * 1024 * 1024
Sender = Annotated[Caller, Depends(allow("publisher", "agent", "ops"))]
EXAMPLE: dict[str, Any] = {
    "department": "marketing",
    "channel": "email",
    "purpose": "promotional",
    "campaign": "spring-pro",
    "text": "Upgrade to Pro before Friday and save 25 % for a year.",
}


class PlannedCampaign(BaseModel):
    """A planned message, as for `/v1/preflight` but without its customer, and whom it would go to."""

    model_config = ConfigDict(extra="forbid")

    message: dict[str, Any] = Field(examples=[EXAMPLE])
    customers: list[str] = Field(max_length=5 * MAX_CUSTOMERS, examples=[["lw-c-20117", "lw-c-20118"]])


async def campaign_in(request: Request, _: Sender) -> PlannedCampaign:
    planned = await body_as(PlannedCampaign, request, MAX_BODY)
    if planned is None:
        raise problem(422, 'Which message, to whom? Send {"message": {...}, "customers": [...]}.')
    return planned


async def begun(consistency: Consistency, event: MessageEvent, customers: list[str]) -> AsyncIterator[CampaignLine]:
    """The lines of a campaign that is under way; what is refused is raised here, before the first of them."""
    lines = consistency.campaign(event.model_dump(mode="json", by_alias=True, exclude_none=True), customers)
    first = await anext(lines, None)
    if first is None:
        raise problem(503, "The check ended before it began; try again.", retry_after=5)
    return following(first, lines)


async def following(
    first: CampaignLine, lines: AsyncGenerator[CampaignLine, None]
) -> AsyncGenerator[CampaignLine, None]:
    """A problem on the way is the last line."""
    async with aclosing(lines):
        yield first
        try:
            async for line in lines:
                yield line
        except Problem as trouble:
            yield {"problem": str(trouble.detail)}


@router.post(
    "/preflight/campaign",
    summary="Whom would this message tell something that clashes?",
    responses={
        200: {
            "description": "Lines of JSON. The last has `result`, or `problem`; the others say how far it is.",
            "content": {"application/x-ndjson": {"schema": {"$ref": "#/components/schemas/CampaignLine"}}},
        },
        **problems(413, 415),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PlannedCampaign"}}},
        }
    },
    response_class=StreamingResponse,
)
async def preflight_campaign(
    consistency: FromConsistency, caller: Sender, planned: Annotated[PlannedCampaign, Depends(campaign_in)]
) -> StreamingResponse:
    """Compares a planned message with what each of up to 10,000 customers has been told, within two minutes, and
    stores nothing. Where the time does not suffice, `complete` is false and what was checked is a fair sample."""
    customers = checked(enumerate(planned.customers, 1))
    event = planned_for(planned.message, customers)
    allow_department(caller, event)
    lines = await begun(consistency, event, customers)

    async def written() -> AsyncIterator[bytes]:
        async for line in lines:
            yield orjson.dumps(line) + b"\n"

    return StreamingResponse(written(), media_type="application/x-ndjson")
