"""The one route of ingest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi_problem.error import Problem

from services.ingest.body import Room, receive
from services.ingest.documentation import EVENTS_DOCUMENTATION
from services.ingest.intake import Intake, Verdict
from services.ingest.rate import Rate
from services.ingest.reading import mode_of, read, split
from shared.events import MAX_BATCH_BYTES, MAX_EVENT_BYTES
from shared.telemetry.metrics import METRICS
from shared.web.keys import Caller, allow
from shared.web.problems import problem

router = APIRouter(prefix="/v1", tags=["events"])

RETRY_SECONDS = 2
"""What a sender is asked to wait when the broker is away."""
SINGLE_BODY = 2 * MAX_EVENT_BYTES
"""One event's body: JSON may spend more bytes on it than it has in the end, on spaces and escapes."""


@dataclass(frozen=True, slots=True)
class Limits:
    body_seconds: float
    room: Room


@router.post("/events", **EVENTS_DOCUMENTATION)
async def publish_events(
    request: Request, caller: Annotated[Caller, Depends(allow("publisher", "canary"))]
) -> Response:
    intake: Intake = request.app.state.intake
    rate: Rate = request.app.state.rate
    limits: Limits = request.app.state.limits
    mode = mode_of(request.headers.get("content-type"), request.headers.raw)
    with limits.room.share() as share:
        try:
            largest = MAX_BATCH_BYTES if mode == "batched" else SINGLE_BODY
            body = await receive(request, largest, limits.body_seconds, share)
            items, body = split(mode, request.headers.raw, body)
            await rate.spend(caller.name, len(items))
        except Problem as refusal:
            METRICS.rejected(refusal.status)
            raise
        verdicts = await intake.take(read(mode, items, body), caller)
    return answer_batch(verdicts) if mode == "batched" else answer_single(verdicts[0])


def answer_single(verdict: Verdict) -> Response:
    if verdict.verdict == "rejected":
        raise problem(
            verdict.status,
            verdict.reason or "",
            retry_after=RETRY_SECONDS if verdict.status == 503 else None,
            **told(verdict),
        )
    return json_response(202, {"verdict": verdict.verdict, "id": verdict.id, "source": verdict.source})


def told(verdict: Verdict) -> dict[str, Any]:
    return {"id": verdict.id, "source": verdict.source, "errors": list(verdict.errors)}


def answer_batch(verdicts: Sequence[Verdict]) -> Response:
    """202 where everything is stored, 207 where some is not, 503 where the log is away and nothing is."""
    items = [{"index": index, **verdict.to_plain()} for index, verdict in enumerate(verdicts)]
    stored = sum(verdict.verdict != "rejected" for verdict in verdicts)
    away = any(verdict.status == 503 for verdict in verdicts)
    if away and not stored:
        raise problem(503, "Nothing could be stored; send the batch again.", retry_after=RETRY_SECONDS, items=items)
    accepted = sum(verdict.verdict == "accepted" for verdict in verdicts)
    body = {
        "accepted": accepted,
        "duplicate": stored - accepted,
        "rejected": len(verdicts) - stored,
        "items": items,
    }
    headers = {"Retry-After": str(RETRY_SECONDS)} if away else None
    return json_response(202 if stored == len(verdicts) else 207, body, headers)


def json_response(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, "application/json")
