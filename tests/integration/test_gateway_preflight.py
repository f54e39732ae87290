"""Pre-flight through the gateway: one message, and a campaign."""

import json

import httpx
import pytest

from deploy.local.demo.publish import publish
from deploy.local.stack import Stack
from tests.feed import Json, contradicting, until
from tests.integration.gateway import PROBLEM

pytestmark = pytest.mark.stack


async def test_a_planned_message_is_compared_and_not_stored(stack: Stack, ops: httpx.AsyncClient) -> None:
    customer = "gateway-preflight"
    await publish(stack.urls["ingest"], stack.keys.publish, contradicting(customer)[:1])
    plan = {
        "customer": {"id": customer},
        "department": "billing",
        "channel": "email",
        "text": "The Harbour Pro plan costs £36 a month.",
        "id": "planned",
        "time": "2026-03-09T09:00:00Z",
    }

    async def clash() -> Json | None:
        conflicts = (await ops.post("/v1/preflight", json=plan)).json()["conflicts"]
        return conflicts[0] if conflicts else None

    found = await until(clash, "the clash")
    assert (found["kind"], found["a"]["id"], found["b"]["id"]) == ("contradiction", f"{customer}-2", "planned")
    assert {span["event"] for span in found["spans"]} == {f"{customer}-2", "planned"}

    async def timeline() -> list[Json]:
        answer = await ops.get(f"/v1/customers/{customer}/timeline")
        return list(answer.json()["items"]) if answer.status_code == 200 else []

    # The timeline has a consumer of its own, which may come after the one that pre-flight asks.
    assert [item["id"] for item in await until(timeline, "the timeline")] == [f"{customer}-2"]
    assert (await ops.get("/v1/conflicts", params={"customer": customer})).json()["items"] == []
    too_large = await ops.post("/v1/preflight", content=b'{"text": "' + b"x" * 600_000 + b'"}')
    assert (too_large.status_code, too_large.headers["content-type"]) == (413, PROBLEM)


async def test_a_campaign_is_compared_and_tells_how_far_it_is(stack: Stack, ops: httpx.AsyncClient) -> None:
    customers = [f"gateway-campaign-{number}" for number in range(3)]
    for customer in customers[:2]:
        await publish(stack.urls["ingest"], stack.keys.publish, contradicting(customer)[:1])
    plan = {
        "message": {"department": "billing", "channel": "email", "text": "The Harbour Pro plan costs £59 a month."},
        "customers": customers,
    }

    async def result() -> Json | None:
        answer = await ops.post("/v1/preflight/campaign", json=plan)
        assert answer.headers["content-type"] == "application/x-ndjson"
        *progress, last = map(json.loads, answer.text.splitlines())
        assert progress[0]["total"] == 3
        found: Json = last["result"]
        return found if found["customers"] == 2 else None

    found = await until(result, "the clashes")
    assert (found["complete"], found["unknown"], found["by_kind"]) == (True, 1, {"contradiction": 2})
    assert {one["customer"] for cause in found["causes"] for one in cause["examples"]} == set(customers[:2])
