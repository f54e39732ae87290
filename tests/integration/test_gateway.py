"""The gateway against the whole stack: roles, live stream, pre-flight, actions, malformed input."""

import asyncio
from collections.abc import Sequence

import httpx
import pytest
from httpx_sse import aconnect_sse

from deploy.local.demo.publish import publish
from deploy.local.stack import Stack
from services.gateway.upstream import segment
from tests.feed import PATIENCE, Json, message, until
from tests.integration.gateway import PROBLEM, alert_about, client_of

pytestmark = pytest.mark.stack


@pytest.mark.parametrize(
    "customer", ["gateway/with/slashes", "gateway/timeline", "..", "gateway 100% & more?", "клиент-客户"]
)
async def test_ids_of_every_sort_are_found(stack: Stack, ops: httpx.AsyncClient, customer: str) -> None:
    await alert_about(stack, ops, customer)
    address = f"/v1/customers/{segment(customer)}"

    async def known() -> bool:
        answer = await ops.get(address)
        return answer.status_code == 200 and answer.json()["touchpoints"] == 2

    await until(known, "the customer and both messages")
    assert (await ops.get(address)).json()["id"] == customer
    timeline = (await ops.get(f"{address}/timeline")).json()
    assert [item["id"] for item in timeline["items"]] == [f"{customer}-9", f"{customer}-2"]
    assert (await ops.get(f"{address}/claims")).json()["items"]
    found = (await ops.get("/v1/customers", params={"query": customer})).json()
    assert customer in [item["id"] for item in found["items"]]


async def test_customers_are_found_by_what_they_were_told(stack: Stack, ops: httpx.AsyncClient) -> None:
    customer = "gateway-words"
    told = [
        message(customer, 3, "support", "Ticket QX-71844 is closed, your refund is sent.", title="Ticket QX-71844"),
        message(f"{customer}-other", 4, "support", "Ticket QX-71845 is closed."),
    ]
    await publish(stack.urls["ingest"], stack.keys.publish, told)

    async def found() -> Json | None:
        page: Json = (await ops.get("/v1/customers", params={"text": "refund qx71844"})).json()
        return page if page.get("items") else None

    page = await until(found, "the customer by the ticket's number")
    assert ([one["id"] for one in page["items"]], page["next"]) == ([customer], None)
    match = page["items"][0]["match"]
    assert match["message"]["id"] == f"{customer}-3"
    marked = [
        (one["field"], match["message"]["data"][one["field"]][one["start"] : one["end"]]) for one in match["spans"]
    ]
    assert marked == [("title", "QX-71844"), ("text", "QX-71844"), ("text", "refund")]
    for params in ({"text": "?"}, {"text": "refund", "query": "c"}, {"text": "refund", "cursor": "eA"}):
        assert (await ops.get("/v1/customers", params=params)).status_code == 422


async def test_paging_shows_everything_once(stack: Stack, ops: httpx.AsyncClient) -> None:
    customer = "gateway-pages"
    events = [message(customer, day, "support", f"Note {day}.") for day in range(1, 8)]
    await publish(stack.urls["ingest"], stack.keys.publish, events)

    async def complete() -> bool:
        answer = await ops.get(f"/v1/customers/{customer}")
        return answer.status_code == 200 and answer.json()["touchpoints"] == 7

    await until(complete, "all messages")
    seen, cursor = [], ""
    for _ in range(10):
        params = {"limit": "3", **({"cursor": cursor} if cursor else {})}
        page = (await ops.get(f"/v1/customers/{customer}/timeline", params=params)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [f"{customer}-{day}" for day in range(7, 0, -1)]


async def test_each_role_may_do_its_own_work_alone(stack: Stack) -> None:
    wanted: Sequence[tuple[str, str, dict[str, int]]] = [
        ("GET", "/v1/customers", {"": 401, "publish": 403, "agent": 200, "ops": 200}),
        ("GET", "/v1/conflicts", {"": 401, "publish": 403, "agent": 200, "ops": 200}),
        ("GET", "/v1/alerts", {"": 401, "publish": 403, "agent": 200, "ops": 200}),
        ("GET", "/v1/overview", {"": 401, "publish": 403, "agent": 200, "ops": 200}),
        ("GET", "/v1/feedback", {"": 401, "publish": 403, "agent": 200, "ops": 200}),
        ("GET", "/v1/messages", {"": 401, "publish": 403, "agent": 422, "ops": 422}),
        ("GET", "/v1/health", {"": 401, "publish": 403, "agent": 200, "ops": 200}),
        ("GET", "/v1/dead-letters", {"": 401, "publish": 403, "agent": 403, "ops": 200}),
        ("GET", "/v1/dead-letters/999999999", {"": 401, "publish": 403, "agent": 403, "ops": 404}),
        ("GET", "/v1/dead-letters/999999999/value", {"": 401, "publish": 403, "agent": 403, "ops": 404}),
        ("POST", "/v1/dead-letters/replay", {"": 401, "publish": 403, "agent": 403, "ops": 422}),
        ("GET", "/v1/alerts/counts", {"": 401, "publish": 403, "agent": 200, "ops": 200}),
        ("GET", "/v1/alerts/none/course", {"": 401, "publish": 403, "agent": 404, "ops": 404}),
        ("GET", "/v1/alerts/none/correction", {"": 401, "publish": 403, "agent": 404, "ops": 404}),
        ("GET", "/v1/alerts/none/correction/customers.csv", {"": 401, "publish": 403, "agent": 404, "ops": 404}),
        ("POST", "/v1/alerts/none/reopen", {"": 401, "publish": 403, "agent": 403, "ops": 404}),
        ("POST", "/v1/alerts/none/resolve", {"": 401, "publish": 403, "agent": 403, "ops": 422}),
        ("POST", "/v1/preflight/campaign", {"": 401, "publish": 422, "agent": 422, "ops": 422}),
        ("POST", "/v1/preflight", {"": 401, "publish": 422, "agent": 422, "ops": 422}),
    ]
    keys = {"": None, "publish": stack.keys.publish, "agent": stack.keys.agent, "ops": stack.keys.ops}
    for method, path, statuses in wanted:
        for role, status in statuses.items():
            async with client_of(stack, keys[role]) as client:
                answer = await client.request(method, path)
            assert answer.status_code == status, (method, path, role, answer.text)
            if status >= 400:
                assert answer.headers["content-type"] == PROBLEM
                assert answer.json()["status"] == status
    async with client_of(stack, "not-a-key") as stranger:
        assert (await stranger.get("/v1/alerts")).headers["www-authenticate"] == "Bearer"


async def test_an_alert_is_acted_on_and_the_stream_tells_it_and_resumes(stack: Stack, ops: httpx.AsyncClient) -> None:
    alert = await alert_about(stack, ops, "gateway-actions", "£41")
    address = f"/v1/alerts/{alert}"
    states: list[tuple[str, str]] = []
    async with aconnect_sse(ops, "GET", "/v1/alerts/stream", timeout=PATIENCE) as stream:
        events = stream.aiter_sse()
        ready = await anext(events)
        assert ready.event == "ready"
        for action, state in (("acknowledge", "acknowledged"), ("resolve", "resolved"), ("reopen", "open")):
            answer = await ops.post(f"{address}/{action}", json={"reason": f"test: {action}"})
            assert (answer.status_code, answer.json()["state"]) == (200, state)
        async with asyncio.timeout(PATIENCE):
            async for event in events:
                told = event.json()
                # A page may show an alert before the stream has told that it was raised.
                if told.get("id") == alert and (states or told["state"] != "open"):
                    states.append((event.id, told["state"]))
                if len(states) == 3:
                    break
    assert [state for _, state in states] == ["acknowledged", "resolved", "open"]
    history = (await ops.get(address)).json()["history"]
    assert [(step["by"], step["reason"]) for step in history[-3:]] == [
        ("local-ops", f"test: {action}") for action in ("acknowledge", "resolve", "reopen")
    ]
    conflicting = await ops.post(f"{address}/reopen")
    assert (conflicting.status_code, conflicting.headers["content-type"]) == (409, PROBLEM)

    headers = {"Last-Event-ID": states[0][0]}
    async with aconnect_sse(ops, "GET", "/v1/alerts/stream", headers=headers, timeout=PATIENCE) as stream:
        again = []
        async with asyncio.timeout(PATIENCE):
            async for event in stream.aiter_sse():
                assert event.event == "alert"
                if event.json()["id"] == alert:
                    again.append((event.id, event.json()["state"]))
                if len(again) == 2:
                    break
    assert again == states[1:]


async def test_a_stream_that_cannot_go_on_is_reset(ops: httpx.AsyncClient) -> None:
    address = "/v1/alerts/stream?last_event_id=999999999"
    async with aconnect_sse(ops, "GET", address, timeout=PATIENCE) as stream:
        assert (await anext(stream.aiter_sse())).event == "reset"


async def test_health_names_every_service_and_its_lag(ops: httpx.AsyncClient) -> None:
    async def healthy() -> Json | None:
        health: Json = (await ops.get("/v1/health")).json()
        return health if health["status"] == "ok" else None

    health = await until(healthy, "every service's health")
    services = {service["name"]: service for service in health["services"]}
    assert set(services) == {"ingest", "journey", "consistency"}
    for name in ("journey", "consistency"):
        assert "touchpoints" in [consumer["topic"] for consumer in services[name]["consumers"]]
        assert services[name]["totals"]["consumed"] > 0


async def test_pages_for_people_carry_the_strict_policy(stack: Stack) -> None:
    async with client_of(stack, None) as stranger:
        page = await stranger.get("/sign-in")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "style=" not in page.text
        assert "<script>" not in page.text
        missing = await stranger.get("/nothing-here")
        assert (missing.status_code, missing.headers["content-type"]) == (404, "text/html; charset=utf-8")
        away = await stranger.get("/alerts?state=open")
        assert (away.status_code, away.headers["location"]) == (303, "/sign-in?next=%2Falerts%3Fstate%3Dopen")


async def test_a_session_is_needed_and_its_token_too(stack: Stack, ops: httpx.AsyncClient) -> None:
    alert = await alert_about(stack, ops, "gateway-session", "£47")
    async with client_of(stack, None) as person:
        refused = await person.post("/sign-in", data={"key": stack.keys.publish})
        assert refused.status_code == 401
        signed = await person.post("/sign-in", data={"key": stack.keys.ops, "next": "//evil.example"})
        assert (signed.status_code, signed.headers["location"]) == (303, "/")
        cookie = signed.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert (await person.post(f"/alerts/{alert}/dismiss", data={"csrf": "guess"})).status_code == 403
        page = (await person.get("/alerts")).text
        token = page.split('name="csrf" value="')[1].split('"')[0]
        elsewhere = {"origin": "https://evil.example"}
        assert (
            await person.post(f"/alerts/{alert}/dismiss", data={"csrf": token}, headers=elsewhere)
        ).status_code == 403
        done = await person.post(f"/alerts/{alert}/acknowledge", data={"csrf": token, "reason": "<b>mine</b>"})
        assert done.status_code == 303
        detail = (await person.get(f"/alerts/{alert}")).text
        assert "&lt;b&gt;mine&lt;/b&gt;" in detail
        assert "<b>mine</b>" not in detail
        assert (await person.post("/sign-out", data={"csrf": token})).status_code == 303
        assert (await person.get("/alerts")).status_code == 303
