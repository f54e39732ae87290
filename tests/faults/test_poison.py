"""Unreadable bytes, wrong schemas, a text of a megabyte, records of a future version, and bursts of them, amid good
events: those all arrive, and each poison is one dead letter of each consumer that it cannot be processed by.

What holds where a consumer is killed: a poison is delivered again and is a dead letter again where the kill came
between the dead letter and the commit. Its place (topic, partition, offset) tells that it is the same, so there is
at least one letter for each place and consumer, and at most one more for each kill.
"""

import asyncio
import base64
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from deploy.local.demo.publish import publish
from deploy.local.stack import Stack
from services.consistency import app as consistency
from services.journey import app as journey
from shared.events import MAX_EVENT_BYTES
from shared.kafka.publisher import Outgoing, open_publisher
from shared.kafka.topics import DEAD_LETTERS, POLICIES, TOUCHPOINTS
from shared.settings import KafkaSettings, KeySettings, MongoSettings
from tests.faults.counted import Counted
from tests.faults.poisons import CONSUMERS, POISONS, event, with_data
from tests.faults.whole_stack import Consuming, Holdings, Json, at_rest, holdings
from tests.feed import contradicting, until
from tests.integration.servers import Servers
from tests.topics import lag, records_of

CUSTOMERS = 100
BURST = 8
"""So many of each kind."""
Place = tuple[str, str, int, int]
"""Consumer, topic, partition, offset."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, free_ports: dict[str, str]) -> Iterator[Stack]:
    with Consuming(tmp_path_factory.mktemp("poison"), free_ports | {"ONEVOICE_COMPARER": "off"}) as running:
        running.up()
        yield running


def good(prefix: str, customers: int = CUSTOMERS) -> list[Json]:
    return [event for number in range(customers) for event in contradicting(f"{prefix}-{number}")]


def poisons(first: int, burst: int = BURST) -> list[Outgoing]:
    """Kinds in bursts, under the keys of good customers too."""
    made = [
        Outgoing(topic, f"c-{first + at}".encode(), make(first + at))
        for topic, kinds in POISONS.items()
        for kind, make in enumerate(kinds.values())
        for at in range(kind * burst, (kind + 1) * burst)
    ]
    random.Random(first).shuffle(made)
    return made


def expected_letters(sent: Sequence[Outgoing]) -> Counter[tuple[str, bytes]]:
    return Counter((consumer, record.value or b"") for record in sent for consumer in CONSUMERS[record.topic])


def letters(found: Holdings | Sequence[Json]) -> Counter[tuple[str, bytes]]:
    listed = found.dead_letters if isinstance(found, Holdings) else found
    return Counter((one["consumer"], base64.b64decode(one["value"] or "")) for one in listed)


def places(listed: Sequence[Json]) -> Counter[Place]:
    return Counter((one["consumer"], one["topic"], one["partition"], one["offset"]) for one in listed)


async def put(kafka: str, records: Sequence[Outgoing], at_once: int = 40) -> None:
    """A few at a time, for a record of a megabyte is among them."""
    async with open_publisher(KafkaSettings(bootstrap_servers=kafka), "broken") as publisher:
        for start in range(0, len(records), at_once):
            await publisher.publish_all(records[start : start + at_once])


async def feed(stack: Stack, events: list[Json]) -> int:
    published = await publish(stack.urls["ingest"], stack.keys.publish, events, batch_size=20)
    return published.verdicts["accepted"]


def report(fault: str, events: int, accepted: int, told: list[Json], found: Holdings, conflicts: int) -> Counted:
    """Counts over the good events `told` alone."""
    mine = {(event["source"], event["id"]) for event in told}
    customers = {event["data"]["customer"]["id"] for event in told}
    counted = Counted(
        fault,
        events=events,
        accepted=accepted,
        stored=len(mine & found.compared.keys()),
        duplicated=len(found.doubled),
        lost=len(found.lost(told)),
        conflicts_expected=conflicts,
        conflicts_found=sum(one["customer"] in customers for one in found.marked.values()),
    )
    counted.report()
    return counted


@pytest.mark.timeout(600)
async def test_each_poison_is_one_dead_letter_and_the_good_arrive(stack: Stack) -> None:
    told, sent = good("c"), poisons(0)
    accepted, _ = await asyncio.gather(feed(stack, told), put(stack.at.kafka, sent))
    await at_rest(stack)
    found = await holdings(stack)
    counted = report(
        "poison: every kind, in bursts amid good events", len(told) + len(sent), accepted, told, found, 100
    )
    assert (counted.accepted, counted.stored, counted.lost, counted.duplicated) == (len(told), len(told), 0, 0)
    assert counted.conflicts_found == CUSTOMERS
    assert letters(found) == expected_letters(sent)
    assert set(places(found.dead_letters).values()) == {1}
    assert all(one["reason"] for one in found.dead_letters)


@pytest.mark.timeout(600)
async def test_the_reason_says_where_and_never_what(stack: Stack) -> None:
    secret = "the words of a customer"
    await put(stack.at.kafka, [Outgoing(TOUCHPOINTS, b"c-words", orjson.dumps(with_data(1, channel=secret)))])
    await at_rest(stack)
    mine = [one for one in await listed(stack.at.kafka) if base64.b64decode(one["key"] or "") == b"c-words"]
    assert sorted(one["consumer"] for one in mine) == ["consistency", "journey"]
    assert all("channel" in one["reason"] and secret not in one["reason"] for one in mine)


@pytest.mark.timeout(600)
async def test_killed_amid_poison_nothing_is_lost_and_letters_are_told_apart_by_place(stack: Stack) -> None:
    before = await listed(stack.at.kafka)
    told, sent, kills = good("k"), poisons(10_000, 4), 2
    work = asyncio.gather(feed(stack, told), put(stack.at.kafka, sent, at_once=10))
    for _ in range(kills):
        for name in ("journey", "consistency"):
            await asyncio.sleep(0.5)
            await asyncio.to_thread(stack.kill, name)
            await asyncio.to_thread(stack.start, name)
    accepted, _ = await work
    await at_rest(stack)
    found = await holdings(stack)
    fault = "poison: consumers killed amid it"
    counted = report(fault, len(told) + len(sent), accepted, told, found, CUSTOMERS)
    assert (counted.accepted, counted.stored, counted.lost, counted.duplicated) == (len(told), len(told), 0, 0)
    assert counted.conflicts_found == CUSTOMERS
    new = [one for one in found.dead_letters if one not in before]
    by_place = {place: one for one in new if (place := next(iter(places([one]))))}
    assert letters(list(by_place.values())) == expected_letters(sent)
    assert max(places(new).values()) <= 1 + kills
    assert max(places([one for one in found.dead_letters if one["topic"] == POLICIES]).values()) == 1


HTTP_POISONS: dict[str, tuple[bytes, int]] = {
    "unreadable bytes": (b"\xff\xfe\x00", 400),
    "empty": (b"", 400),
    "brackets without end": (b"[" * 200_000, 400),
    "half a surrogate pair": (orjson.dumps(with_data(1, text="?")).replace(b"?", b"\\ud800"), 400),
    "wrong schema": (orjson.dumps(with_data(2, channel="pigeon")), 422),
    "an event of a future version": (orjson.dumps(event(3, type="touchpoint.message.v2")), 422),
    "an envelope of a future version": (orjson.dumps(event(4, specversion="2.0")), 422),
    "a text of a megabyte": (orjson.dumps(with_data(5, text="x" * 1_000_000)), 422),
    "a body beyond every bound": (b" " * (2 * MAX_EVENT_BYTES + 1), 413),
}


@pytest.mark.timeout(600)
async def test_the_door_refuses_poison_and_takes_the_good_beside_it(stack: Stack) -> None:
    before = len(await listed(stack.at.kafka))
    headers = {"authorization": f"Bearer {stack.keys.publish}"}
    told = good("h")
    refused = [HTTP_POISONS[kind] for kind in HTTP_POISONS for _ in range(BURST)]

    async def door(http: httpx.AsyncClient, body: bytes, status: int) -> None:
        answer = await http.post("/v1/events", content=body, headers={"content-type": "application/cloudevents+json"})
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert answer.json()["detail"]

    async with httpx.AsyncClient(base_url=stack.urls["ingest"], headers=headers, timeout=60) as http:
        accepted, *_ = await asyncio.gather(feed(stack, told), *(door(http, *poison) for poison in refused))
        mixed = [one for number, event_ in enumerate(good("m", 50)) for one in (event_, event(number, type="x.v9"))]
        answer = await http.post(
            "/v1/events", json=mixed, headers={"content-type": "application/cloudevents-batch+json"}
        )
    assert (answer.status_code, answer.json()["accepted"], answer.json()["rejected"]) == (207, 100, 100)
    told += [one for one in mixed if one["type"] == "touchpoint.message.v1"]
    await at_rest(stack)
    found = await holdings(stack)
    sent = len(told) + len(refused) + 100
    counted = report("poison: over HTTP, in bursts amid good events", sent, accepted + 100, told, found, 150)
    assert (counted.accepted, counted.stored, counted.lost, counted.duplicated) == (len(told), len(told), 0, 0)
    assert counted.conflicts_found == 150
    assert len(found.dead_letters) == before


async def listed(kafka: str) -> list[Json]:
    return [orjson.loads(value) for _, value in await records_of(kafka, DEAD_LETTERS)]


APPS: dict[str, Any] = {"journey": journey, "consistency": consistency}
CAP = 10


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, free_ports: dict[str, str]) -> Iterator[Servers]:
    capped = {"ONEVOICE_COMPARER": "off", "ONEVOICE_DEAD_LETTER_CAP": str(CAP)}
    with Servers(tmp_path_factory.mktemp("halted"), free_ports | capped) as running:
        running.up()
        yield running


@asynccontextmanager
async def in_process(servers: Servers, name: str, cap: int) -> AsyncIterator[httpx.AsyncClient]:
    """The service in this process, so that it can still be asked when its consumer halted."""
    settings = APPS[name].Settings(
        kafka=KafkaSettings(bootstrap_servers=servers.at.kafka, instance="local", dead_letter_cap=cap),
        mongo=MongoSettings(uri=servers.at.mongodb),
        keys=KeySettings(file=servers.keys.file),
    )
    app: FastAPI = APPS[name].create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{name}", timeout=30) as http,
    ):
        yield http


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", APPS)
async def test_above_the_cap_the_consumer_halts_and_goes_on_with_a_higher_one(servers: Servers, name: str) -> None:
    customer = f"c-{name}"
    key, sent = customer.encode(), 3 * CAP
    bad = [Outgoing(TOUCHPOINTS, key, f"{name}, no event: {number}".encode()) for number in range(sent)]
    behind = [Outgoing(TOUCHPOINTS, key, orjson.dumps(one)) for one in contradicting(customer)]
    already, before = await lag(servers.at.kafka, name, TOUCHPOINTS), len(await listed(servers.at.kafka))
    await put(servers.at.kafka, [*bad, *behind])

    async with in_process(servers, name, CAP) as http:

        async def halted() -> Json | None:
            answer = await http.get("/readyz")
            return answer.json() if answer.status_code == 503 and "bad deployment" in answer.text else None

        parts = (await until(halted))["parts"]
        [why] = [state for part, state in parts.items() if part.startswith("consumer") and state != "ok"]
        assert "would be dead letters" in why
        assert "Nothing was committed" in why
        assert (await http.get("/healthz")).status_code == 200
    written = len(await listed(servers.at.kafka)) - before
    assert written <= CAP
    assert await lag(servers.at.kafka, name, TOUCHPOINTS) == already + len(bad) + len(behind) - written

    ended = await asyncio.to_thread(run_to_its_end, servers, name)
    assert ended == 1
    assert "would be dead letters" in servers.log_of(name).read_text()
    assert len(await listed(servers.at.kafka)) - before == written

    async with in_process(servers, name, 1_000) as http:

        async def done() -> bool:
            return await lag(servers.at.kafka, name, TOUCHPOINTS) == 0

        async def ready() -> bool:
            return (await http.get("/readyz")).status_code == 200

        await until(done)
        await until(ready)
    mine = [one for one in await listed(servers.at.kafka) if one["consumer"] == name]
    values = Counter(base64.b64decode(one["value"] or "") for one in mine)
    assert all(values[record.value or b""] == 1 for record in bad)
    assert set(places(mine).values()) == {1}
    found = await holdings(servers)
    stored = found.timelines if name == "journey" else found.compared
    Counted(
        f"poison: above the cap {name} halts, with a higher one it goes on",
        events=len(bad) + len(behind),
        accepted=len(behind),
        stored=len([key for key in stored if key[1].startswith(f"{customer}-")]),
        duplicated=len(found.doubled),
        lost=len([one for one in contradicting(customer) if (one["source"], one["id"]) not in stored]),
    ).report()
    assert all(stored[one["source"], one["id"]] == 1 for one in contradicting(customer))


def run_to_its_end(servers: Servers, name: str) -> int:
    """The service as a process, with the low cap: it ends by itself. Answers its status."""
    child = servers.launch(servers.service(name))
    del servers.children[name]
    return child.process.wait(120)
