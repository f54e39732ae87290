"""The service's HTTP API, for the gateway."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from services.consistency.alerting import Alerting
from services.consistency.campaign import Campaign, Campaigns, clash_to_json, so_far, to_json
from services.consistency.clock import Clock
from services.consistency.domain import trends
from services.consistency.domain.campaign import Outcome
from services.consistency.domain.conflict import Kind
from services.consistency.domain.history import History
from services.consistency.domain.stored import ConflictState, moment_of, written
from services.consistency.examination import Examination
from services.consistency.publish import Outbox
from services.consistency.store import Store, Trends
from services.consistency.store.conflicts import Wanted
from shared.events import MAX_EVENT_BYTES, MessageEvent, parse_event
from shared.kafka.consumer import Consumer
from shared.mongo import TRANSIENT
from shared.web.body import body_as, bounded_body
from shared.web.briefly import Briefly
from shared.web.cursor import encode, moment_and_id
from shared.web.keys import allow
from shared.web.problems import errors_of, problem
from shared.web.window import Window, date_of, day_of, window_of

router = APIRouter(prefix="/v1", tags=["consistency"], dependencies=[Depends(allow("service"))])

STATS_SECONDS = 1.0
TRENDS_SECONDS = 10.0
"""How long what was counted is told again."""

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=600)]
Identifier = Annotated[str | None, Query(min_length=1, max_length=256)]


@dataclass(frozen=True, slots=True)
class Desk:
    """What the routes work with."""

    store: Store
    alerting: Alerting
    outbox: Outbox
    examination: Examination
    consumer: Consumer
    hearer: Consumer
    clock: Clock
    standing: Callable[[History, datetime], list[dict[str, Any]]]
    campaigns: Campaigns
    trends: Briefly[dict[str, Any]] = field(default_factory=partial(Briefly, TRENDS_SECONDS))
    messages: Briefly[int] = field(default_factory=partial(Briefly, STATS_SECONDS))


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(desk_of)]


def desk_that_speaks(desk: AtDesk) -> Desk:
    """What people did comes over from the generation before: until then, nothing is said of conflicts and alerts."""
    if desk.outbox.silent:
        raise problem(503, "This generation takes over from the one before; try again.", retry_after=5)
    return desk


AtSpeakingDesk = Annotated[Desk, Depends(desk_that_speaks)]


@router.get("/conflicts")
async def conflicts(
    desk: AtSpeakingDesk,
    customer: Identifier = None,
    kind: Kind | None = None,
    state: ConflictState | None = None,
    alert: Identifier = None,
    earlier: Identifier = None,
    later: Identifier = None,
    channel: Identifier = None,
    subject: Annotated[str | None, Query(max_length=2_000)] = None,
    attribute: Identifier = None,
    window: Annotated[Window | None, Depends(window_of)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    alerts = None if alert is None else (alert, *(await desk.store.alerts.members([alert])).get(alert, ()))
    days = None if window is None else days_of(window)
    wanted = Wanted(customer, kind, state, alerts, days, earlier, later, channel, subject, attribute)
    rows = await desk.store.conflicts.page(wanted, moment_and_id(cursor), limit + 1)
    shown = rows[:limit]
    more = encode(shown[-1].found_at, shown[-1].id) if len(rows) > limit else None
    return {"items": [conflict.to_json() for conflict in shown], "next": more}


def days_of(window: Window) -> tuple[int, int]:
    return day_of(window.since), day_of(window.until - 1)


@router.get("/trends")
async def conflict_trends(
    desk: AtSpeakingDesk, window: Annotated[Window | None, Depends(window_of)] = None
) -> dict[str, Any]:
    """What the conflicts come to whose later event is of these days."""
    if window is None:
        raise problem(422, "Of which days? Send `from` and `to`.")
    return await desk.trends.answer(window, partial(counted, desk.store.trends, window))


MOST_CONTRADICTED = 10


async def counted(store: Trends, window: Window) -> dict[str, Any]:
    first, last = days_of(window)
    cells, subjects, corrections = await asyncio.gather(
        store.cells(first, last), store.subjects(first, last, MOST_CONTRADICTED), store.corrections(first, last)
    )
    return {
        **window.to_json(),
        "total": sum(cell.count for cell in cells),
        "corrected": sum(cell.count for cell in cells if cell.settled),
        "by_day": [{"day": date_of(day), "kinds": kinds} for day, kinds in trends.by_day(cells).items()],
        "by_pair": trends.by_pair(cells),
        "by_channel": trends.by_channel(cells),
        "subjects": [asdict(subject) for subject in subjects],
        "to_correction": trends.to_correction(corrections),
    }


@router.get("/customers/{customer:path}/claims")
async def claims(desk: AtDesk, customer: str) -> dict[str, Any]:
    history = await desk.examination.history(customer)
    return {"items": await desk.examination.work_out(partial(desk.standing, history, moment_of(desk.clock())))}


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


@router.get("/stats")
async def stats(desk: AtDesk) -> dict[str, Any]:
    by_kind, by_state = await desk.store.conflicts.totals()
    return {
        "messages": await desk.messages.answer((), desk.store.events.messages),
        "conflicts": {"by_kind": by_kind, "by_state": by_state},
        "alerts": {"by_state": await desk.store.alerts.totals()},
        "policies": await desk.store.policies.count(),
        **await consumers(desk),
    }


@router.get("/consumers")
async def consumers(desk: AtDesk) -> dict[str, Any]:
    """How far they are; asks no server, so that whoever watches may ask often."""
    return {"consumers": [consumer.report() for consumer in (desk.consumer, desk.hearer)]}
