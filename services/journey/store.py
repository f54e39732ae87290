"""The journey's only MongoDB code: collections `touchpoints`, `customers` and `conflict_marks`."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bson import Binary
from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne

from services.journey.domain.mark import Mark
from services.journey.domain.touchpoint import Touchpoint
from shared.mongo import Database

DELIVERY = "touchpoint.delivery.v1"
CASE = "touchpoint.case.v1"
CONSENT = "touchpoint.consent.v1"
MESSAGE = "touchpoint.message.v1"
WITHDRAWN = "withdrawn"

COLLECTIONS = ("touchpoints", "customers", "conflict_marks")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Filters:
    """Each empty tuple or None lets everything pass; `words` must all occur in text or title (case folded)."""

    departments: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    words: tuple[str, ...] = ()


class Store:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._touchpoints = database["touchpoints"]
        self._customers = database["customers"]
        self._marks = database["conflict_marks"]

    async def prepare(self) -> None:
        """Creates the indexes that are missing."""
        await self._touchpoints.create_indexes(
            [
                IndexModel([("customer", ASCENDING), ("moment", DESCENDING), ("_id", DESCENDING)]),
                IndexModel([("customer", ASCENDING), ("message", ASCENDING)]),
                IndexModel([("customer", ASCENDING), ("event_id", ASCENDING)]),
            ]
        )
        await self._marks.create_indexes([IndexModel([("events", ASCENDING)]), IndexModel([("customer", ASCENDING)])])

    async def append(self, touchpoints: Sequence[Touchpoint]) -> frozenset[str]:
        """Stores each once, the first of an identity; answers identities that hold other content."""
        writes = [UpdateOne({"_id": point.id}, {"$setOnInsert": _row(point)}, upsert=True) for point in touchpoints]
        result = await self._touchpoints.bulk_write(writes, ordered=False)
        known = [touchpoints[i] for i in range(len(touchpoints)) if i not in (result.upserted_ids or {})]
        reused = await self._reused(known)
        await self._widen([point for point in touchpoints if point.id not in reused])
        return reused

    async def _reused(self, known: Sequence[Touchpoint]) -> frozenset[str]:
        if not known:
            return frozenset()
        digests = {point.id: point.digest for point in known}
        stored = self._touchpoints.find({"_id": {"$in": list(digests)}}, {"digest": 1})
        return frozenset([row["_id"] async for row in stored if row["digest"] != digests[row["_id"]]])

    async def _widen(self, touchpoints: Sequence[Touchpoint]) -> None:
        """The customer's first and last contact, and nothing that a second write of the same would change."""
        spans: dict[str, tuple[int, int]] = {}
        for point in touchpoints:
            first, last = spans.get(point.customer, (point.moment, point.moment))
            spans[point.customer] = (min(first, point.moment), max(last, point.moment))
        if spans:
            await self._customers.bulk_write(
                [
                    UpdateOne({"_id": customer}, {"$min": {"first": first}, "$max": {"last": last}}, upsert=True)
                    for customer, (first, last) in spans.items()
                ],
                ordered=False,
            )

    async def mark(self, marks: Sequence[Mark]) -> None:
        """Keeps the newest revision of each conflict."""
        writes: list[UpdateOne] = []
        for mark in marks:
            writes.append(UpdateOne({"_id": mark.id}, {"$setOnInsert": {"revision": 0}}, upsert=True))
            newer = {
                "customer": mark.customer,
                "events": list(mark.events),
                "state": mark.state,
                "revision": mark.revision,
                "conflict": Binary(mark.conflict),
            }
            writes.append(UpdateOne({"_id": mark.id, "revision": {"$lt": mark.revision}}, {"$set": newer}))
        await self._marks.bulk_write(writes, ordered=True)

    async def page(
        self, customer: str, filters: Filters, after: tuple[int, str] | None, limit: int, newest_first: bool
    ) -> list[Row]:
        """Up to `limit` touchpoints behind the sort key `after`."""
        query = _query(customer, filters)
        direction = DESCENDING if newest_first else ASCENDING
        if after is not None:
            beyond = "$lt" if newest_first else "$gt"
            moment, row_id = after
            query["$or"] = [{"moment": {beyond: moment}}, {"moment": moment, "_id": {beyond: row_id}}]
        cursor = self._touchpoints.find(query).sort([("moment", direction), ("_id", direction)]).limit(limit)
        return await cursor.to_list(limit)

    async def by_event_ids(self, customer: str, event_ids: Sequence[str]) -> list[Row]:
        cursor = self._touchpoints.find({"customer": customer, "event_id": {"$in": list(event_ids)}})
        return await cursor.sort([("moment", DESCENDING), ("_id", DESCENDING)]).to_list(None)

    async def deliveries(self, customer: str, messages: Sequence[str]) -> list[Row]:
        """Delivery events of the messages with those event ids."""
        if not messages:
            return []
        query = {"customer": customer, "message": {"$in": list(messages)}}
        return await self._touchpoints.find(query, {"event": 0, "words": 0}).to_list(None)

    async def marks_of(self, identities: Sequence[str]) -> list[Row]:
        """Conflicts that touch any of the events, but those withdrawn."""
        if not identities:
            return []
        query = {"events": {"$in": list(identities)}, "state": {"$ne": WITHDRAWN}}
        return await self._marks.find(query).sort("_id", ASCENDING).to_list(None)

    async def customer(self, customer: str) -> Row | None:
        return await self._customers.find_one({"_id": customer})

    async def customers(self, query: str, after: tuple[int, str] | None, limit: int) -> list[Row]:
        """Customers whose id holds `query`, the last in contact first."""
        conditions: list[Row] = []
        if query:
            conditions.append({"_id": {"$regex": re.escape(query), "$options": "i"}})
        if after is not None:
            last, customer = after
            conditions.append({"$or": [{"last": {"$lt": last}}, {"last": last, "_id": {"$gt": customer}}]})
        cursor = self._customers.find({"$and": conditions} if conditions else {})
        return await cursor.sort([("last", DESCENDING), ("_id", ASCENDING)]).limit(limit).to_list(limit)

    async def counts(self, customer: str) -> list[Row]:
        """`[{"_id": {"type", "department", "channel"}, "count"}]` over the customer's touchpoints."""
        group = {"type": "$type", "department": "$department", "channel": "$channel"}
        pipeline: list[Row] = [{"$match": {"customer": customer}}, {"$group": {"_id": group, "count": {"$sum": 1}}}]
        return await self._touchpoints.aggregate(pipeline).to_list(None)

    async def steps(self, customer: str, event_type: str) -> list[Row]:
        """Case or consent events of the customer."""
        query = {"customer": customer, "type": event_type}
        return await self._touchpoints.find(query, {"event": 0, "words": 0}).to_list(None)

    async def open_conflicts(self, customers: Sequence[str]) -> dict[str, int]:
        query = {"customer": {"$in": list(customers)}, "state": "open"}
        pipeline: list[Row] = [{"$match": query}, {"$group": {"_id": "$customer", "count": {"$sum": 1}}}]
        return {row["_id"]: row["count"] async for row in self._marks.aggregate(pipeline)}

    async def totals(self) -> dict[str, int]:
        return {
            "touchpoints": await self._touchpoints.estimated_document_count(),
            "customers": await self._customers.estimated_document_count(),
        }


def _row(point: Touchpoint) -> Row:
    row = {name: value for name, value in asdict(point).items() if value is not None and name != "id"}
    row["event"] = Binary(point.event)
    return row


def _query(customer: str, filters: Filters) -> Row:
    query: Row = {"customer": customer, "type": {"$in": list(filters.types)} if filters.types else {"$ne": DELIVERY}}
    for name, wanted in (
        ("department", filters.departments),
        ("channel", filters.channels),
        ("direction", filters.directions),
        ("purpose", filters.purposes),
    ):
        if wanted:
            query[name] = {"$in": list(wanted)}
    if filters.since is not None or filters.until is not None:
        bounds = {"$gte": filters.since, "$lt": filters.until}
        query["moment"] = {operator: bound for operator, bound in bounds.items() if bound is not None}
    if filters.words:
        query["$and"] = [{"words": {"$regex": re.escape(word)}} for word in filters.words]
    return query
