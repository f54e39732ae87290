"""Timeline and summary as the API answers them, put together from what the store holds."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from time import monotonic
from typing import Any

import orjson

from services.journey.domain.summary import (
    DAY,
    Promotion,
    Step,
    consent_by_channel,
    delivery_state,
    open_cases,
    pressure,
)
from services.journey.domain.terms import places
from services.journey.domain.touchpoint import from_microseconds
from services.journey.finding import Finder, Key
from services.journey.store import CASE, CONSENT, MESSAGE, Row, Store
from shared.web.window import Window

Item = dict[str, Any]


async def items(store: Store, customer: str, rows: Sequence[Row]) -> list[Item]:
    """Each event as it came, with `delivery` and `conflicts`."""
    deliveries: dict[str, list[Step]] = defaultdict(list)
    messages = [row["event_id"] for row in rows if row["type"] == MESSAGE]
    for row in await store.deliveries(customer, messages):
        deliveries[row["message"]].append(_step(row, "message"))
    conflicts: dict[str, list[Any]] = defaultdict(list)
    for mark in await store.marks_of([row["_id"] for row in rows]):
        for event in mark["events"]:
            conflicts[event].append(orjson.loads(mark["conflict"]))
    return [
        {
            **orjson.loads(row["event"]),
            "delivery": _delivery(deliveries[row["event_id"]]) if row["type"] == MESSAGE else None,
            "conflicts": conflicts[row["_id"]],
        }
        for row in rows
    ]


def _delivery(steps: Sequence[Step]) -> dict[str, str] | None:
    state = delivery_state(steps)
    if state is None:
        return None
    why = {} if state.reason is None else {"reason": state.reason}
    return {"status": state.status, "time": from_microseconds(state.moment), **why}


async def summary(store: Store, customer: str, known: Row, now: int) -> Item:
    """What an agent needs at a glance."""
    by_department: Counter[str] = Counter()
    by_channel: Counter[str] = Counter()
    touchpoints = 0
    for row in await store.counts(customer):
        touchpoints += row["count"]
        if row["_id"]["type"] == MESSAGE:
            by_department[row["_id"]["department"]] += row["count"]
            by_channel[row["_id"]["channel"]] += row["count"]
    cases = [_step(row, "case") for row in await store.steps(customer, CASE)]
    consents = [_step(row, "channel") for row in await store.steps(customer, CONSENT)]
    still_open = [{**case, "since": from_microseconds(case["since"])} for case in open_cases(cases)]
    return {
        "id": customer,
        "first": from_microseconds(known["first"]),
        "last": from_microseconds(known["last"]),
        "touchpoints": touchpoints,
        "messages": {
            "total": by_department.total(),
            "by_department": dict(by_department.most_common()),
            "by_channel": dict(by_channel.most_common()),
        },
        "cases": {"open": still_open},
        "consent": consent_by_channel(consents),
        "conflicts": {"open": (await store.open_conflicts([customer])).get(customer, 0)},
        "promotion": await _promotion(store, customer, now),
    }


async def _promotion(store: Store, customer: str, now: int) -> Item:
    """How many promotional messages the customer got lately, and when the last one was sent."""
    sent = [Promotion(row["event_id"], row["moment"]) for row in await store.promotions(customer, now - 30 * DAY, now)]
    deliveries = await store.deliveries(customer, [message.event_id for message in sent])
    last = await store.last_promotion(customer, now)
    counts = pressure(sent, [_step(row, "message") for row in deliveries], now)
    return {**counts, "last": None if last is None else from_microseconds(last)}


async def activity(store: Store, window: Window) -> Item:
    """Messages sent on those days, by department and channel."""
    rows = sorted(await store.sent(window.since, window.until), key=lambda row: row["count"], reverse=True)
    departments: Counter[str] = Counter()
    channels: Counter[str] = Counter()
    for row in rows:
        departments[row["_id"]["department"]] += row["count"]
        channels[row["_id"]["channel"]] += row["count"]
    return {
        **window.to_json(),
        "total": departments.total(),
        "by_department": dict(departments.most_common()),
        "by_channel": dict(channels.most_common()),
        "cells": [{**row["_id"], "count": row["count"]} for row in rows],
    }


def message_list(rows: Sequence[Row]) -> list[Item]:
    """Each message as it came."""
    return [orjson.loads(row["event"]) for row in rows]


AT_ONCE = 200
MOST_READ = 5
MOST_SECONDS = 3.0


async def customers_told(
    store: Store, finder: Finder, terms: Sequence[str], after: Key | None, limit: int, at_once: int = AT_ONCE
) -> tuple[list[Item], Key | None]:
    """Customers with a message that has all the terms, each once, over all pages, with the newest such message; whoever
    has the newest comes first. Also answers what to go on after: a page may hold fewer than `limit`, for no more than
    `MOST_READ` times `at_once` messages are read for it, and none after `MOST_SECONDS`."""
    newest: dict[str, Row] = {}
    key = after
    until = monotonic() + MOST_SECONDS
    for number in range(MOST_READ):
        if number and monotonic() > until:
            break
        rows = await finder.messages(terms, key, at_once)
        others = sorted({row["customer"] for row in rows} - newest.keys())
        shown_before = frozenset() if after is None else await finder.found_before(others, terms, after)
        for row in rows:
            if row["customer"] not in newest and row["customer"] not in shown_before:
                if len(newest) == limit:
                    return await _told(store, newest, terms), key
                newest[row["customer"]] = row
            key = (row["moment"], row["tie"])
        if len(rows) < at_once:
            return await _told(store, newest, terms), None
    return await _told(store, newest, terms), key


async def _told(store: Store, newest: Mapping[str, Row], terms: Collection[str]) -> list[Item]:
    known = await store.customers_by_id(list(newest))
    rows = [known[customer] for customer in newest if customer in known]
    return [
        {**customer, "match": match(newest[customer["id"]], terms)} for customer in await customer_list(store, rows)
    ]


def match(row: Row, terms: Collection[str]) -> Item:
    """The message as it came, and where the words stand in its title and its text."""
    message = orjson.loads(row["event"])
    spans = [
        {"field": field, "start": start, "end": end}
        for field in ("title", "text")
        for start, end in places(message["data"].get(field) or "", terms)
    ]
    return {"message": message, "spans": spans}


def _step(row: Row, subject: str) -> Step:
    return Step(
        subject=row[subject],
        status=row["status"],
        moment=row["moment"],
        id=row["_id"],
        department=row.get("department"),
        category=row.get("category"),
        reason=row.get("reason"),
    )


async def customer_list(store: Store, rows: Sequence[Row]) -> list[Item]:
    open_conflicts = await store.open_conflicts([row["_id"] for row in rows])
    return [
        {
            "id": row["_id"],
            "first": from_microseconds(row["first"]),
            "last": from_microseconds(row["last"]),
            "conflicts": {"open": open_conflicts.get(row["_id"], 0)},
        }
        for row in rows
    ]
