"""The journey's read API, for the gateway."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request

from services.journey import reading
from services.journey.domain.terms import wanted_in
from services.journey.domain.touchpoint import microseconds, moment_of
from services.journey.finding import Finder, Key, TookTooLong
from services.journey.store import Filters, Row, Store
from shared.events.models import Moment
from shared.kafka.consumer import Consumer
from shared.web.briefly import Briefly
from shared.web.cursor import encode, key_in, moment_and_id
from shared.web.keys import allow
from shared.web.paths import CustomerId
from shared.web.problems import problem
from shared.web.window import MAX_DAYS, Last, Window, today, window_of

router = APIRouter(prefix="/v1", tags=["journey"], dependencies=[Depends(allow("service"))])

Several = Annotated[list[str], Query(max_length=50)]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=600)]


def store_of(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def finder_of(request: Request) -> Finder:
    finder: Finder = request.app.state.finder
    return finder


Timelines = Annotated[Store, Depends(store_of)]
Messages = Annotated[Finder, Depends(finder_of)]


def filters_of(
    department: Several = [],  # noqa: B006 - FastAPI copies defaults
    channel: Several = [],  # noqa: B006
    direction: Several = [],  # noqa: B006
    purpose: Several = [],  # noqa: B006
    type: Several = [],  # noqa: B006
    since: Annotated[Moment | None, Query(alias="from")] = None,
    until: Annotated[Moment | None, Query(alias="to")] = None,
    text: Annotated[str, Query(max_length=500)] = "",
    conflicts: Literal["open", "any"] | None = None,
) -> Filters:
    """`from` is included, `to` is not; each word of `text` must occur."""
    return Filters(
        departments=tuple(department),
        channels=tuple(channel),
        directions=tuple(direction),
        purposes=tuple(purpose),
        types=tuple(type),
        since=None if since is None else microseconds(since),
        until=None if until is None else microseconds(until),
        words=tuple(text.casefold().split()),
        conflicts=conflicts,
    )


@router.get("/customers/{customer}/timeline")
async def timeline(
    store: Timelines,
    customer: CustomerId,
    filters: Annotated[Filters, Depends(filters_of)],
    order: Annotated[str, Query(pattern="^(asc|desc)$")] = "desc",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    await known(store, customer)
    rows = await store.page(customer, filters, moment_and_id(cursor), limit + 1, newest_first=order == "desc")
    shown, more = rows[:limit], len(rows) > limit
    return {
        "items": await reading.items(store, customer, shown),
        "next": encode(shown[-1]["moment"], shown[-1]["_id"]) if more else None,
    }


@router.get("/customers/{customer}/events")
async def events(
    store: Timelines, customer: CustomerId, id: Annotated[list[str], Query(min_length=1, max_length=100)]
) -> dict[str, Any]:
    await known(store, customer)
    return {"items": await reading.items(store, customer, await store.by_event_ids(customer, id))}


@router.get("/customers")
async def customers(
    store: Timelines,
    finder: Messages,
    query: Annotated[str, Query(max_length=256)] = "",
    text: Annotated[str, Query(max_length=256)] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """By a part of the id, or by words that were said to or by them."""
    if text:
        if query:
            raise problem(422, "`query` finds by the id, `text` by what was said: send one of them.")
        return await customers_told(store, finder, text, cursor, limit)
    rows = await store.customers(query.strip(), moment_and_id(cursor), limit + 1)
    shown, more = rows[:limit], len(rows) > limit
    return {
        "items": await reading.customer_list(store, shown),
        "next": encode(shown[-1]["last"], shown[-1]["_id"]) if more else None,
    }


async def customers_told(store: Store, finder: Finder, text: str, cursor: str | None, limit: int) -> dict[str, Any]:
    terms = wanted_in(text)
    if not terms:
        raise problem(422, "There is no word to look for yet: one has at least two letters or digits.")
    key = moment_and_tie(cursor)
    try:
        found, after = await reading.customers_told(store, finder, terms, key, limit)
    except TookTooLong as error:
        raise problem(422, "Looking for these words took too long: give more of them, or rarer ones.") from error
    return {"items": found, "next": None if after is None else encode(*after)}


def moment_and_tie(cursor: str | None) -> Key | None:
    """Raises a problem 422."""
    key = key_in(cursor, int, int)
    return None if key is None else (int(key[0]), int(key[1]))


@router.get("/customers/{customer}")
async def customer_summary(store: Timelines, customer: CustomerId) -> dict[str, Any]:
    return await reading.summary(store, customer, await known(store, customer), microseconds(datetime.now(UTC)))


@router.get("/activity")
async def activity(
    request: Request,
    store: Timelines,
    days: Annotated[int, Query(ge=1, le=MAX_DAYS)] = 90,
    last: Last = None,
) -> dict[str, Any]:
    """Messages sent on so many days up to `to`; without it, up to the day of the newest message that is not of the
    future, so that a history that was published late is seen as well."""
    if last is None:
        newest = await store.newest(Window.ending(today(), 1).until)
        last = today() if newest is None else moment_of(newest).date()
    window = Window.ending(last, days)
    recent: Briefly[dict[str, Any]] = request.app.state.activity
    return await recent.answer(window, partial(reading.activity, store, window))


@router.get("/messages")
async def messages(
    store: Timelines,
    window: Annotated[Window | None, Depends(window_of)] = None,
    department: Annotated[str | None, Query(max_length=40)] = None,
    channel: Annotated[str | None, Query(max_length=40)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    if window is None:
        raise problem(422, "Of which days? Send `from` and `to`.")
    after = moment_and_id(cursor)
    rows = await store.messages(window.since, window.until, department, channel, after, limit + 1)
    shown, more = rows[:limit], len(rows) > limit
    return {
        "items": reading.message_list(shown),
        "next": encode(shown[-1]["moment"], shown[-1]["_id"]) if more else None,
    }


@router.get("/stats")
async def stats(request: Request, store: Timelines) -> dict[str, Any]:
    return {**await store.totals(), **await consumers(request)}


@router.get("/consumers")
async def consumers(request: Request) -> dict[str, Any]:
    """How far they are; asks no server, so that whoever watches may ask often."""
    known: list[Consumer] = request.app.state.consumers
    return {"consumers": [consumer.report() for consumer in known]}


async def known(store: Store, customer: str) -> Row:
    row = await store.customer(customer)
    if row is None:
        raise problem(404, f"No touchpoint of a customer {customer!r} is known.")
    return row
