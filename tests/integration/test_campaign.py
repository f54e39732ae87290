"""A campaign tried on its customers before it goes out, on a real broker and a real database."""

from collections.abc import AsyncIterator
from datetime import timedelta

import orjson
import pytest

from deploy.local.stack import Stack
from services.consistency.campaign import CAMPAIGNS, Campaign, Campaigns, Limits
from shared.events import MessageEvent, timestamp, to_json
from tests.integration.consistency_service import START, Customer, Service, running


@pytest.fixture(scope="module")
async def service(servers: Stack) -> AsyncIterator[Service]:
    async with running(servers, "campaign_tests") as instance:
        yield instance


async def test_a_campaign_is_tried_on_each_customer_and_told_by_cause(service: Service) -> None:
    told, untold, stranger = [Customer() for _ in range(4)], Customer(), Customer()
    await service.publish(*(one.quote(23, "marketing", campaign="spring") for one in told), untold.message("Hello."))
    for one in (*told, untold):
        await service.stored(one.id, 1)
    planned = orjson.loads(to_json(stranger.quote(13, "sales", campaign="summer")))
    planned["time"] = timestamp(START + timedelta(days=1))
    everybody = [one.id for one in (*told, untold, stranger, told[0])]
    answer = await service.http.post("/v1/preflight/campaign", json={"event": planned, "customers": everybody})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    *progress, last = map(orjson.loads, answer.text.splitlines())
    assert progress[0] == {"checked": 0, "total": 6, "customers": 0}
    result = last["result"]
    assert (result["checked"], result["complete"], result["unknown"]) == (6, True, 1)
    assert (result["customers"], result["by_kind"]) == (4, {"contradiction": 4})
    [cause] = result["causes"]
    assert (cause["customers"], cause["departments"]) == (4, {"a": "marketing", "b": "sales"})
    assert {example["customer"] for example in cause["examples"]} < {one.id for one in told}
    assert cause["examples"][0]["conflict"]["b"]["id"] == planned["id"]
    await service.idle()
    assert [await service.conflicts(one.id) for one in told] == [[], [], [], []], "nothing is stored"


async def test_a_campaign_ends_in_time_and_few_are_tried_at_once(service: Service) -> None:
    customer = Customer()
    event = customer.message("Hello.")
    assert isinstance(event, MessageEvent)
    campaign = Campaign(event=event, customers=[f"{customer.id}-{number}" for number in range(50)])
    hurried = Campaigns(service.examination, service.store.events, Limits(seconds=0.0))
    outcomes = [outcome async for outcome in hurried.progress(campaign)]
    assert not outcomes[-1].complete
    campaigns = service.desk.campaigns
    running = [campaigns.progress(campaign) for _ in range(CAMPAIGNS)]
    for one in running:
        await anext(one)
    body = {"event": orjson.loads(to_json(event)), "customers": ["c"]}
    refused = await service.http.post("/v1/preflight/campaign", json=body)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
    for one in running:
        await one.aclose()  # as when whoever asked is gone
    assert (await service.http.post("/v1/preflight/campaign", json=body)).status_code == 200


@pytest.mark.parametrize("customers", [[], [""], ["x" * 300], ["c"] * 10_001, None])
async def test_a_campaign_without_an_end_or_a_customer_is_refused(service: Service, customers: object) -> None:
    body = {"event": orjson.loads(to_json(Customer().message("Hello."))), "customers": customers}
    assert (await service.http.post("/v1/preflight/campaign", json=body)).status_code == 422
