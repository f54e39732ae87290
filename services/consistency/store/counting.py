"""What the open pairs of an alert come to: read where they are few, counted by the server where they are many.

The server is asked for no more than how many there are: what else is wanted stands at one end of an index.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ASCENDING, DESCENDING

from services.consistency.domain.alerts import EXAMPLES
from services.consistency.domain.stored import PairState
from services.consistency.store.documents import Row, chunks
from shared.mongo import Collection

FEW = 1_000
"""Pairs that are read, as rows of a few fields; more are counted where they are."""
NEWEST = [("found_at", DESCENDING), ("_id", DESCENDING)]
FIELDS = {"alert": 1, "customer": 1, "found_at": 1, "fresh": 1}


@dataclass(frozen=True, slots=True)
class Count:
    """`first` and `last` in microseconds; `newest`: ids, the newest first, one a customer, at most `EXAMPLES`."""

    customers: int
    conflicts: int
    first: int
    last: int
    fresh: bool
    newest: tuple[str, ...]


async def count(conflicts: Collection, alerts: Sequence[str], members: Mapping[str, Sequence[str]]) -> dict[str, Count]:
    """Of the alerts that have open pairs; the pairs of an alert's `members` count on it."""
    counted: dict[str, Count] = {}
    for some in chunks(alerts):
        counted |= await _count(conflicts, {alert: [alert, *members.get(alert, ())] for alert in some})
    return counted


async def _count(conflicts: Collection, families: Mapping[str, Sequence[str]]) -> dict[str, Count]:
    counts_on = {one: alert for alert, family in families.items() for one in family}
    rows = await conflicts.find(_open(list(counts_on)), FIELDS).limit(FEW + 1).to_list(None)
    if len(rows) <= FEW:
        by_alert: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            by_alert[counts_on[row["alert"]]].append(row)
        return {alert: count_few(its) for alert, its in by_alert.items()}
    if len(families) > 1:
        counted = await asyncio.gather(*(_count(conflicts, {alert: family}) for alert, family in families.items()))
        return {alert: one for some in counted for alert, one in some.items()}
    [(alert, family)] = families.items()
    many = await _count_many(conflicts, family)
    return {} if many is None else {alert: many}


def count_few(rows: Sequence[Row]) -> Count:
    """`rows`: all open pairs of one alert, at least one."""
    ordered = sorted(rows, key=lambda row: (row["found_at"], row["_id"]), reverse=True)
    newest: dict[str, str] = {}
    for row in ordered:
        newest.setdefault(row["customer"], row["_id"])
    return Count(
        customers=len(newest),
        conflicts=len(ordered),
        first=ordered[-1]["found_at"],
        last=ordered[0]["found_at"],
        fresh=any(row["fresh"] for row in ordered),
        newest=tuple(newest.values())[:EXAMPLES],
    )


async def _count_many(conflicts: Collection, family: Sequence[str]) -> Count | None:
    """None where the last pair was withdrawn at this moment."""
    total, customers, first, fresh, newest = await asyncio.gather(
        conflicts.count_documents(_open(family)),
        conflicts.aggregate(_customers(family)).to_list(1),
        conflicts.find(_open(family), FIELDS).sort("found_at", ASCENDING).limit(1).to_list(1),
        conflicts.find({**_open(family), "fresh": True}, FIELDS).limit(1).to_list(1),
        _newest(conflicts, family),
    )
    if not (total and customers and first and newest):
        return None
    return Count(
        customers=customers[0]["customers"],
        conflicts=total,
        first=first[0]["found_at"],
        last=newest[0]["found_at"],
        fresh=bool(fresh),
        newest=tuple(row["_id"] for row in newest),
    )


async def newest_settled(conflicts: Collection, family: Sequence[str]) -> list[Row]:
    """Of an alert and its members, at most `EXAMPLES`."""
    return await conflicts.find(_of(family, "settled")).sort(NEWEST).limit(EXAMPLES).to_list(EXAMPLES)


async def _newest(conflicts: Collection, family: Sequence[str]) -> list[Row]:
    """The newest pair of each of those customers who have the newest."""
    newest: dict[str, Row] = {}
    more = True
    while more and len(newest) < EXAMPLES:
        others = {**_open(family), "customer": {"$nin": list(newest)}}
        rows = await conflicts.find(others, FIELDS).sort(NEWEST).limit(EXAMPLES).to_list(None)
        more = len(rows) == EXAMPLES
        for row in rows:
            newest.setdefault(row["customer"], row)
    return list(newest.values())[:EXAMPLES]


def _open(family: Sequence[str]) -> Row:
    return _of(family, "open")


def _of(family: Sequence[str], pair: PairState) -> Row:
    """Of one alert by name: servers go through an index in its order then."""
    return {"alert": family[0] if len(family) == 1 else {"$in": list(family)}, "pair": pair}


def _customers(family: Sequence[str]) -> list[dict[str, Any]]:
    """Counted by the server in the end, so that no list of all customers is sent."""
    return [{"$match": _open(family)}, {"$group": {"_id": "$customer"}}, {"$count": "customers"}]
