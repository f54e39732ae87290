"""The main job, over HTTP alone: publish, see the timeline, see the conflict, see the alert."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import pytest
from httpx_sse import aconnect_sse

from deploy.local.demo.history import with_own_identities
from deploy.local.demo.publish import publish
from deploy.local.stack import Stack
from services.consistency.detection import default_detector
from shared.events import parse_event
from tests.feed import PATIENCE, Json, contradicting, message, until

SCENARIOS = Path(__file__).parents[1] / "scenarios"


@pytest.fixture
async def people(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {stack.keys.ops}"}
    async with httpx.AsyncClient(base_url=stack.urls["gateway"], headers=headers, timeout=30) as client:
        yield client


async def conflicts_of(people: httpx.AsyncClient, customer: str) -> list[Json]:
    response = await people.get("/v1/conflicts", params={"customer": customer, "limit": 200})
    response.raise_for_status()
    items: list[Json] = response.json()["items"]
    return items


async def timeline_of(people: httpx.AsyncClient, customer: str) -> list[Json]:
    response = await people.get(f"/v1/customers/{customer}/timeline", params={"limit": 200})
    if response.status_code == 404:
        return []
    response.raise_for_status()
    items: list[Json] = response.json()["items"]
    return items


async def caught_up(stack: Stack) -> None:
    """Returns when journey and consistency have handled everything that was published."""
    headers = {"authorization": f"Bearer {stack.keys.service}"}
    async with httpx.AsyncClient(headers=headers, timeout=30) as client:

        async def nothing_left() -> bool:
            for owner in ("journey", "consistency"):
                stats = (await client.get(f"{stack.urls[owner]}/v1/stats")).raise_for_status().json()
                if any(consumer["lag_records"] or not consumer["assigned"] for consumer in stats["consumers"]):
                    return False
            return True

        await until(nothing_left, "consumers at the end of their partitions")


def pair(conflict: Json) -> tuple[frozenset[str], str]:
    return frozenset((conflict["a"]["id"], conflict["b"]["id"])), conflict["kind"]


@pytest.mark.parametrize("order", [1, -1], ids=["as it happened", "reversed"])
async def test_two_contradicting_messages_show_on_the_timeline_and_as_a_live_alert(
    stack: Stack, people: httpx.AsyncClient, order: int
) -> None:
    customer = f"main-job-{order}"
    events = contradicting(customer)[::order]

    async with aconnect_sse(people, "GET", "/v1/alerts/stream", timeout=PATIENCE) as stream:
        alerts = stream.aiter_sse()
        for event in events:
            await publish(stack.urls["ingest"], stack.keys.publish, [event])
        conflict = (await until(lambda: conflicts_of(people, customer), "the conflict"))[0]
        async with asyncio.timeout(PATIENCE):
            async for sent in alerts:
                if sent.event == "alert" and sent.json()["id"] == conflict["alert"]:
                    break

    assert pair(conflict) == (frozenset({f"{customer}-2", f"{customer}-9"}), "contradiction")
    assert conflict["a"]["id"] == f"{customer}-2", "a is the earlier message, whatever came first"
    texts = {event["id"]: event["data"]["text"] for event in events}
    for span in conflict["spans"]:
        assert texts[span["event"]][span["start"] : span["end"]] == span["text"]
    assert ["£36" in span["text"] for span in conflict["spans"] if span["event"] == f"{customer}-9"] == [True]

    async def marked() -> list[Json]:
        return [item for item in await timeline_of(people, customer) if item["conflicts"]]

    items = await until(lambda: marked(), "the marks on the timeline")
    assert [item["id"] for item in items] == [f"{customer}-9", f"{customer}-2"]

    again = await publish(stack.urls["ingest"], stack.keys.publish, events)
    assert again.verdicts == {"duplicate": 2}
    await caught_up(stack)
    assert len(await timeline_of(people, customer)) == 2
    assert [found["revision"] for found in await conflicts_of(people, customer)] == [conflict["revision"]]


async def test_other_content_under_a_known_identity_is_refused(stack: Stack, people: httpx.AsyncClient) -> None:
    first, _ = contradicting("other-content")
    await publish(stack.urls["ingest"], stack.keys.publish, [first])
    changed = first | {"data": first["data"] | {"text": "It costs nothing."}}
    headers = {"content-type": "application/cloudevents+json", "authorization": f"Bearer {stack.keys.publish}"}
    async with httpx.AsyncClient(base_url=stack.urls["ingest"], headers=headers) as door:
        response = await door.post("/v1/events", content=json.dumps(changed))
    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_bounce_that_comes_later_withdraws_the_conflict(stack: Stack, people: httpx.AsyncClient) -> None:
    customer = "bounced-later"
    events = contradicting(customer)
    await publish(stack.urls["ingest"], stack.keys.publish, events)
    await until(lambda: conflicts_of(people, customer), "the conflict")
    bounce = {
        "specversion": "1.0",
        "id": f"{customer}-bounce",
        "source": "//mta.example.com",
        "type": "touchpoint.delivery.v1",
        "time": "2026-03-09T09:01:00Z",
        "data": {"customer": {"id": customer}, "message": events[1]["id"], "status": "bounced"},
    }
    await publish(stack.urls["ingest"], stack.keys.publish, [bounce])

    async def withdrawn() -> bool:
        return not await conflicts_of(people, customer)

    await until(withdrawn, "the conflict withdrawn")
    newest = (await timeline_of(people, customer))[0]
    assert newest["delivery"]["status"] == "bounced"


def dev_scenarios() -> list[Json]:
    with (SCENARIOS / "dev.en.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


async def test_every_scenario_gives_in_the_gateway_what_the_library_finds(
    stack: Stack, people: httpx.AsyncClient
) -> None:
    """An embargo binds all customers, so only pairs within a scenario are compared."""
    detector = default_detector()
    published = {scenario["id"]: with_own_identities(scenario) for scenario in dev_scenarios()}
    await publish(stack.urls["ingest"], stack.keys.publish, [e for events in published.values() for e in events])
    await caught_up(stack)

    async def found_by_gateway(events: Sequence[Json]) -> set[tuple[frozenset[str], str]]:
        own = {event["id"] for event in events}
        customers = {event["data"]["customer"]["id"] for event in events if "customer" in event["data"]}
        found = [pair(conflict) for customer in customers for conflict in await conflicts_of(people, customer)]
        return {(ids, kind) for ids, kind in found if ids <= own}

    for name, events in published.items():
        wanted = {
            (frozenset((conflict.a.id, conflict.b.id)), conflict.kind)
            for conflict in detector.detect([parse_event(json.dumps(event)) for event in events])
        }

        async def same(events: Sequence[Json] = events, wanted: object = wanted) -> bool:
            return await found_by_gateway(events) == wanted

        await until(same, f"{name}: {sorted(map(str, wanted))}")


@pytest.mark.parametrize("victim", ["ingest", "journey", "consistency", "gateway"])
async def test_killing_a_service_in_the_middle_of_a_feed_loses_and_doubles_nothing(
    stack: Stack, people: httpx.AsyncClient, victim: str
) -> None:
    customers = [f"kill-{victim}-{number}" for number in range(60)]
    feed = [event for customer in customers for event in contradicting(customer)]
    feed += [message(customer, 20, "support", "We have noted your new address.") for customer in customers]
    loop = asyncio.get_running_loop()
    reached_the_middle = asyncio.Event()
    seen = 0

    def advance(count: int) -> None:
        nonlocal seen
        seen += count
        if seen >= len(feed) // 3:
            reached_the_middle.set()

    async def kill_and_start() -> None:
        await reached_the_middle.wait()
        await loop.run_in_executor(None, stack.kill, victim)
        await loop.run_in_executor(None, stack.start, victim)

    publishing = publish(stack.urls["ingest"], stack.keys.publish, feed, advance, batch_size=5, at_once=4)
    result, _ = await asyncio.gather(publishing, kill_and_start())
    assert result.verdicts["accepted"] + result.verdicts["duplicate"] == len(feed)
    await caught_up(stack)

    for customer in customers:

        async def whole(customer: str = customer) -> bool:
            items = await timeline_of(people, customer)
            return len(items) == 3 and len(await conflicts_of(people, customer)) == 1

        await until(whole, f"three touchpoints and one conflict of {customer}")
