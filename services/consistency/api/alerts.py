"""Alerts: lists, what people decide, and corrections."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from services.consistency.alerting import Contended, UnknownAlert, known_one
from services.consistency.api.desk import AtSpeakingDesk, Cursor, Desk, Identifier, Limit, days_of
from services.consistency.correcting import Correction, correction_of
from services.consistency.course import course_of
from services.consistency.domain.causes import Side
from services.consistency.domain.conflict import Kind
from services.consistency.domain.correction import NoChoice
from services.consistency.domain.decisions import Action, Decision, Incomplete, NotPossible
from services.consistency.domain.stored import Alert, AlertState, Assignee, Dismissal, Severity, Verdict, microseconds
from services.consistency.domain.wanted import ORDERS, Key, Order, WantedAlerts, key_of
from services.consistency.facets import facets
from shared.web.body import body_as
from shared.web.cursor import encode, key_in
from shared.web.keys import allow
from shared.web.problems import problem
from shared.web.window import Window, window_of

router = APIRouter(prefix="/v1/alerts", tags=["alerts"], dependencies=[Depends(allow("service"))])

Words = Annotated[str, StringConstraints(min_length=1, max_length=256, strip_whitespace=True)]


class Said(BaseModel):
    """Who decides about an alert, and why."""

    model_config = ConfigDict(extra="forbid")

    by: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    reason: Annotated[str, StringConstraints(max_length=1_000, strip_whitespace=True)] | None = None


class Assigned(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["person", "department"]
    name: Words


class Decided(Said):
    """`until`, `assignee` and `kind` belong to acknowledge, assign and dismiss."""

    until: AwareDatetime | None = None
    assignee: Assigned | None = None
    kind: Dismissal | None = None

    def as_decision(self, action: Action) -> Decision:
        until = None if self.until is None else microseconds(self.until)
        assignee = None if self.assignee is None else Assignee(self.assignee.kind, self.assignee.name)
        return Decision(action, self.by, self.reason or None, until, assignee, self.kind)


class MergedInto(Said):
    into: Words


MAX_DECISION = 32 * 1024
Body = TypeVar("Body", bound=Said)


async def read(request: Request, model: type[Body]) -> Body:
    body = await body_as(model, request, MAX_DECISION)
    if body is None:
        raise problem(422, 'Who decides? Send {"by": ...}.')
    return body


async def decision_in(request: Request) -> Decided:
    return await read(request, Decided)


async def merge_in(request: Request) -> MergedInto:
    return await read(request, MergedInto)


async def said_in(request: Request) -> Said:
    return await read(request, Said)


Departments = Annotated[tuple[str, ...], Query(max_length=2)]
Judged = Annotated[Window | None, Depends(window_of)]


def narrowed(
    kind: Kind | None = None,
    department: Departments = (),
    severity: Severity | None = None,
    assignee: Identifier = None,
    rule: Identifier = None,
    language: Identifier = None,
    verdict: Verdict | None = None,
    judged: Judged = None,
) -> WantedAlerts:
    """What a query asks for beside the state; `from` and `to` are when they were judged."""
    days = None if judged is None else days_of(judged)
    return WantedAlerts(None, kind, department, severity, assignee, rule, language, verdict, days)


Narrowed = Annotated[WantedAlerts, Depends(narrowed)]


@router.get("")
async def alerts(
    desk: AtSpeakingDesk,
    asked: Narrowed,
    state: AlertState | None = None,
    sort: Order = "last_seen",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    wanted = replace(asked, state=state)
    rows = await desk.store.alerts.page(wanted, sort, place_in(sort, cursor), limit + 1)
    shown = rows[:limit]
    more = encode(*key_of(shown[-1], sort)) if len(rows) > limit else None
    return {"items": [alert.to_json() for alert in shown], "next": more}


def place_in(order: Order, cursor: str | None) -> Key | None:
    """Raises a problem 422."""
    return key_in(cursor, *(str if field == "_id" else int for field in ORDERS[order]))


@router.get("/counts")
async def counts(desk: AtSpeakingDesk, asked: Narrowed, state: AlertState | None = None) -> dict[str, Any]:
    """By state, severity and departments; each under the other filters, so that it says what choosing it shows."""
    tallies = await desk.store.alerts.tallies(replace(asked, severity=None, departments=()))
    return facets(tallies, state, asked.severity, asked.departments)


@router.get("/{alert_id}")
async def alert(desk: AtSpeakingDesk, alert_id: str) -> dict[str, Any]:
    return (await known_alert(desk, alert_id)).to_json()


@router.get("/{alert_id}/course")
async def course(desk: AtSpeakingDesk, alert_id: str) -> dict[str, Any]:
    """What was told and what was corrected over time, and how fast it grows; counted anew as often as the alert is."""
    one = await known_alert(desk, alert_id)
    return await desk.courses.answer((one.id, one.revision), partial(course_of, desk.store, one.id, desk.clock()))


async def known_alert(desk: Desk, alert_id: str) -> Alert:
    """Raises a problem 404."""
    with refusals():
        return known_one(await desk.store.alerts.by_id([alert_id]), alert_id)


async def correction_asked(
    desk: AtSpeakingDesk, alert_id: str, side: Side | None = None, department: Identifier = None
) -> Correction:
    try:
        return await correction_of(desk.store, await known_alert(desk, alert_id), side, department)
    except NoChoice as error:
        raise problem(422, str(error)) from error


ToCorrect = Annotated[Correction, Depends(correction_asked)]


@router.get("/{alert_id}/correction")
async def correction(asked: ToCorrect) -> dict[str, Any]:
    """How many heard the wrong statement, and how many have been corrected since."""
    return await asked.to_json()


@router.get("/{alert_id}/correction/customers")
async def customers_to_correct(
    asked: ToCorrect,
    channel: Identifier = None,
    corrected: bool | None = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 50,
) -> dict[str, Any]:
    found, after = await asked.page(channel, corrected, customer_in(cursor), limit)
    return {"items": [one.to_json() for one in found], "next": None if after is None else encode(after)}


def customer_in(cursor: str | None) -> str | None:
    """Raises a problem 422."""
    key = key_in(cursor, str)
    return None if key is None else str(key[0])


@router.post("/{alert_id}/merge")
async def merge(desk: AtSpeakingDesk, alert_id: str, body: Annotated[MergedInto, Depends(merge_in)]) -> dict[str, Any]:
    """The alert's conflicts count on the other one from now on."""
    with refusals():
        moved = await desk.alerting.merge(alert_id, body.into, body.by, body.reason or None)
        await desk.outbox.announce((), [alert_id, body.into])
    return moved.to_json()


@router.post("/{alert_id}/split")
async def split(desk: AtSpeakingDesk, alert_id: str, body: Annotated[Said, Depends(said_in)]) -> dict[str, Any]:
    """Undoes a merge: the alert has its conflicts and its state again."""
    with refusals():
        _, target = await desk.alerting.split(alert_id, body.by, body.reason or None)
        await desk.outbox.announce((), [alert_id, target])
    return (await known_alert(desk, alert_id)).to_json()


@router.post("/{alert_id}/{action}")
async def decide(
    desk: AtSpeakingDesk, alert_id: str, action: Action, body: Annotated[Decided, Depends(decision_in)]
) -> dict[str, Any]:
    with refusals():
        moved = await desk.alerting.decide(alert_id, body.as_decision(action))
    spread_to = await desk.alerting.spread(moved, rounds=2)
    await desk.outbox.publish([*spread_to], [alert_id])
    return moved.to_json()


@contextmanager
def refusals() -> Iterator[None]:
    """What people ask of alerts in vain, as problems."""
    try:
        yield
    except UnknownAlert as error:
        raise problem(404, str(error)) from error
    except NotPossible as error:
        raise problem(409, str(error)) from error
    except Incomplete as error:
        raise problem(422, str(error)) from error
    except Contended as error:
        raise problem(503, "The alert changes all the time; try again.", retry_after=1) from error
