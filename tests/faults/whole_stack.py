"""The stack from the door to the consumers, and what it holds once nothing is left to do."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.local.stack import Stack
from shared.events import identity
from shared.kafka.topics import CONFLICTS, DEAD_LETTERS, POLICIES, TOUCHPOINTS
from tests.feed import until
from tests.integration.servers import Servers
from tests.topics import lag, places_of, records_of

Json = dict[str, Any]
EventKey = tuple[str, str]
"""An event's `source` and `id`."""


@dataclass(frozen=True)
class Holdings:
    """`timelines`: how often each event stands on one; `compared`: how often consistency has it, policies too.

    Conflicts by id as (customer, kind, both sides, state, alert), the withdrawn left out; `marked` the same as the
    timelines show it; alerts with conflicts by id as (state, customers, conflicts).
    """

    timelines: Counter[EventKey]
    compared: Counter[EventKey]
    customers: dict[str, tuple[int, int]]
    conflicts: dict[str, Json]
    marked: dict[str, Json]
    alerts: dict[str, tuple[str, int, int]]
    dead_letters: list[Json]

    def lost(self, events: Iterable[Json]) -> list[EventKey]:
        """Those that are missing anywhere."""
        return [
            key
            for event in events
            if (key := (event["source"], event["id"])) not in self.compared
            or (key not in self.timelines and not event["type"].startswith("touchpoint.embargo"))
        ]

    @property
    def doubled(self) -> list[EventKey]:
        return [key for kept in (self.timelines, self.compared) for key, times in kept.items() if times > 1]


class Consuming(Servers):
    """The servers, the door and both consumers, by the rules alone; nobody looks at the console here."""

    def up(self) -> None:
        super().up()
        for name in ("ingest", "journey", "consistency"):
            self.launch(self.service(name))
        for name in ("ingest", "journey", "consistency"):
            self.wait_until_ready(name)

    def start(self, name: str) -> None:
        self.launch(self.servers.get(name) or self.service(name))
        self.wait_until_ready(name)


async def at_rest(stack: Stack) -> None:
    """Waits until every record was handled, every policy applied and every change published and marked."""
    client: AsyncIOMotorClient[Json] = AsyncIOMotorClient(stack.at.mongodb)
    database = client["onevoice"]
    partitions = len(await places_of(stack.at.kafka, TOUCHPOINTS))

    async def consumed() -> bool:
        return not any([await lag(stack.at.kafka, group, TOUCHPOINTS) for group in ("journey", "consistency")])

    async def applied() -> bool:
        policies = len(await records_of(stack.at.kafka, POLICIES))
        done = [row["applied"] async for row in database["policy_progress"].find({})]
        return not policies or (len(done) == partitions and min(done) >= policies)

    async def published() -> bool:
        left = [await database[name].count_documents({"pending": True}) for name in ("conflicts", "alerts")]
        return not any(left) and not await database["alerts"].count_documents({"due": True})

    async def marked() -> bool:
        return not await lag(stack.at.kafka, "journey-marks", CONFLICTS)

    async def all_done() -> bool:
        return all([await one() for one in (consumed, applied, published, marked)])

    try:
        await until(all_done, "the stack at rest")
        await asyncio.sleep(3)  # a sweep that still goes on would change something now
        await until(all_done, "the stack at rest")
    finally:
        client.close()


async def holdings(stack: Stack) -> Holdings:
    client: AsyncIOMotorClient[Json] = AsyncIOMotorClient(stack.at.mongodb)
    database = client["onevoice"]
    try:
        bodies = [row["body"] async for row in database["events"].find({}, {"body": 1})]
        bodies += [row["body"] async for row in database["policies"].find({}, {"body": 1})]
        timelines = [row["event"] async for row in database["touchpoints"].find({}, {"event": 1})]
        marks = [orjson.loads(row["conflict"]) async for row in database["conflict_marks"].find({})]
        conflicts = [row | {"id": row["_id"]} async for row in database["conflicts"].find({})]
        alerts = [row async for row in database["alerts"].find({})]
        customers = {row["_id"]: (row["first"], row["last"]) async for row in database["customers"].find({})}
    finally:
        client.close()
    letters = [orjson.loads(value) for _, value in await records_of(stack.at.kafka, DEAD_LETTERS)]
    return Holdings(
        timelines=counted(timelines),
        compared=counted(bodies),
        customers=customers,
        conflicts=by_id(conflicts),
        marked=by_id(marks),
        alerts={one["_id"]: (one["state"], one["customers"], one["conflicts"]) for one in alerts if one["conflicts"]},
        dead_letters=letters,
    )


def counted(bodies: Iterable[str | bytes]) -> Counter[EventKey]:
    events = map(orjson.loads, bodies)
    return Counter((event["source"], event["id"]) for event in events)


def by_id(conflicts: Iterable[Json]) -> dict[str, Json]:
    return {one["id"]: shown(one) for one in conflicts if one["state"] != "withdrawn"}


def shown(conflict: Json) -> Json:
    sides = [identity(conflict[side]["source"], conflict[side]["id"]) for side in ("a", "b")]
    return {
        "sides": sides,
        **{name: conflict[name] for name in ("customer", "kind", "attribute", "reason", "state", "alert")},
    }
