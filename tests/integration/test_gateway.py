"""The gateway against the whole stack: roles, live stream, pre-flight, actions, malformed input."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from httpx_sse import aconnect_sse

from deploy.local.demo.publish import publish
from deploy.local.stack import Stack
from services.gateway.upstream import segment
from shared.web.cursor import encode
from tests.feed import PATIENCE, Json, contradicting, message, until

pytestmark = pytest.mark.stack

PROBLEM = "application/problem+json"


def client_of(stack: Stack, key: str | None) -> httpx.AsyncClient:
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    return httpx.AsyncClient(base_url=stack.urls["gateway"], headers=headers, timeout=60)


@pytest.fixture
async def ops(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(stack, stack.keys.ops) as client:
        yield client


async def alert_about(stack: Stack, ops: httpx.AsyncClient, customer: str, billed: str = "£36") -> str:
    """Publishes a contradiction to the customer; the id of the alert it belongs to."""
    await publish(stack.urls["ingest"], stack.keys.publish, contradicting(customer, billed))

    async def alert() -> str | None:
        found = (await ops.get("/v1/conflicts", params={"customer": customer})).json()["items"]
        return found[0]["alert"] if found else None

    return str(await until(alert, "the conflict"))


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
        ("GET", "/v1/messages", {"": 401, "publish": 403, "agent": 422, "ops": 422}),
        ("GET", "/v1/health", {"": 401, "publish": 403, "agent": 200, "ops": 200}),
        ("GET", "/v1/dead-letters", {"": 401, "publish": 403, "agent": 403, "ops": 200}),
        ("GET", "/v1/dead-letters/999999999", {"": 401, "publish": 403, "agent": 403, "ops": 404}),
        ("GET", "/v1/dead-letters/999999999/value", {"": 401, "publish": 403, "agent": 403, "ops": 404}),
        ("POST", "/v1/dead-letters/replay", {"": 401, "publish": 403, "agent": 403, "ops": 422}),
        ("GET", "/v1/alerts/counts", {"": 401, "publish": 403, "agent": 200, "ops": 200}),
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


async def test_what_was_said_on_some_days_is_counted_and_each_figure_has_its_list(
    stack: Stack, ops: httpx.AsyncClient
) -> None:
    """A week of 2019, in which nobody else says anything."""
    customer = "gateway-overview"
    told = contradicting(customer, "£53")
    taken_back = message(customer, 12, "billing", "We wrote £53. It is £30.", corrects=f"{customer}-9", channel="sms")
    for event in (*told, taken_back):
        event["time"] = event["time"].replace("2026", "2019")
    await publish(stack.urls["ingest"], stack.keys.publish, [*told, taken_back])
    week = {"days": "7", "to": "2019-03-15"}
    days = {"from": "2019-03-09", "to": "2019-03-15"}

    async def corrected() -> Json | None:
        found: Json = (await ops.get("/v1/conflicts", params={"customer": customer})).json()
        items = found.get("items") or []
        return items[0] if items and items[0]["state"] == "settled" else None

    conflict = await until(corrected, "the corrected conflict")
    assert conflict["departments"] == {"a": "sales", "b": "billing"}
    assert (conflict["told_at"], conflict["corrected_at"]) == ("2019-03-09T09:00:00Z", "2019-03-12T09:00:00Z")

    async def counted() -> Json | None:
        overview: Json = (await ops.get("/v1/overview", params=week)).json()
        done = overview.get("conflicts", {}).get("total") and overview["messages"]["total"] == 2
        return overview if done else None

    overview = await until(counted, "what was counted")
    assert {name: overview[name] for name in days} == days
    conflicts = overview["conflicts"]
    assert conflicts["by_day"] == [{"day": "2019-03-09", "kinds": {"contradiction": conflicts["total"]}}]
    assert conflicts["by_pair"] == [{"earlier": "sales", "later": "billing", "count": conflicts["total"]}]
    assert conflicts["to_correction"]["median_seconds"] == conflicts["to_correction"]["p90_seconds"] == 3 * 86_400
    cells = sorted(overview["messages"]["cells"], key=lambda cell: cell["channel"])
    assert cells == [{"department": "billing", "channel": channel, "count": 1} for channel in ("email", "sms")]
    chosen = {**days, "earlier": "sales", "later": "billing", "channel": "email", "kind": "contradiction"}
    listed = (await ops.get("/v1/conflicts", params=chosen)).json()["items"]
    assert conflict["id"] in [one["id"] for one in listed]
    assert (await ops.get("/v1/conflicts", params={**chosen, "later": "support"})).json()["items"] == []
    sent = (await ops.get("/v1/messages", params={**days, "department": "billing", "limit": "1"})).json()
    assert [one["id"] for one in sent["items"]] == [f"{customer}-12"]
    older = (await ops.get("/v1/messages", params={**days, "cursor": sent["next"]})).json()
    assert ([one["id"] for one in older["items"]], older["next"]) == ([f"{customer}-9"], None)


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


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("GET", "/v1/customers?limit=0", None),
        ("GET", "/v1/customers?limit=many", None),
        ("GET", "/v1/customers?cursor=%00", None),
        ("GET", "/v1/customers?cursor=nonsense", None),
        ("GET", "/v1/customers/%00", None),
        ("GET", f"/v1/customers/{'x' * 300}", None),
        ("GET", "/v1/customers/%FF%FE", None),
        ("GET", "/v1/customers/nobody-at-all", None),
        ("GET", "/v1/customers/nobody-at-all/timeline", None),
        ("GET", "/v1/customers/nobody/timeline?department=astrology", None),
        ("GET", "/v1/customers/nobody/timeline?from=yesterday", None),
        ("GET", "/v1/customers/nobody/timeline?order=sideways", None),
        ("GET", "/v1/conflicts?kind=quarrel", None),
        ("GET", "/v1/conflicts?state=", None),
        ("GET", "/v1/conflicts?cursor=e30", None),
        ("GET", "/v1/alerts?state=loud", None),
        ("GET", "/v1/alerts?cursor=%F0%9F%91%8D", None),
        ("GET", f"/v1/alerts?cursor={encode(2**63, 'a')}", None),
        ("GET", f"/v1/customers?cursor={encode(2**64 - 1, 'a')}", None),
        ("GET", "/v1/customers/nobody/timeline?from=0001-01-01T00:00:00%2B14:00", None),
        ("GET", "/v1/customers/nobody/timeline?to=9999-12-31T23:59:59-14:00", None),
        ("GET", "/v1/overview?days=0", None),
        ("GET", "/v1/overview?days=400", None),
        ("GET", "/v1/overview?to=1066-10-14", None),
        ("GET", "/v1/conflicts?from=2026-03-01", None),
        ("GET", "/v1/conflicts?from=2026-03-02&to=2026-03-01", None),
        ("GET", "/v1/messages", None),
        ("GET", "/v1/messages?from=2024-01-01&to=2026-01-01", None),
        ("GET", "/v1/customers/nobody/timeline?conflicts=some", None),
        ("GET", "/v1/alerts/none", None),
        ("GET", "/v1/alerts/stream?last_event_id=x", None),
        ("POST", "/v1/alerts/none/acknowledge", b"{"),
        ("POST", "/v1/alerts/none/acknowledge", b'{"reason": 5}'),
        ("POST", "/v1/alerts/none/acknowledge", b" " * 20_000 + b"{}"),
        ("POST", "/v1/alerts/none/explode", None),
        ("POST", "/v1/preflight", b"\xff\xfe"),
        ("POST", "/v1/preflight/campaign", b"{}"),
        ("POST", "/v1/preflight/campaign", b'{"message": {}, "customers": ["c"]}'),
        ("POST", "/v1/preflight/campaign", b'{"message": {"text": "x"}, "customers": []}'),
        ("POST", "/v1/preflight/campaign", b'{"message": {"specversion": "1.0", "data": 1}, "customers": ["c"]}'),
        ("POST", "/v1/preflight", b"[" * 5_000),
        ("POST", "/v1/preflight", b'{"text": ' + b"[" * 300 + b"]" * 300 + b"}"),
        ("POST", "/v1/preflight", b'{"text": "\\ud800"}'),
        ("GET", "/v1/dead-letters?cursor=-1", None),
        ("GET", "/v1/dead-letters?state=lost", None),
        ("GET", "/v1/dead-letters?from=yesterday", None),
        ("GET", "/v1/dead-letters/-1", None),
        ("GET", "/v1/dead-letters/99999999999999999999", None),
        ("GET", "/v1/dead-letters/replay", None),
        ("POST", "/v1/dead-letters/replay", b"{}"),
        ("POST", "/v1/dead-letters/replay", b'{"offsets": [1], "filter": {}}'),
        ("POST", "/v1/dead-letters/replay", b'{"offsets": []}'),
        ("POST", "/v1/dead-letters/replay", b'{"offsets": [-1]}'),
        ("POST", "/v1/dead-letters/replay", b'{"offsets": [1], "dry_run": "no"}'),
        ("POST", "/v1/dead-letters/replay", b'{"filter": {"state": "waiting"}}'),
        ("POST", "/v1/dead-letters/replay", b'{"offsets": [' + b"1," * 1_000 + b"1]}"),
        ("POST", "/v1/dead-letters/replay", b" " * 70_000 + b"{}"),
        ("DELETE", "/v1/alerts", None),
        ("GET", "/v1/nothing/here", None),
    ],
)
async def test_malformed_requests_are_the_callers_problem(
    ops: httpx.AsyncClient, method: str, address: str, body: bytes | None
) -> None:
    headers = {"content-type": "application/json"} if body is not None else {}
    answer = await ops.request(method, address, content=body, headers=headers)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert json.loads(answer.content)["status"] == answer.status_code


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
