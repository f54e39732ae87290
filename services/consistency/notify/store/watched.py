"""Collection `watched_alerts`: each alert as `watched.Watched` has it. `due` is there while it is to be looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pymongo import ASCENDING, IndexModel, UpdateOne

from services.consistency.notify.matchers import Matcher
from services.consistency.notify.notification import Cover
from services.consistency.notify.watched import CLOSED_STATES, Watched
from services.consistency.store.documents import Row, chunks
from shared.mongo import Database, ensure_indexes, insert_new

UNSETTLED: Row = {"$nin": list(CLOSED_STATES)}
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Heard:
    """An alert as it was published; `labels` has no entry for what could not be learned now."""

    id: str
    revision: int
    alert: Mapping[str, Any]
    labels: Mapping[str, Sequence[str]]


def watched_of(row: Row) -> Watched:
    return Watched(
        id=row["_id"],
        revision=row["revision"],
        mark=row["mark"],
        alert=row["alert"],
        labels=row["labels"],
        groups=tuple(row["groups"]),
        untold=tuple(row["untold"]),
        told=row["told"],
        silences=tuple(row["silences"]),
        again=row["again"],
    )


def narrowed(matchers: Sequence[Matcher]) -> Row:
    """What the server can tell of them by itself; the rest is for `match`."""
    return {f"labels.{one.label}": one.value for one in matchers if one.op == "=" and one.value}


class WatchedAlerts:
    def __init__(self, database: Database) -> None:
        self._watched = database["watched_alerts"]
        self._routes = database["notification_routes"]

    async def prepare(self) -> None:
        await ensure_indexes(
            self._watched,
            [
                IndexModel([("due", ASCENDING)], partialFilterExpression={"due": True}),
                IndexModel([("untold", ASCENDING), ("_id", ASCENDING)]),
                IndexModel([("groups", ASCENDING), ("alert.state", ASCENDING)]),
                IndexModel([("silences", ASCENDING), ("alert.first_seen", ASCENDING)]),
                IndexModel([("alert.state", ASCENDING), ("labels.kind", ASCENDING)]),
            ],
        )

    async def hear(self, heard: Sequence[Heard]) -> None:
        """Keeps each alert, unless a newer revision is known, and has it looked at."""
        first: Row = {"revision": 0, "mark": 0, "alert": {"state": ""}, "labels": {}, "groups": [], "untold": []}
        first |= {"told": {}, "silences": [], "again": False}
        await insert_new(self._watched, [{"_id": one.id, **first} for one in await self._unknown(heard)])
        writes = [
            UpdateOne(
                {"_id": one.id, "revision": {"$lt": one.revision}},
                {
                    "$set": {
                        "revision": one.revision,
                        "alert": one.alert,
                        **{f"labels.{label}": list(values) for label, values in one.labels.items()},
                        "due": True,
                    },
                    "$inc": {"mark": 1},
                },
            )
            for one in heard
        ]
        if writes:
            await self._watched.bulk_write(writes, ordered=False)

    async def _unknown(self, heard: Sequence[Heard]) -> list[Heard]:
        known: set[str] = set()
        for some in chunks([one.id for one in heard]):
            known |= {row["_id"] async for row in self._watched.find({"_id": {"$in": list(some)}}, {"_id": 1})}
        return [one for one in heard if one.id not in known]

    async def by_id(self, ids: Sequence[str]) -> dict[str, Watched]:
        found: dict[str, Watched] = {}
        for some in chunks(ids):
            found |= {row["_id"]: watched_of(row) async for row in self._watched.find({"_id": {"$in": list(some)}})}
        return found

    async def due(self, limit: int) -> list[Watched]:
        return [watched_of(row) async for row in self._watched.find({"due": True}).limit(limit)]

    async def routed(self, alerts: Sequence[Watched]) -> list[Watched]:
        """Writes what was worked out of each, unless it changed meanwhile; they stay due until they are `settled`."""
        writes = [
            UpdateOne(
                {"_id": one.id, "mark": one.mark},
                {
                    "$set": {
                        "groups": list(one.groups),
                        "untold": list(one.untold),
                        "told": dict(one.told),
                        "silences": list(one.silences),
                        "again": one.again,
                    },
                    "$inc": {"mark": 1},
                },
            )
            for one in alerts
        ]
        if writes:
            await self._watched.bulk_write(writes, ordered=False)
        return [replace(one, mark=one.mark + 1) for one in alerts]

    async def settled(self, alerts: Sequence[Watched]) -> None:
        """Everything that follows from how they stood was done; one that changed meanwhile stays due."""
        writes = [UpdateOne({"_id": one.id, "mark": one.mark}, {"$unset": {"due": ""}}) for one in alerts]
        if writes:
            await self._watched.bulk_write(writes, ordered=False)

    async def untold(self, group: str, after: str, limit: int) -> list[Watched]:
        """Of what the group does not know yet and no silence hides, in order of their ids."""
        wanted = {"untold": group, "silences": [], "_id": {"$gt": after}}
        return [watched_of(row) async for row in self._watched.find(wanted).sort("_id", ASCENDING).limit(limit)]

    async def told(self, group: str, covers: Sequence[Cover]) -> None:
        """Notes what the group was told, and has the alerts looked at: they may stand otherwise by now."""
        writes = []
        for cover in covers:
            place = f"told.{group}"
            known: Row = (
                {"$unset": {place: ""}, "$set": {"due": True}}
                if cover.change == "closed"
                else {"$set": {place: cover.severity, "due": True}}
            )
            writes.append(UpdateOne({"_id": cover.alert}, {**known, "$pull": {"untold": group}, "$inc": {"mark": 1}}))
        if writes:
            await self._watched.bulk_write(writes, ordered=False)

    async def open_in(self, group: str, limit: int) -> list[Watched]:
        """Those of the group that are open and hidden by no silence, in no order."""
        return [watched_of(row) async for row in self._watched.find(self._open_in(group)).limit(limit)]

    async def count_open_in(self, group: str) -> int:
        return await self._watched.count_documents(self._open_in(group))

    def _open_in(self, group: str) -> Row:
        return {"groups": group, "alert.state": "open", "silences": []}

    async def unsettled(
        self, matchers: Sequence[Matcher], having: Mapping[str, Sequence[str]], after: str
    ) -> list[Watched]:
        """Alerts neither resolved nor dismissed that may match and have one of the values of each label in `having`, in
        order of their ids, `AT_ONCE` at the most."""
        wanted: Row = {"$and": [narrowed(matchers), *({f"labels.{n}": {"$in": list(v)}} for n, v in having.items())]}
        wanted |= {"alert.state": UNSETTLED, "_id": {"$gt": after}}
        cursor = self._watched.find(wanted).sort("_id", ASCENDING).limit(AT_ONCE)
        return [watched_of(row) async for row in cursor]

    async def look_again(self, ids: Sequence[str]) -> None:
        for some in chunks(ids):
            await self._watched.update_many({"_id": {"$in": list(some)}}, {"$set": {"due": True}, "$inc": {"mark": 1}})

    async def look_at_all_again(self, digest: str) -> None:
        """Has every alert that is not closed routed anew, unless that was done for this state of the routes."""
        if await self._routes.find_one({"_id": "routes", "digest": digest}) is None:
            await self._watched.update_many({"alert.state": UNSETTLED}, {"$set": {"due": True}, "$inc": {"mark": 1}})
            await self._routes.update_one({"_id": "routes"}, {"$set": {"digest": digest}}, upsert=True)

    async def silence(self, silence: str, ids: Sequence[str]) -> None:
        for some in chunks(ids):
            await self._watched.update_many(
                {"_id": {"$in": list(some)}}, {"$addToSet": {"silences": silence}, "$inc": {"mark": 1}}
            )

    async def release(self, silence: str) -> int:
        """What the silence hid comes up; answers how many there were."""
        result = await self._watched.update_many(
            {"silences": silence},
            {"$pull": {"silences": silence}, "$set": {"due": True, "again": True}, "$inc": {"mark": 1}},
        )
        return result.matched_count

    async def hidden(self, silence: str, limit: int) -> list[Watched]:
        """Alerts not closed that the silence hides, the oldest first."""
        cursor = self._watched.find(self._hidden(silence)).sort("alert.first_seen", ASCENDING).limit(limit)
        return [watched_of(row) async for row in cursor]

    async def count_hidden(self, silence: str) -> int:
        return await self._watched.count_documents(self._hidden(silence))

    def _hidden(self, silence: str) -> Row:
        return {"silences": silence, "alert.state": UNSETTLED}
