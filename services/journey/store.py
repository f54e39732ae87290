"""The journey's MongoDB code, beside `finding`: collections `touchpoints`, `customers` and `conflict_marks`."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from bson import Binary
from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne

from services.journey.domain.mark import Mark
from services.journey.domain.touchpoint import Touchpoint, moment_of
from shared.mongo import Database, ensure_indexes, insert_new
from shared.reserved import is_reserved, not_reserved, reserved
from shared.retention import Retention
from shared.retention.documents import EXPIRES, KEPT_FROM, NEVER, expire, kept, later_of

DELIVERY = "touchpoint.delivery.v1"
CASE = "touchpoint.case.v1"
CONSENT = "touchpoint.consent.v1"
MESSAGE = "touchpoint.message.v1"
WITHDRAWN = "withdrawn"
UNSTORED = frozenset({"id", "arrived"})

NEWEST = [("moment", DESCENDING), ("_id", DESCENDING)]
NEWEST_FOUND = [("moment", DESCENDING), ("tie", DESCENDING)]
COUNTED = [("department", ASCENDING), ("channel", ASCENDING), ("customer", ASCENDING)]
SENT = {"type": MESSAGE, "direction": "outbound"}

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
    conflicts: Literal["open", "any"] | None = None
    """Only what is part of an open conflict, or of any that is not withdrawn."""


IN_CHUNK = 50
"""Values of one `$in`: servers compare each document with each value, so long lists cost their square."""
MAX_PROMOTIONS = 1_000
FOR_FINDING = {"words": 0, "terms": 0}
"""Fields that are there to be found by, and not read."""


class Store:
    def __init__(self, database: Database, retention: Retention) -> None:
        self._database = database
        self._retention = retention
        self._touchpoints = database["touchpoints"]
        self._customers = database["customers"]
        self._marks = database["conflict_marks"]

    async def prepare(self) -> None:
        """Creates the indexes that are missing."""
        await ensure_indexes(
            self._touchpoints,
            [
                IndexModel([("customer", ASCENDING), ("moment", DESCENDING), ("_id", DESCENDING)]),
                IndexModel([("customer", ASCENDING), ("message", ASCENDING)]),
                IndexModel([("customer", ASCENDING), ("event_id", ASCENDING)]),
                IndexModel([(name, ASCENDING) for name in ("type", "direction")] + NEWEST + COUNTED),
                IndexModel([("terms", ASCENDING), *NEWEST_FOUND], partialFilterExpression={"type": MESSAGE}),
            ],
        )
        await ensure_indexes(self._marks, [IndexModel([("events", ASCENDING)]), IndexModel([("customer", ASCENDING)])])
        for collection in (self._touchpoints, self._marks, self._customers):
            await expire(collection)

    async def append(self, touchpoints: Sequence[Touchpoint]) -> frozenset[str]:
        """Stores each once, the first of an identity; answers identities that hold other content."""
        known = await insert_new(self._touchpoints, [self._row(point) for point in touchpoints])
        reused = await self._reused([touchpoints[place] for place in known])
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
        of_customer: dict[str, list[Touchpoint]] = defaultdict(list)
        for point in touchpoints:
            of_customer[point.customer].append(point)
        writes = [
            UpdateOne({"_id": customer}, self._span(points), upsert=True) for customer, points in of_customer.items()
        ]
        if writes:
            await self._customers.bulk_write(writes, ordered=False)

    def _span(self, points: Sequence[Touchpoint]) -> Row:
        """A customer is known as long as the last of the touchpoints is kept."""
        moments = [point.moment for point in points]
        expires = max(self._kept(point)[EXPIRES] for point in points)
        return {"$min": {"first": min(moments)}, "$max": {"last": max(moments), EXPIRES: expires}}

    def _kept(self, point: Touchpoint) -> Row:
        kept_from = later_of(moment_of(point.moment), point.arrived)
        return kept(kept_from, self._retention.of_event(point.type, point.customer))

    def _row(self, point: Touchpoint) -> Row:
        row = {name: value for name, value in asdict(point).items() if value is not None and name not in UNSTORED}
        tie = {"tie": tie_of(point.id)} if point.terms is not None else {}
        return {"_id": point.id, **row, **tie, "event": Binary(point.event), **self._kept(point)}

    def _mark_row(self, mark: Mark) -> Row:
        return {
            "_id": mark.id,
            "customer": mark.customer,
            "events": list(mark.events),
            "state": mark.state,
            "revision": mark.revision,
            "conflict": Binary(mark.conflict),
            **self._mark_kept(mark),
        }

    def _mark_kept(self, mark: Mark) -> Row:
        """A mark stays as long as its conflict: what is open ends by being withdrawn."""
        arrived = datetime.fromtimestamp(mark.arrived / 1000, UTC)
        if mark.state != WITHDRAWN:
            return {KEPT_FROM: arrived, EXPIRES: NEVER}
        return kept(arrived, self._retention.of_withdrawn(mark.customer))

    async def mark(self, marks: Sequence[Mark]) -> None:
        """Keeps the newest revision of each conflict."""
        rows = [self._mark_row(mark) for mark in marks]
        known = [rows[place] for place in await insert_new(self._marks, rows)]
        if known:
            await self._marks.bulk_write([_newer(row) for row in known], ordered=False)

    async def page(
        self, customer: str, filters: Filters, after: tuple[int, str] | None, limit: int, newest_first: bool
    ) -> list[Row]:
        """Up to `limit` touchpoints behind the sort key `after`."""
        query = _query(customer, filters)
        if after is not None:
            beyond = "$lt" if newest_first else "$gt"
            moment, row_id = after
            query["$or"] = [{"moment": {beyond: moment}}, {"moment": moment, "_id": {beyond: row_id}}]
        if filters.conflicts is None:
            return await self._first(query, limit, newest_first)
        marked = await self._marked(customer, filters.conflicts)
        rows: list[Row] = []
        for start in range(0, len(marked), IN_CHUNK):
            part = {**query, "_id": {"$in": marked[start : start + IN_CHUNK]}}
            rows += await self._first(part, limit, newest_first)
            rows = sorted(rows, key=lambda row: (row["moment"], row["_id"]), reverse=newest_first)[:limit]
        return rows

    async def _first(self, query: Row, limit: int, newest_first: bool) -> list[Row]:
        direction = DESCENDING if newest_first else ASCENDING
        cursor = self._touchpoints.find(query, FOR_FINDING).sort([("moment", direction), ("_id", direction)])
        return await cursor.limit(limit).to_list(limit)

    async def _marked(self, customer: str, conflicts: Literal["open", "any"]) -> list[str]:
        """Identities of the events that are part of such a conflict."""
        state = "open" if conflicts == "open" else {"$ne": WITHDRAWN}
        rows = self._marks.find({"customer": customer, "state": state}, {"events": 1})
        return sorted({event async for row in rows for event in row["events"]})

    async def by_event_ids(self, customer: str, event_ids: Sequence[str]) -> list[Row]:
        query = {"customer": customer, "event_id": {"$in": list(event_ids)}}
        cursor = self._touchpoints.find(query, FOR_FINDING)
        return await cursor.sort([("moment", DESCENDING), ("_id", DESCENDING)]).to_list(None)

    async def deliveries(self, customer: str, messages: Sequence[str]) -> list[Row]:
        """Delivery events of the messages with those event ids."""
        if not messages:
            return []
        query = {"customer": customer, "message": {"$in": list(messages)}}
        return await self._touchpoints.find(query, {"event": 0, **FOR_FINDING}).to_list(None)

    async def marks_of(self, identities: Sequence[str]) -> list[Row]:
        """Conflicts that touch any of the events, but those withdrawn."""
        if not identities:
            return []
        query = {"events": {"$in": list(identities)}, "state": {"$ne": WITHDRAWN}}
        return await self._marks.find(query).sort("_id", ASCENDING).to_list(None)

    async def newest(self, until: int) -> int | None:
        """When the newest message to a customer that is not reserved was sent before `until`."""
        query = {**SENT, "moment": {"$lt": until}, **not_reserved("customer")}
        rows = await self._touchpoints.find(query, {"moment": 1}).sort(NEWEST).limit(1).to_list(1)
        return int(rows[0]["moment"]) if rows else None

    async def sent(self, since: int, until: int) -> list[Row]:
        """`[{"_id": {"department", "channel"}, "count"}]` of messages sent from `since` on and before `until`, of all
        customers but the reserved: an index has all that is counted."""
        match = {**SENT, "moment": {"$gte": since, "$lt": until}, **not_reserved("customer")}
        group = {"department": "$department", "channel": "$channel"}
        pipeline: list[Row] = [{"$match": match}, {"$group": {"_id": group, "count": {"$sum": 1}}}]
        return await self._touchpoints.aggregate(pipeline).to_list(None)

    async def messages(
        self,
        since: int,
        until: int,
        department: str | None,
        channel: str | None,
        after: tuple[int, str] | None,
        limit: int,
    ) -> list[Row]:
        """The newest of those messages first, up to `limit` behind the sort key `after`."""
        chosen = {"department": department, "channel": channel}
        query: Row = {**SENT, "moment": {"$gte": since, "$lt": until}, **not_reserved("customer")}
        query |= {name: wanted for name, wanted in chosen.items() if wanted is not None}
        if after is not None:
            moment, row_id = after
            query["$or"] = [{"moment": {"$lt": moment}}, {"moment": moment, "_id": {"$lt": row_id}}]
        return await self._touchpoints.find(query, FOR_FINDING).sort(NEWEST).limit(limit).to_list(limit)

    async def customers_by_id(self, customers: Sequence[str]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for start in range(0, len(customers), IN_CHUNK):
            rows = self._customers.find({"_id": {"$in": list(customers[start : start + IN_CHUNK])}})
            found |= {row["_id"]: row async for row in rows}
        return found

    async def customer(self, customer: str) -> Row | None:
        return await self._customers.find_one({"_id": customer})

    async def customers(self, query: str, after: tuple[int, str] | None, limit: int) -> list[Row]:
        """Customers whose id holds `query`, the last in contact first; reserved ones only where they are asked for."""
        conditions: list[Row] = [] if is_reserved(query) else [not_reserved("_id")]
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
        return await self._touchpoints.find(query, {"event": 0, **FOR_FINDING}).to_list(None)

    async def promotions(self, customer: str, since: int, until: int) -> list[Row]:
        """Promotional messages sent after `since` and up to `until`, at most `MAX_PROMOTIONS`, the newest first."""
        query = {**_promotional(customer), "moment": {"$gt": since, "$lte": until}}
        return await self._first_fields(query, {"event_id": 1, "moment": 1}, MAX_PROMOTIONS)

    async def last_promotion(self, customer: str, until: int) -> int | None:
        query = {**_promotional(customer), "moment": {"$lte": until}}
        rows = await self._first_fields(query, {"moment": 1}, 1)
        return int(rows[0]["moment"]) if rows else None

    async def _first_fields(self, query: Row, fields: Row, limit: int) -> list[Row]:
        return await self._touchpoints.find(query, fields).sort(NEWEST).limit(limit).to_list(limit)

    async def open_conflicts(self, customers: Sequence[str]) -> dict[str, int]:
        query = {"customer": {"$in": list(customers)}, "state": "open"}
        pipeline: list[Row] = [{"$match": query}, {"$group": {"_id": "$customer", "count": {"$sum": 1}}}]
        return {row["_id"]: row["count"] async for row in self._marks.aggregate(pipeline)}

    async def totals(self) -> dict[str, int]:
        """Without reserved customers, of which there are few, so that counting them costs little."""
        touchpoints = await self._touchpoints.estimated_document_count()
        customers = await self._customers.estimated_document_count()
        return {
            "touchpoints": max(0, touchpoints - await self._touchpoints.count_documents(reserved("customer"))),
            "customers": max(0, customers - await self._customers.count_documents(reserved("_id"))),
        }


def tie_of(identity: str) -> int:
    """48 bits of it: they stand in an index once for each term of a message, where the whole would be most of it."""
    return int(identity[:12], 16)


def _promotional(customer: str) -> Row:
    return {"customer": customer, **SENT, "purpose": "promotional"}


def _newer(row: Row) -> UpdateOne:
    where = {"_id": row["_id"], "customer": row["customer"], "revision": {"$lt": row["revision"]}}
    return UpdateOne(where, {"$set": {name: value for name, value in row.items() if name not in ("_id", "customer")}})


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
