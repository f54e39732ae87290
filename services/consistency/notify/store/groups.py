"""Collection `notification_groups`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from pymongo import ASCENDING, IndexModel, UpdateOne

from services.consistency.notify.notification import Group
from services.consistency.store.documents import Row, chunks
from shared.mongo import Database, ensure_indexes, insert_new


def group_row(group: Group) -> Row:
    row = asdict(group)
    return {"_id": row.pop("id"), **row}


def group_of(row: Row) -> Group:
    fields = {name: row[name] for name in Group.__dataclass_fields__.keys() - {"id"}}
    return Group(id=row["_id"], **fields)


class Groups:
    def __init__(self, database: Database) -> None:
        self._groups = database["notification_groups"]

    async def prepare(self) -> None:
        await ensure_indexes(self._groups, [IndexModel([("due", ASCENDING)])])

    async def by_id(self, ids: Sequence[str]) -> dict[str, Group]:
        found: dict[str, Group] = {}
        for some in chunks(ids):
            found |= {row["_id"]: group_of(row) async for row in self._groups.find({"_id": {"$in": list(some)}})}
        return found

    async def add(self, groups: Sequence[Group]) -> None:
        """Those that are not there yet."""
        await insert_new(self._groups, [group_row(group) for group in groups])

    async def look_at(self, due: Mapping[str, int]) -> None:
        """Has each group looked at by then, unless it is sooner; whoever looks at it now will have to look again."""
        writes = [UpdateOne({"_id": group}, {"$min": {"due": at}, "$inc": {"version": 1}}) for group, at in due.items()]
        if writes:
            await self._groups.bulk_write(writes, ordered=False)

    async def due(self, now: int, limit: int) -> list[Group]:
        cursor = self._groups.find({"due": {"$lte": now}}).sort("due", ASCENDING).limit(limit)
        return [group_of(row) async for row in cursor]

    async def claim(self, group: Group, until: int) -> Group | None:
        """The group as the caller's to look at, until then; None where another instance has it."""
        return await self._replace(group, replace(group, due=until))

    async def write(self, before: Group, after: Group) -> Group | None:
        """None where the group was changed meanwhile; it is then due again."""
        return await self._replace(before, after)

    async def _replace(self, before: Group, after: Group) -> Group | None:
        written = replace(after, version=before.version + 1)
        fields = {name: value for name, value in group_row(written).items() if name != "_id"}
        result = await self._groups.update_one({"_id": before.id, "version": before.version}, {"$set": fields})
        return written if result.matched_count else None
