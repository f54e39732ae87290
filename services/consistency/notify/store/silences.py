"""Collection `silences`."""

from dataclasses import asdict
from typing import Literal

from pymongo import ASCENDING, IndexModel

from services.consistency.domain.stored import moment_of
from services.consistency.notify.matchers import matcher
from services.consistency.notify.silence import Silence
from services.consistency.store.documents import Row
from shared.mongo import Database, ensure_indexes
from shared.retention import Retention
from shared.retention.documents import expire, kept

SilenceState = Literal["active", "ended"]


def silence_row(silence: Silence) -> Row:
    row = asdict(silence)
    return {"_id": row.pop("id"), **row, "matchers": [str(one) for one in silence.matchers]}


def silence_of(row: Row) -> Silence:
    fields = {name: row[name] for name in Silence.__dataclass_fields__.keys() - {"id", "matchers"}}
    return Silence(id=row["_id"], matchers=tuple(matcher(text) for text in row["matchers"]), **fields)


class Silences:
    def __init__(self, database: Database, retention: Retention) -> None:
        self._silences = database["silences"]
        self._retention = retention

    async def prepare(self) -> None:
        oldest = [("created_at", ASCENDING), ("_id", ASCENDING)]
        await ensure_indexes(
            self._silences,
            [IndexModel(oldest), IndexModel([("ends_at", ASCENDING)]), IndexModel([("released", ASCENDING)])],
        )
        await expire(self._silences)

    async def add(self, silence: Silence) -> None:
        await self._silences.insert_one({**silence_row(silence), **kept(moment_of(silence.created_at), None)})

    async def by_id(self, silence: str) -> Silence | None:
        row = await self._silences.find_one({"_id": silence})
        return None if row is None else silence_of(row)

    async def active(self, now: int, limit: int) -> list[Silence]:
        """The oldest first."""
        return await self.page("active", None, limit, now)

    async def count_active(self, now: int) -> int:
        return await self._silences.count_documents({"ends_at": {"$gt": now}})

    async def page(
        self, state: SilenceState | None, key: tuple[int, str] | None, limit: int, now: int
    ) -> list[Silence]:
        """The oldest first, after `key` (created_at, id)."""
        conditions: list[Row] = []
        if state is not None:
            conditions.append({"ends_at": {"$gt" if state == "active" else "$lte": now}})
        if key is not None:
            moment, row_id = key
            conditions.append(
                {"$or": [{"created_at": {"$gt": moment}}, {"created_at": moment, "_id": {"$gt": row_id}}]}
            )
        wanted: Row = {"$and": conditions} if conditions else {}
        cursor = self._silences.find(wanted).sort([("created_at", ASCENDING), ("_id", ASCENDING)]).limit(limit)
        return [silence_of(row) async for row in cursor]

    async def end(self, silence: str, by: str, now: int) -> bool:
        """False where it has ended before."""
        result = await self._silences.update_one(
            {"_id": silence, "ends_at": {"$gt": now}}, {"$set": {"ends_at": now, "ended_by": by}}
        )
        return result.matched_count == 1

    async def to_apply(self, limit: int) -> list[Silence]:
        """Those whose making ended half way."""
        rows = self._silences.find({"released": False, "applied": False}).limit(limit)
        return [silence_of(row) async for row in rows]

    async def applied(self, silence: str) -> None:
        await self._silences.update_one({"_id": silence}, {"$set": {"applied": True}})

    async def to_release(self, now: int, limit: int) -> list[Silence]:
        """Those that have ended, and what they hid has not come up yet."""
        rows = self._silences.find({"released": False, "ends_at": {"$lte": now}}).limit(limit)
        return [silence_of(row) async for row in rows]

    async def released(self, silence: Silence, hid: int) -> None:
        dates = kept(moment_of(silence.ends_at), self._retention.derived.notifications)
        fields = {"released": True, "applied": True, **dates}
        await self._silences.update_one({"_id": silence.id}, {"$set": fields, "$max": {"hid": hid}})
