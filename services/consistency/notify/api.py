"""Silences and notifications over HTTP, for the gateway."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from services.consistency.api.desk import Cursor, Identifier, Limit
from services.consistency.clock import Clock
from services.consistency.domain.stored import microseconds
from services.consistency.notify.content import headline, test_body
from services.consistency.notify.matchers import NoMatcher
from services.consistency.notify.notification import Notification, NotificationState
from services.consistency.notify.notifier import CLAIM, Notifier
from services.consistency.notify.silence import MAX_MATCHERS, NoSilence, Silence, new_silence
from services.consistency.notify.silencing import MAX_ACTIVE, make, release_ended
from services.consistency.notify.store import NotifyStore
from services.consistency.notify.store.silences import SilenceState
from services.consistency.notify.watched import Watched
from shared.web.body import body_as
from shared.web.cursor import encode, moment_and_id
from shared.web.keys import allow
from shared.web.problems import problem

router = APIRouter(prefix="/v1", tags=["notifications"], dependencies=[Depends(allow("service"))])

MAX_BODY = 64 * 1024
HIDDEN_LISTED = 20
MOST_RETRIED = 1_000
TEST_SECONDS = 5.0
"""How long who asks for a test waits; the receiver may have longer, and the list says how it ended."""
Who = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class NotifyDesk:
    """What the routes work with."""

    store: NotifyStore
    notifier: Notifier
    clock: Clock


def desk_of(request: Request) -> NotifyDesk:
    desk: NotifyDesk = request.app.state.notify_desk
    return desk


AtDesk = Annotated[NotifyDesk, Depends(desk_of)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Silencing(Body):
    """What is silenced, by whom, why, and until when."""

    matchers: list[Annotated[str, StringConstraints(max_length=400)]] = Field(min_length=1, max_length=MAX_MATCHERS)
    by: Who
    reason: Annotated[str, StringConstraints(min_length=1, max_length=1_000, strip_whitespace=True)]
    ends_at: AwareDatetime


class By(Body):
    by: Who


class Retrying(By):
    receiver: Annotated[str, StringConstraints(max_length=40)] | None = None


async def silencing(request: Request) -> Silencing:
    asked = await body_as(Silencing, request, MAX_BODY)
    if asked is None:
        raise problem(422, "Say what is silenced, by whom, why, and until when.")
    return asked


async def said_by(request: Request) -> By:
    asked = await body_as(By, request, MAX_BODY)
    if asked is None:
        raise problem(422, 'Who asks? Send {"by": ...}.')
    return asked


async def retrying(request: Request) -> Retrying:
    asked = await body_as(Retrying, request, MAX_BODY)
    if asked is None:
        raise problem(422, 'Who asks? Send {"by": ...}.')
    return asked


SaidBy = Annotated[By, Depends(said_by)]


def hidden_to_json(watched: Watched) -> Json:
    return {"id": watched.id, **watched.alert, "severity": watched.severity or None}


async def with_hidden(desk: NotifyDesk, silence: Silence) -> Json:
    """With the alerts that it hides now, the oldest first; of one that has ended, how many it hid."""
    now = desk.clock()
    if not silence.is_active(now):
        return {**silence.to_json(now), "hides": silence.hid, "alerts": []}
    count = await desk.store.watched.count_hidden(silence.id)
    hidden = await desk.store.watched.hidden(silence.id, HIDDEN_LISTED) if count else []
    return {**silence.to_json(now), "hides": count, "alerts": [hidden_to_json(one) for one in hidden]}


async def known_silence(desk: NotifyDesk, silence_id: str) -> Silence:
    found = await desk.store.silences.by_id(silence_id)
    if found is None:
        raise problem(404, f"No silence {silence_id!r} is known.")
    return found


async def known_notification(desk: NotifyDesk, notification_id: str) -> Notification:
    found = await desk.store.notifications.by_id(notification_id)
    if found is None:
        raise problem(404, f"No notification {notification_id!r} is known.")
    return found


@router.get("/silences")
async def silences(
    desk: AtDesk,
    state: SilenceState | None = None,
    alert: Identifier = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Json:
    """The oldest first; with `alert`, those that hide it now."""
    if alert is not None:
        watched = (await desk.store.watched.by_id([alert])).get(alert)
        active = await desk.store.silences.active(desk.clock(), MAX_ACTIVE) if watched is not None else []
        shown = [silence for silence in active if watched is not None and silence.hides(watched.labels)]
        return {"items": [await with_hidden(desk, silence) for silence in shown], "next": None}
    rows = await desk.store.silences.page(state, moment_and_id(cursor), limit + 1, desk.clock())
    shown = rows[:limit]
    more = encode(shown[-1].created_at, shown[-1].id) if len(rows) > limit else None
    return {"items": [await with_hidden(desk, silence) for silence in shown], "next": more}


@router.get("/silenced")
async def silenced(desk: AtDesk, alert: Annotated[tuple[str, ...], Query(max_length=200)] = ()) -> Json:
    """Which of the alerts a silence hides now."""
    known = await desk.store.watched.by_id(alert)
    return {"items": [one.id for one in known.values() if one.silences]}


@router.post("/silences", status_code=201)
async def silence(desk: AtDesk, asked: Annotated[Silencing, Depends(silencing)]) -> Json:
    try:
        made = new_silence(asked.matchers, asked.by, asked.reason, moment(asked.ends_at), desk.clock())
    except (NoMatcher, NoSilence) as error:
        raise problem(422, str(error)) from error
    try:
        await make(desk.store, made, desk.clock)
    except NoSilence as error:
        raise problem(409, str(error)) from error
    return await with_hidden(desk, made)


def moment(given: datetime) -> int:
    """Raises 422 for one that no silence can reach."""
    try:
        return microseconds(given)
    except OverflowError as error:
        raise problem(422, "ends_at: too far away") from error


@router.get("/silences/{silence_id}")
async def one_silence(desk: AtDesk, silence_id: str) -> Json:
    return await with_hidden(desk, await known_silence(desk, silence_id))


@router.post("/silences/{silence_id}/end")
async def end_silence(desk: AtDesk, silence_id: str, asked: SaidBy) -> Json:
    await known_silence(desk, silence_id)
    if not await desk.store.silences.end(silence_id, asked.by, desk.clock()):
        raise problem(409, "The silence has ended already.")
    await release_ended(desk.store, desk.clock)
    return await with_hidden(desk, await known_silence(desk, silence_id))


@router.get("/notifications")
async def notifications(
    desk: AtDesk,
    state: NotificationState | None = None,
    receiver: Identifier = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Json:
    rows = await desk.store.notifications.page(state, receiver, moment_and_id(cursor), limit + 1)
    shown = rows[:limit]
    more = encode(shown[-1].created_at, shown[-1].id) if len(rows) > limit else None
    return {"items": [summed_up(notification) for notification in shown], "next": more}


@router.post("/notifications/retry")
async def retry_all(desk: AtDesk, asked: Annotated[Retrying, Depends(retrying)]) -> Json:
    """Dead ones of a receiver, or all of them, the newest `MOST_RETRIED`."""
    retried = 0
    for one in await desk.store.notifications.page("dead", asked.receiver, None, MOST_RETRIED):
        retried += await retried_by(desk, one, asked.by) is not None
    return {"retried": retried}


@router.get("/notifications/{notification_id}")
async def one_notification(desk: AtDesk, notification_id: str) -> Json:
    return detail(await known_notification(desk, notification_id))


def summed_up(notification: Notification) -> Json:
    return {**notification.to_json(), "summary": headline(orjson.loads(notification.body))}


def detail(notification: Notification) -> Json:
    tries: Sequence[Json] = [one.to_json() for one in notification.tries]
    return {**summed_up(notification), "tries": tries, "body": notification.body}


@router.post("/notifications/{notification_id}/retry")
async def retry(desk: AtDesk, notification_id: str, asked: SaidBy) -> Json:
    found = await known_notification(desk, notification_id)
    retried = await retried_by(desk, found, asked.by)
    if retried is None:
        raise problem(409, "Only a notification that was given up can be retried; this one was not, or is under way.")
    return detail(retried)


async def retried_by(desk: NotifyDesk, notification: Notification, by: str) -> Notification | None:
    """Due again at once, with all its tries before it and the same id; None where it is not dead."""
    if notification.state != "dead":
        return None
    again = replace(notification, state="pending", attempts=0, due=desk.clock(), sent_at=None, retried_by=by)
    return await desk.store.notifications.write(notification, again)


@router.get("/receivers")
async def receivers(desk: AtDesk) -> Json:
    """As the routes file has them, with how many notifications each has in each state."""
    totals = await desk.store.notifications.totals()
    routes = desk.notifier.routes
    items = [
        {
            "name": name,
            "type": receiver.type,
            "where": receiver.where,
            "routes": [route.name for route in routes.route if name in route.to],
            **{state: totals.get(name, {}).get(state, 0) for state in ("pending", "sent", "dead")},
        }
        for name, receiver in sorted(routes.receiver.items())
    ]
    return {"items": items}


@router.post("/receivers/{name}/test")
async def test_receiver(desk: AtDesk, name: str, asked: SaidBy) -> Json:
    """Sends a test at once, and once; it is listed among the notifications."""
    receiver = desk.notifier.routes.receiver.get(name)
    if receiver is None:
        raise problem(404, f"The routes file names no receiver {name!r}.")
    now = desk.clock()
    test = Notification(
        id=f"msg_{secrets.token_hex(16)}",
        purpose="test",
        group="",
        sequence=0,
        route="",
        receiver=name,
        body=test_body(name, desk.notifier.console, asked.by, now),
        covers=(),
        created_at=now,
        due=now + receiver.timeout + CLAIM,  # nobody else's meanwhile
    )
    await desk.store.notifications.add(test)
    await desk.notifier.deliver_now(test, TEST_SECONDS)
    return detail(await known_notification(desk, test.id))
