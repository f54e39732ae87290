"""Pre-flight: what a message would clash with, for one customer or for many."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from services.consistency.api.desk import AtDesk
from services.consistency.campaign import Campaign, clash_to_json, so_far, to_json
from services.consistency.domain.campaign import Outcome
from services.consistency.domain.stored import written
from shared.events import MAX_EVENT_BYTES, MessageEvent, parse_event
from shared.mongo import TRANSIENT
from shared.web.body import body_as, bounded_body
from shared.web.keys import allow
from shared.web.problems import errors_of, problem

router = APIRouter(prefix="/v1", tags=["consistency"], dependencies=[Depends(allow("service"))])


@router.post("/preflight")
async def preflight(request: Request, desk: AtDesk) -> dict[str, Any]:
    """The body is a message event; its time is now where it has none."""
    planned = planned_message(await bounded_body(request, MAX_EVENT_BYTES), desk.clock())
    found = await desk.examination.rehearse(planned)
    return {"conflicts": [clash_to_json(conflict) for conflict in found]}


MAX_CAMPAIGN_BYTES = 8 * 1024 * 1024


@router.post("/preflight/campaign")
async def preflight_campaign(request: Request, desk: AtDesk) -> StreamingResponse:
    """Lines of JSON: how far it is, and in the end the result, or the problem that ended it."""
    campaign = await body_as(Campaign, request, MAX_CAMPAIGN_BYTES)
    if campaign is None:
        raise problem(422, 'Which message, to whom? Send {"event": ..., "customers": [...]}.')
    progress = desk.campaigns.progress(campaign)
    first = await anext(progress)  # what is refused is refused before the answer begins
    return StreamingResponse(lines(first, progress), media_type="application/x-ndjson")


async def lines(first: Outcome, progress: AsyncGenerator[Outcome, None]) -> AsyncIterator[bytes]:
    outcome = first
    async with aclosing(progress):
        yield orjson.dumps(so_far(outcome)) + b"\n"
        try:
            async for outcome in progress:
                yield orjson.dumps(so_far(outcome)) + b"\n"
        except TRANSIENT:
            yield orjson.dumps({"problem": "A server behind this one does not answer at the moment."}) + b"\n"
            return
    yield orjson.dumps({"result": to_json(outcome)}) + b"\n"


def planned_message(body: bytes, now: int) -> MessageEvent:
    try:
        plain = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise problem(400, "The body is not JSON.") from error
    if not isinstance(plain, dict):
        raise problem(422, "A message event in the CloudEvents JSON format is needed.")
    try:
        event = parse_event(orjson.dumps({"time": written(now), **plain}))
    except orjson.JSONEncodeError as error:
        raise problem(422, "The body is nested too deep.") from error
    except ValidationError as error:
        mistakes = errors_of(error)
        detail = "; ".join(f"{mistake['path']}: {mistake['reason']}" for mistake in mistakes[:5])
        raise problem(422, detail, errors=mistakes) from error
    if not isinstance(event, MessageEvent):
        raise problem(422, f"Only a message can be checked before it is sent, not {event.type}.")
    return event
