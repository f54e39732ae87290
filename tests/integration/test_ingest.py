"""Ingest against a real broker and a real store, over HTTP, as departments' systems publish."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from cloudevents.core.bindings import http as binding
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from shared.events import EVENT_TYPES, MAX_BATCH_BYTES, identity
from shared.events.schema import example
from shared.mongo import connect
from shared.settings import MongoSettings
from tests.feed import until
from tests.integration.servers import SALES_KEY, Servers, client, events_on, ingest_alone

pytestmark = pytest.mark.stack
STRUCTURED = {"Content-Type": "application/cloudevents+json"}
BATCHED = {"Content-Type": "application/cloudevents-batch+json"}
PATH = "/v1/events"
numbers = count(1)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, free_ports: dict[str, str]) -> Iterator[Servers]:
    with ingest_alone(tmp_path_factory.mktemp("ingest"), free_ports) as running:
        yield running


@pytest.fixture
async def door(servers: Servers) -> AsyncIterator[httpx.AsyncClient]:
    async with client(servers) as opened:
        yield opened


def new(event_type: str = "touchpoint.message.v1", **data: Any) -> dict[str, Any]:
    """An event as nobody published it before."""
    event = example(event_type)
    event["id"] = f"test-{next(numbers)}"
    event["data"] |= data
    return event


async def publish(door: httpx.AsyncClient, event: dict[str, Any]) -> httpx.Response:
    return await door.post(PATH, content=orjson.dumps(event), headers=STRUCTURED)


async def publish_batch(door: httpx.AsyncClient, events: list[Any]) -> httpx.Response:
    return await door.post(PATH, content=orjson.dumps(events), headers=BATCHED)


async def accepted(door: httpx.AsyncClient, events: list[Any]) -> bool:
    return (await publish_batch(door, events)).status_code == 202


def is_problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    return body


@pytest.mark.parametrize("event_type", EVENT_TYPES)
async def test_each_type_is_accepted_then_known(servers: Servers, door: httpx.AsyncClient, event_type: str) -> None:
    event = new(event_type)
    first, second = await publish(door, event), await publish(door, event)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == {"verdict": "accepted", "id": event["id"], "source": event["source"]}
    assert second.json() == {"verdict": "duplicate", "id": event["id"], "source": event["source"]}
    binds_all = event_type == "touchpoint.embargo.v1"
    key = identity(event["source"], event["id"]) if binds_all else event["data"]["customer"]["id"]
    stored = await events_on(servers, "policies" if binds_all else "touchpoints")
    assert [found for found, value in stored if value["id"] == event["id"]] == [key.encode()]


async def test_the_official_sdk_publishes_in_all_modes(servers: Servers, door: httpx.AsyncClient) -> None:
    plain = new(text="20 % off “Pro” – 只到周五, до пятницы")
    attributes = {name: value for name, value in plain.items() if name != "data"}
    event = CloudEvent({**attributes, "time": JSONFormat().read(None, orjson.dumps(plain)).get_time()}, plain["data"])
    binary, structured = binding.to_binary_event(event), binding.to_structured_event(event)
    answers = [await door.post(PATH, content=message.body, headers=message.headers) for message in (binary, structured)]
    answers.append(await door.post(PATH, content=b"[" + structured.body + b"]", headers=BATCHED))
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert answers[0].json()["verdict"] == "accepted"
    assert answers[1].json()["verdict"] == "duplicate"
    assert answers[2].json()["items"][0]["verdict"] == "duplicate"
    stored = [value for _, value in await events_on(servers, "touchpoints") if value["id"] == plain["id"]]
    assert len(stored) == 1
    assert stored[0]["data"]["text"] == plain["data"]["text"]


async def test_other_content_under_a_known_identity_is_refused(servers: Servers, door: httpx.AsyncClient) -> None:
    event = new()
    assert (await publish(door, event)).status_code == 202
    body = is_problem(await publish(door, event | {"data": event["data"] | {"text": "something else"}}), 409)
    assert (body["id"], body["source"]) == (event["id"], event["source"])
    stored = [value for _, value in await events_on(servers, "touchpoints") if value["id"] == event["id"]]
    assert [value["data"]["text"] for value in stored] == [event["data"]["text"]]


async def test_a_batch_has_a_verdict_for_each_item(servers: Servers, door: httpx.AsyncClient) -> None:
    known, fresh = new(), new("touchpoint.delivery.v1")
    await publish(door, known)
    other = known | {"data": known["data"] | {"text": "other words"}}
    wrong = new(channel="pigeon")
    answer = await publish_batch(door, [known, fresh, fresh, other, wrong, 7, new() | {"type": "touchpoint.gift.v9"}])
    assert answer.status_code == 207, answer.text
    body = answer.json()
    assert (body["accepted"], body["duplicate"], body["rejected"]) == (1, 2, 4)
    items = body["items"]
    assert [item["index"] for item in items] == list(range(7))
    assert [item["verdict"] for item in items[:3]] == ["duplicate", "accepted", "duplicate"]
    assert [item["status"] for item in items] == [202, 202, 202, 409, 422, 422, 422]
    assert items[4]["errors"][0]["path"] == "$.data.channel"
    assert "touchpoint.message.v1" in items[6]["errors"][0]["reason"]
    assert all(item["reason"] for item in items[3:])
    assert (await publish_batch(door, [known, fresh])).status_code == 202
    stored = [value for _, value in await events_on(servers, "touchpoints") if value["id"] == fresh["id"]]
    assert len(stored) == 1


async def test_a_full_batch_compressed_keeps_a_customers_order(servers: Servers, door: httpx.AsyncClient) -> None:
    events = [new(customer={"id": f"order-{number % 7}"}) for number in range(1_000)]
    answer = await door.post(
        PATH, content=gzip.compress(orjson.dumps(events)), headers=BATCHED | {"Content-Encoding": "gzip"}
    )
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] == 1_000
    stored = await events_on(servers, "touchpoints")
    for customer in range(7):
        key = f"order-{customer}"
        wanted = [event["id"] for event in events if event["data"]["customer"]["id"] == key]
        assert [value["id"] for found, value in stored if found == key.encode()] == wanted


async def test_the_same_event_at_once_is_stored_once(servers: Servers, door: httpx.AsyncClient) -> None:
    event = new()
    answers = await asyncio.gather(*(publish(door, event) for _ in range(20)))
    assert sorted(answer.json()["verdict"] for answer in answers) == ["accepted"] + ["duplicate"] * 19
    stored = [value for _, value in await events_on(servers, "touchpoints") if value["id"] == event["id"]]
    assert len(stored) == 1


async def test_two_contents_at_once_let_one_through(door: httpx.AsyncClient) -> None:
    event = new()
    texts = [deepcopy(event) | {"data": event["data"] | {"text": f"words {number}"}} for number in range(8)]
    answers = await asyncio.gather(*(publish(door, text) for text in texts))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 7


async def test_a_key_publishes_for_its_departments(servers: Servers) -> None:
    async with client(servers, SALES_KEY) as door:
        assert (await publish(door, new(department="sales"))).status_code == 202
        assert (await publish(door, new("touchpoint.consent.v1"))).status_code == 202
        assert (await publish(door, new("touchpoint.delivery.v1"))).status_code == 202
        is_problem(await publish(door, new(department="marketing")), 403)
        is_problem(await publish(door, new("touchpoint.embargo.v1")), 403)
        answer = await publish_batch(door, [new(department="billing"), new(department="it")])
        assert answer.status_code == 207
        assert [item["status"] for item in answer.json()["items"]] == [202, 403]


async def test_keys_are_needed_in_the_right_role(servers: Servers) -> None:
    async with httpx.AsyncClient(base_url=servers.urls["ingest"]) as door:
        assert is_problem(await publish(door, new()), 401)
    async with client(servers, "not-a-key") as door:
        is_problem(await publish(door, new()), 401)
    async with client(servers, servers.keys.agent) as door:
        is_problem(await publish(door, new()), 403)


async def test_a_bomb_is_refused_before_it_grows(door: httpx.AsyncClient) -> None:
    bomb = gzip.compress(b"[" + b" " * (64 * MAX_BATCH_BYTES // 16) + b"]")
    assert len(bomb) < MAX_BATCH_BYTES
    is_problem(await door.post(PATH, content=bomb, headers=BATCHED | {"Content-Encoding": "gzip"}), 413)


async def test_a_streamed_body_is_bounded(door: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * (512 * 1024)

    is_problem(await door.post(PATH, content=chunks(), headers=BATCHED), 413)


async def test_what_was_acknowledged_is_known_after_a_crash(servers: Servers, door: httpx.AsyncClient) -> None:
    event = new()
    assert (await publish(door, event)).json()["verdict"] == "accepted"
    await until(lambda: written_down(servers, event))
    servers.kill("ingest")
    servers.start("ingest")
    assert (await publish(door, event)).json()["verdict"] == "duplicate"
    is_problem(await publish(door, event | {"data": event["data"] | {"text": "other"}}), 409)


async def written_down(servers: Servers, event: dict[str, Any]) -> bool:
    settings = MongoSettings(uri=servers.at.mongodb)
    async with connect(settings, "test") as database:
        key = identity(event["source"], event["id"])
        return await database["identities"].find_one({"_id": key}) is not None


async def test_memory_away_refuses_nothing_and_back_is_used_again(servers: Servers, door: httpx.AsyncClient) -> None:
    servers.take_away("mongodb")
    away = [new() for _ in range(3)]
    answers = [await publish(door, event) for event in away]
    assert [answer.json()["verdict"] for answer in answers] == ["accepted"] * 3
    batch = await publish_batch(door, [*away, new()])
    assert (batch.status_code, batch.json()["duplicate"]) == (202, 3)
    ready = await door.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["parts"]["memory"] != "ok"
    servers.bring_back("mongodb")
    await until(lambda: written_down(servers, away[0]))
    assert "onevoice_memory_skipped_total" in (await door.get("/metrics")).text


async def test_broker_away_is_503_in_time_and_back_accepts(servers: Servers, door: httpx.AsyncClient) -> None:
    servers.take_away("kafka")
    events = [new() for _ in range(3)]
    async with asyncio.timeout(60):
        single, batch = await asyncio.gather(publish(door, events[0]), publish_batch(door, [*events[1:], {}]))
    assert int(single.headers["retry-after"]) > 0
    is_problem(single, 503)
    body = is_problem(batch, 503)
    assert int(batch.headers["retry-after"]) > 0
    assert [item["status"] for item in body["items"]] == [503, 503, 422]
    assert (await door.get("/healthz")).status_code == 200
    assert (await door.get("/readyz")).status_code == 503
    servers.bring_back("kafka")
    await until(lambda: accepted(door, events))
    ids = {value["id"] for _, value in await events_on(servers, "touchpoints")}
    assert ids >= {event["id"] for event in events}


async def test_a_broker_that_forgot_its_producers_is_written_to_again(
    tmp_path: Path, free_ports: dict[str, str]
) -> None:
    """A crash takes the broker's last seconds with it, and with them how far each producer had come."""
    with ingest_alone(tmp_path, free_ports) as servers:
        async with client(servers) as door:
            for _ in range(30):
                assert (await publish(door, new())).status_code == 202
            servers.kill("kafka")
            servers.bring_back("kafka")
            event = new()
            await until(lambda: accepted(door, [event]))
            stored = await events_on(servers, "touchpoints")
    assert event["id"] in {value["id"] for _, value in stored}
