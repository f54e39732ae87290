"""Rebuilding on real servers: the commands as processes, and what tests look at in two generations."""

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import orjson
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.local.parts import settings_for_services
from deploy.local.processes import Part
from shared.events import CustomerEvent, EmbargoEvent, record_key, to_json
from shared.kafka.publisher import Outgoing, Publisher
from shared.kafka.topics import CONFLICTS, POLICIES, TOUCHPOINTS
from tests.feed import until
from tests.integration.consistency_service import Customer, embargo
from tests.integration.servers import Servers
from tests.topics import lag

Row = dict[str, Any]
READ = {"journey": TOUCHPOINTS, "journey-marks": CONFLICTS, "consistency": TOUCHPOINTS}


class Unnamed(Servers):
    """Replicas without a name: the embedded broker never ends the session of one that has one."""

    def service(self, name: str) -> Part:
        part = super().service(name)
        return replace(part, environ={**part.environ, "ONEVOICE_INSTANCE": ""})


@dataclass(frozen=True)
class Ended:
    status: int
    said: str


async def start_command(servers: Servers, service: str, *arguments: str) -> asyncio.subprocess.Process:
    environ = os.environ | servers.environ | settings_for_services(servers.at, servers.keys)
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"services.{service}", *arguments, env=environ,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip


async def ended(process: asyncio.subprocess.Process) -> Ended:
    said, _ = await asyncio.wait_for(process.communicate(), 600)
    assert process.returncode is not None
    return Ended(process.returncode, said.decode())


async def command(servers: Servers, service: str, *arguments: str) -> Ended:
    return await ended(await start_command(servers, service, *arguments))


@asynccontextmanager
async def mongodb(servers: Servers) -> AsyncIterator["AsyncIOMotorClient[Row]"]:
    client: AsyncIOMotorClient[Row] = AsyncIOMotorClient(servers.at.mongodb)
    try:
        yield client
    finally:
        client.close()


@asynccontextmanager
async def asking(servers: Servers, service: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {servers.keys.service}"}
    async with httpx.AsyncClient(base_url=servers.urls[service], headers=headers, timeout=30) as http:
        yield http


async def idle(servers: Servers, *groups: str) -> None:
    """Waits until the groups have read everything."""

    async def done() -> bool:
        return not any([await lag(servers.at.kafka, group, READ[group.split(".")[0]]) for group in groups])

    await until(done, f"{groups} have read everything")


def history(customer: Customer, number: int) -> list[CustomerEvent]:
    """Some of everything: pairs that clash, some bounced, some corrected, one duplicate each."""
    offer = customer.quote(20 + number % 7, "marketing", campaign=f"spring-{number % 3}")
    quote = customer.quote(10, "sales")
    events = [offer, quote, customer.delivery(offer, "delivered"), offer]
    if number % 4 == 1:
        events.append(customer.delivery(quote, "bounced"))
    if number % 4 == 2:
        words = "We were wrong: what marketing wrote of your discount on the Pro plan holds."
        events.append(customer.message(words, "sales", corrects=quote.id))
    if number % 4 == 3:
        events.append(customer.message("The merger with Norvik Tools is agreed.", "support"))
    return events


async def publish(publisher: Publisher, customers: Iterable[Customer], seed: int) -> None:
    """Their histories, each out of order, with what nobody can read among them."""
    chance = random.Random(seed)
    for number, customer in enumerate(customers):
        events = history(customer, number)
        chance.shuffle(events)
        await send(publisher, *events)
        if number % 10 == 0:
            await publisher.publish_all([Outgoing(TOUCHPOINTS, customer.id.encode(), b"no event")])


async def clash(publisher: Publisher, customers: Iterable[Customer]) -> None:
    """What consistency would say of each customer's first two messages: found, changed, some withdrawn, the
    newest first."""
    for number, customer in enumerate(customers):
        a, b = ({"source": "//tests.example.com/consistency", "id": f"{customer.id}-{n}"} for n in (1, 2))
        state = "withdrawn" if number % 5 == 4 else "open"
        conflict = {"id": f"conflict-{customer.id}", "customer": customer.id, "a": a, "b": b}
        for revision in (2, 1):
            value = orjson.dumps({**conflict, "revision": revision, "state": state if revision == 2 else "open"})
            await publisher.publish_all([Outgoing(CONFLICTS, customer.id.encode(), value)])


async def send(publisher: Publisher, *events: CustomerEvent | EmbargoEvent) -> None:
    records = [
        Outgoing(POLICIES if isinstance(event, EmbargoEvent) else TOUCHPOINTS, record_key(event), to_json(event))
        for event in events
    ]
    await publisher.publish_all(records)


def norvik() -> EmbargoEvent:
    return embargo("The merger with Norvik Tools", ["Norvik"])


async def rows(client: "AsyncIOMotorClient[Row]", database: str, collection: str) -> dict[str, Row]:
    return {row["_id"]: row async for row in client[database][collection].find({})}


OWN = {"revision", "found_at", "updated_at", "kept_from", "trace", "fresh", "left", "published", "pending"}
OWN |= {"carried", "state", "touched"}
"""What a generation says of itself, beside what it found."""


def found(conflicts: dict[str, Row]) -> dict[str, Row]:
    """What was found, without the withdrawn: they differ with the order of arrival."""
    return {
        key: {name: value for name, value in row.items() if name not in OWN}
        for key, row in conflicts.items()
        if row["pair"] != "withdrawn"
    }


async def settled(client: "AsyncIOMotorClient[Row]", number: int) -> None:
    async def done() -> bool:
        term = await client["onevoice"]["generations"].find_one({"_id": "consistency"})
        return bool((term["number"], term["phase"]) == (number, "settled"))

    await until(done)
