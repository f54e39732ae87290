"""Collections `policies` (what binds every customer) and `policy_progress` (how far it was applied to what is
stored, a document a partition of the touchpoints)."""

from collections.abc import Sequence

from pymongo.errors import DuplicateKeyError

from shared.events import EmbargoEvent, digest, identity_of, parse_event, to_json
from shared.mongo import Database


class Policies:
    def __init__(self, database: Database) -> None:
        self._policies = database["policies"]
        self._progress = database["policy_progress"]
        self._refused = database["policies_refused"]

    async def store(self, policy: EmbargoEvent) -> bool:
        """Stores it once; False where its identity has other content, which stays."""
        body = to_json(policy)
        wanted = {"_id": identity_of(policy), "digest": digest(body)}
        try:
            await self._policies.update_one(wanted, {"$setOnInsert": {"body": body.decode()}}, upsert=True)
        except DuplicateKeyError:
            # Another instance may have stored the same at this moment.
            return await self._policies.find_one(wanted) is not None
        return True

    async def all(self) -> list[EmbargoEvent]:
        events = [parse_event(row["body"]) async for row in self._policies.find({})]
        return [event for event in events if isinstance(event, EmbargoEvent)]

    async def applied(self, partitions: Sequence[int]) -> dict[int, int]:
        """For each partition, the first offset of the policies that is not applied to it yet."""
        cursor = self._progress.find({"_id": {"$in": list(partitions)}})
        known = {row["_id"]: row["applied"] async for row in cursor}
        return {partition: known.get(partition, 0) for partition in partitions}

    async def advance(self, partition: int, applied: int) -> None:
        await self._progress.update_one({"_id": partition}, {"$max": {"applied": applied}}, upsert=True)

    async def restart(self, partition: int) -> None:
        """For a topic that was made anew, so that its offsets began again."""
        await self._progress.update_one({"_id": partition}, {"$set": {"applied": 0}}, upsert=True)

    async def is_refused(self, place: str) -> bool:
        return await self._refused.find_one({"_id": place}) is not None

    async def refuse(self, place: str, reason: str) -> None:
        """Remembers a record that was put among the dead letters, for every start reads it again."""
        await self._refused.update_one({"_id": place}, {"$set": {"reason": reason}}, upsert=True)

    async def count(self) -> int:
        return await self._policies.count_documents({})
