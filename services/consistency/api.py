"""The service's HTTP API, for the gateway."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request
from pydantic import ValidationError

from services.consistency.alerting import Alerting
from services.consistency.clock import Clock
from services.consistency.domain.conflict import Conflict, Kind
from services.consistency.domain.history import History
from services.consistency.domain.stored import (
    ConflictState,
    moment_of,
    spans_to_json,
    written,
)
from services.consistency.examination import Examination
from services.consistency.publish import Outbox
from services.consistency.store import Store
from services.consistency.store.conflicts import Wanted
from shared.events import MAX_EVENT_BYTES, MessageEvent, parse_event
from shared.kafka.consumer import Consumer
from shared.web.body import bounded_body
from shared.web.cursor import encode, moment_and_id
from shared.web.keys import allow
from shared.web.problems import errors_of, problem

router = APIRouter(prefix="/v1", tags=["consistency"], dependencies=[Depends(allow("service"))])

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
    cursor: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    alerts = None if alert is None else (alert, *(await desk.store.alerts.members([alert])).get(alert, ()))
    rows = await desk.store.conflicts.page(Wanted(customer, kind, state, alerts), moment_and_id(cursor), limit + 1)
    shown = rows[:limit]
    more = encode(shown[-1].found_at, shown[-1].id) if len(rows) > limit else None
    return {"items": [conflict.to_json() for conflict in shown], "next": more}


@router.get("/customers/{customer:path}/claims")
async def claims(desk: AtDesk, customer: str) -> dict[str, Any]:
    history = await desk.examination.history(customer)
    return {"items": await desk.examination.work_out(partial(desk.standing, history, moment_of(desk.clock())))}


@router.post("/preflight")
async def preflight(request: Request, desk: AtDesk) -> dict[str, Any]:
    """The body is a message event; its time is now where it has none."""
    planned = planned_message(await bounded_body(request, MAX_EVENT_BYTES), desk.clock())
    found = await desk.examination.rehearse(planned)
    return {"conflicts": [found_to_json(conflict) for conflict in found]}


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


def found_to_json(conflict: Conflict) -> dict[str, Any]:
    return {
        "kind": conflict.kind,
        "attribute": conflict.attribute,
        "subject": conflict.subject,
        "a": {"source": conflict.a.source, "id": conflict.a.id},
        "b": {"source": conflict.b.source, "id": conflict.b.id},
        "reason": conflict.reason,
        "spans": spans_to_json(conflict.spans),
        "confidence": conflict.confidence,
        "rule": conflict.rule,
    }


@router.get("/stats")
async def stats(desk: AtDesk) -> dict[str, Any]:
    messages, customers = await desk.store.events.totals()
    by_kind, by_state = await desk.store.conflicts.totals()
    return {
        "messages": messages,
        "customers": customers,
        "conflicts": {"by_kind": by_kind, "by_state": by_state},
        "alerts": {"by_state": await desk.store.alerts.totals()},
        "policies": await desk.store.policies.count(),
        "consumers": [consumer.report() for consumer in (desk.consumer, desk.hearer)],
    }
