"""Messages of all customers, found by their terms: the rest of the journey's MongoDB code."""

from collections.abc import Sequence

from pymongo.errors import ExecutionTimeout

from services.journey.store import FOR_FINDING, IN_CHUNK, MESSAGE, NEWEST_FOUND, Row
from shared.mongo import Database
from shared.reserved import not_reserved

GIVE_UP_MILLISECONDS = 3_000
TookTooLong = ExecutionTimeout
Key = tuple[int, int]
"""Sort key of a message: its moment, and the number that tells it from others of that moment."""


class Finder:
    """Reads the collection `touchpoints`. Each method raises `TookTooLong` where the server has not found what is
    asked for after `GIVE_UP_MILLISECONDS`."""

    def __init__(self, database: Database) -> None:
        self._touchpoints = database["touchpoints"]

    async def messages(self, terms: Sequence[str], after: Key | None, limit: int) -> list[Row]:
        """Messages that have all the terms, the newest first, up to `limit` behind `after`; without reserved
        customers."""
        query = {**having(terms), **not_reserved("customer")}
        if after is not None:
            moment, tie = after
            older = [{"moment": {"$lt": moment}}, {"tie": {"$lt": tie}}]
            query |= {"moment": {"$lte": moment}, "$or": older}
        cursor = self._touchpoints.find(query, FOR_FINDING).sort(NEWEST_FOUND).limit(limit)
        return await cursor.max_time_ms(GIVE_UP_MILLISECONDS).to_list(limit)

    async def found_before(self, customers: Sequence[str], terms: Sequence[str], key: Key) -> frozenset[str]:
        """Those of the customers who have such a message up to `key`, that one included."""
        moment, tie = key
        newer = {"moment": {"$gte": moment}, "$or": [{"moment": {"$gt": moment}}, {"tie": {"$gte": tie}}]}
        found: set[str] = set()
        for start in range(0, len(customers), IN_CHUNK):
            some = {"customer": {"$in": list(customers[start : start + IN_CHUNK])}}
            grouped: list[Row] = [{"$match": {**having(terms), **some, **newer}}, {"$group": {"_id": "$customer"}}]
            rows = self._touchpoints.aggregate(grouped, maxTimeMS=GIVE_UP_MILLISECONDS)
            found |= {row["_id"] async for row in rows}
        return frozenset(found)


def having(terms: Sequence[str]) -> Row:
    return {"type": MESSAGE, "$and": [{"terms": term} for term in terms]}
