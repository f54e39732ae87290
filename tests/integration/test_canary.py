"""The canary on the whole stack: seen where it is to be seen, nowhere else, and missed when a part is away."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from deploy.local.stack import Stack
from shared.kafka.topics import ALERTS
from shared.reserved import RESERVED
from shared.telemetry.metrics import CANARY_OVERDUE, CANARY_RUNS
from tests.feed import Json, contradicting, message, until
from tests.topics import records_of

pytestmark = pytest.mark.stack
OFTEN = {
    "ONEVOICE_CANARY": "on",
    "ONEVOICE_CANARY_EVERY": "2",
    "ONEVOICE_CANARY_LATE": "20",
    "ONEVOICE_CANARY_LOST": "60",
}
CLOUDEVENTS = {"content-type": "application/cloudevents+json"}


@pytest.fixture(scope="module")
def singing(tmp_path_factory: pytest.TempPathFactory, free_ports: dict[str, str]) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("canary"), free_ports | OFTEN) as running:
        running.up()
        yield running


@pytest.fixture
async def ops(singing: Stack) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {singing.keys.ops}"}
    async with httpx.AsyncClient(base_url=singing.urls["gateway"], headers=headers, timeout=60) as client:
        yield client


async def get(ops: httpx.AsyncClient, path: str, **params: str) -> Any:
    answer = await ops.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def in_state(ops: httpx.AsyncClient, *states: str) -> Json:
    async def reached() -> Json | None:
        health: Json = await get(ops, "/v1/health")
        return health if health["canary"]["state"] in states else None

    found: Json = await until(reached, f"the canary to be {' or '.join(states)}")
    return found


async def test_both_ways_are_measured_and_shown(singing: Stack, ops: httpx.AsyncClient) -> None:
    health = await in_state(ops, "ok")
    ended = next(run for run in health["canary"]["runs"] if run["state"] == "ok")
    assert ended["timeline"] > 0
    assert ended["conflict"] > 0
    metrics = (await ops.get("/metrics")).text
    assert f'{CANARY_RUNS}_total{{otel_scope_name="onevoice"' in metrics
    assert CANARY_OVERDUE in metrics
    async with signed_in(singing) as browser:
        assert "Canary" in (await browser.get("/health")).text


async def test_it_is_seen_by_name_alone(singing: Stack, ops: httpx.AsyncClient) -> None:
    person = "canary-test-person"
    async with door(singing, singing.keys.publish) as publisher:
        for event in contradicting(person):
            assert (await publisher.post("/v1/events", json=event, headers=CLOUDEVENTS)).status_code == 202

    async def alerted() -> Any:
        return (await get(ops, "/v1/alerts"))["items"]

    alerts = await until(alerted, "the person's alert")
    await in_state(ops, "ok")
    assert [alert["customers"] for alert in alerts] == [1]
    assert [one["id"] for one in (await get(ops, "/v1/customers"))["items"]] == [person]
    assert {one["customer"] for one in (await get(ops, "/v1/conflicts"))["items"]} == {person}
    asked_for = (await get(ops, "/v1/customers", query=RESERVED))["items"]
    assert asked_for
    assert all(one["id"].startswith(RESERVED) for one in asked_for)
    oldest = asked_for[-1]["id"]
    [conflict] = (await get(ops, "/v1/conflicts", customer=oldest))["items"]
    assert conflict["alert"] is None
    timeline = await get(ops, f"/v1/customers/{oldest.replace('/', '%2F')}/timeline")
    assert [len(item["conflicts"]) for item in timeline["items"]] == [1, 1]
    assert {key for key, _ in await records_of(singing.at.kafka, ALERTS)} == {alerts[0]["id"].encode()}
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {singing.keys.service}"}, timeout=60) as inside:
        found = (await inside.get(singing.urls["consistency"] + "/v1/stats")).json()
        told = (await inside.get(singing.urls["journey"] + "/v1/stats")).json()
    assert (found["messages"], found["conflicts"]["by_state"]) == (2, {"open": 1})
    assert found["alerts"]["by_state"] == {"open": 1}
    assert told["customers"] == 1


@pytest.mark.parametrize("customer", [RESERVED, f"{RESERVED}/1"])
async def test_nobody_else_publishes_for_it_and_it_for_nobody_else(singing: Stack, customer: str) -> None:
    async with door(singing, singing.keys.publish) as publisher:
        refused = await publisher.post("/v1/events", json=message(customer, 2, "sales", "Hello."), headers=CLOUDEVENTS)
    async with door(singing, singing.keys.canary) as canary:
        other = await canary.post("/v1/events", json=message("c-1", 2, "sales", "Hello."), headers=CLOUDEVENTS)
    for answer in (refused, other):
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["errors"][0]["path"] == "$.data.customer.id"
        assert RESERVED in answer.json()["detail"]
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {singing.keys.canary}"}, timeout=60) as stranger:
        assert (await stranger.get(singing.urls["gateway"] + "/v1/customers")).status_code == 403


async def test_it_is_missed_when_a_part_is_away_and_over_when_it_is_back(
    singing: Stack, ops: httpx.AsyncClient
) -> None:
    singing.kill("consistency")
    late = await in_state(ops, "late", "lost")
    assert late["status"] == "impaired"
    assert late["canary"]["since"] is not None
    lost = await in_state(ops, "lost")
    assert lost["canary"]["lost"] > 0
    gone = next(run for run in lost["canary"]["runs"] if run["state"] == "lost")
    assert (gone["timeline"] is None, gone["conflict"]) == (False, None)
    async with signed_in(singing) as browser:
        assert "Events get lost on their way" in (await browser.get("/health")).text
    singing.start("consistency")
    health = await in_state(ops, "ok")
    assert health["canary"]["since"] is None


def door(singing: Stack, key: str) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {key}"}
    return httpx.AsyncClient(base_url=singing.urls["ingest"], headers=headers, timeout=60)


@asynccontextmanager
async def signed_in(singing: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a session of ops."""
    async with httpx.AsyncClient(base_url=singing.urls["gateway"], timeout=60) as client:
        answer = await client.post("/sign-in", data={"key": singing.keys.ops, "next": "/health"})
        assert answer.status_code == 303, answer.text
        yield client
