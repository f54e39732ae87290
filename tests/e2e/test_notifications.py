"""Notifications through the whole stack: told, killed amid it, silenced, retried, tested; by API and in a browser."""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from deploy.local.demo.publish import publish
from deploy.local.stack import Stack
from tests.e2e.console import PATIENCE, open_page, photograph, sign_in
from tests.feed import contradicting
from tests.integration.receivers import SECRET, Hooks, hook_receiver

pytestmark = [pytest.mark.stack]

ROUTES = """
[defaults]
group_by = ["alert"]
group_wait = "0s"
group_interval = "1s"

[[route]]
name = "all"
to = ["on-call", "chat"]

[receiver.on-call]
type = "webhook"
url = "URL"
secret_env = "TEST_HOOK_SECRET"
timeout = "2s"
attempts = 2

[receiver.chat]
type = "slack"
url_env = "TEST_CHAT_URL"
"""


@pytest.fixture(scope="module")
def hooks() -> Iterator[Hooks]:
    with hook_receiver() as running:
        yield running
    assert running.forged == []


@pytest.fixture(scope="module")
def chat() -> Iterator[Hooks]:
    with hook_receiver(secret=None) as running:
        yield running


@pytest.fixture(scope="module")
def told_stack(
    tmp_path_factory: pytest.TempPathFactory, free_ports: dict[str, str], hooks: Hooks, chat: Hooks
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("told")
    (folder / "routes.toml").write_text(ROUTES.replace('"URL"', f'"{hooks.url}"'))
    settings = {
        "ONEVOICE_ROUTES_FILE": str(folder / "routes.toml"),
        "ONEVOICE_CONSOLE_URL": "https://onevoice.example.com/",
        "TEST_HOOK_SECRET": SECRET,
        "TEST_CHAT_URL": chat.url,
        "ONEVOICE_COMPARER": "off",  # sums are the rules' business, and the model takes its time to load
    }
    with Stack(folder, free_ports | settings) as running:
        running.up()
        yield running


def waited_for(probe: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE / 1000
    while not (answer := probe()):
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE / 1000:.0f} seconds"
        time.sleep(0.1)
    return answer


def contradict(stack: Stack, customer: str, billed: str) -> None:
    with ThreadPoolExecutor(1) as beside:  # Playwright may have this thread's event loop
        told = publish(stack.urls["ingest"], stack.keys.publish, contradicting(customer, billed))
        beside.submit(asyncio.run, told).result()


def ops_of(stack: Stack) -> httpx.Client:
    headers = {"authorization": f"Bearer {stack.keys.ops}"}
    return httpx.Client(base_url=stack.urls["gateway"], headers=headers, timeout=60)


def alert_of(ops: httpx.Client, customer: str) -> str:
    items = ops.get("/v1/conflicts", params={"customer": customer}).json()["items"]
    return str(items[0]["alert"])


def test_killed_between_sending_and_noting_it_says_the_same_again(told_stack: Stack, hooks: Hooks) -> None:
    contradict(told_stack, "told-1", "£36")
    waited_for(lambda: hooks.taken, "the first notification")
    hooks.hangs = True
    contradict(told_stack, "told-2", "£37")
    waited_for(lambda: len(hooks.requests) == 2, "the second one to be sent")
    told_stack.kill("consistency")
    hooks.hangs = False
    waited_for(lambda: len(hooks.taken) == 2, "the receiver to take it")
    told_stack.start("consistency")
    waited_for(lambda: len(hooks.requests) == 3, "it to be sent again")
    assert hooks.requests[1] == hooks.requests[2], "the same id and the same bytes"
    with ops_of(told_stack) as ops:
        waited_for(lambda: states(ops, "on-call") == ["sent", "sent"], "both to be noted")
        alerts = [alert_of(ops, customer) for customer in ("told-1", "told-2")]
    assert hooks.alerts() == [(alert, "opened") for alert in alerts]
    link = next(iter(hooks.taken.values()))["data"]["alerts"][0]["link"]
    assert link == f"https://onevoice.example.com/alerts/{alerts[0]}"
    assert "Harbour" not in told_stack.log_of("consistency").read_text()


def states(ops: httpx.Client, receiver: str) -> list[str]:
    items = ops.get("/v1/notifications", params={"receiver": receiver}).json()["items"]
    return [item["state"] for item in items]


def test_what_cannot_be_is_refused_with_a_reason(told_stack: Stack) -> None:
    later = "2999-01-01T00:00:00Z"
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600))
    good = {"matchers": ["kind = consent"], "reason": "known", "ends_at": soon}
    refused = [
        ({**good, "matchers": ["colour = red"]}, "is no label"),
        ({**good, "matchers": ["kind =~ .*"]}, "would hide every alert"),
        ({**good, "matchers": ["campaign =~ (a+)+"]}, "repeats a group"),
        ({**good, "ends_at": later}, "90 days at the most"),
        ({**good, "ends_at": "2020-01-01T00:00:00Z"}, "The end is past"),
        ({**good, "reason": " "}, "reason"),
    ]
    with ops_of(told_stack) as ops:
        for body, says in refused:
            answer = ops.post("/v1/silences", json=body)
            assert (answer.status_code, says in answer.json()["detail"]) == (422, True), answer.text
        made = ops.post("/v1/silences", json=good)
        assert made.status_code == 201
        address = f"/v1/silences/{made.json()['id']}"
        assert made.json()["hides"] == 0
        assert ops.post(f"{address}/end").json()["state"] == "ended"
        assert ops.post(f"{address}/end").status_code == 409
        for path in ("/v1/silences/none", "/v1/notifications/none"):
            assert ops.get(path).status_code == 404
        assert ops.post("/v1/receivers/none/test").status_code == 404
    agent = {"authorization": f"Bearer {told_stack.keys.agent}"}
    with httpx.Client(base_url=told_stack.urls["gateway"], headers=agent, timeout=60) as client:
        for path in ("/v1/silences", "/v1/notifications", "/v1/receivers"):
            assert client.get(path).status_code == 403


@pytest.mark.browser
@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without"])
def test_alerts_are_silenced_and_come_up_in_the_console(
    told_stack: Stack, browser: Browser, hooks: Hooks, script: bool
) -> None:
    customer, billed = ("silenced-1", "£41") if script else ("silenced-2", "£42")
    contradict(told_stack, customer, billed)
    with ops_of(told_stack) as ops:
        alert = waited_for(lambda: alert_in(hooks, ops, customer), "the alert to be told")
        for page in open_page(browser, told_stack, script=script):
            sign_in(page, told_stack.keys.ops)
            page.goto(f"/alerts/{alert}")
            page.get_by_role("link", name="Silence alerts like this").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("New silence")
            expect(page.get_by_label("Line 1: value")).to_have_value("contradiction")
            page.get_by_label("Why").fill("The price list is being corrected.")
            page.get_by_label("Line 1: how").select_option("=~")
            page.get_by_label("Line 1: value").fill("contra.*|consent")
            page.get_by_role("button", name="Silence", exact=True).click()
            expect(page.get_by_role("status").first).to_contain_text("Silenced until")
            silence = page.locator(".silence").first
            expect(silence).to_contain_text("The price list is being corrected.")
            expect(silence.locator(f'a[href="/alerts/{alert}"]')).to_have_count(1)
            photograph(page, "silences")
            hooks.taken.clear()
            silence.get_by_role("button", name="End it").click()
            expect(page.get_by_role("status").first).to_contain_text("up again")
            waited_for(lambda: (alert, "opened") in hooks.alerts(), "the alert to come up")
            page.get_by_role("link", name="Ended", exact=True).click()
            expect(page.locator(".silence").first).to_contain_text("ended by")


def alert_in(hooks: Hooks, ops: httpx.Client, customer: str) -> str | None:
    items = ops.get("/v1/conflicts", params={"customer": customer}).json().get("items")
    alert = items[0]["alert"] if items else None
    return alert if alert is not None and (alert, "opened") in hooks.alerts() else None


@pytest.mark.browser
def test_what_cannot_be_is_said_above_the_form_which_keeps_what_was_filled_in(
    told_stack: Stack, browser: Browser
) -> None:
    page = browser.new_page(base_url=told_stack.urls["gateway"])  # a browser logs every 422 as an error
    sign_in(page, told_stack.keys.ops)
    page.goto("/silences/new?campaign=spring")
    page.get_by_label("Line 1: how").select_option("=~")
    page.get_by_label("Line 1: value").fill("(spring")
    page.get_by_label("Why").fill("Known.")
    page.get_by_role("button", name="Silence", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("is no regular expression")
    expect(page.get_by_label("Line 1: value")).to_have_value("(spring")
    expect(page.get_by_label("Why")).to_have_value("Known.")
    page.close()


@pytest.mark.browser
def test_what_was_given_up_is_retried_and_receivers_are_tested(
    told_stack: Stack, browser: Browser, hooks: Hooks
) -> None:
    hooks.status = 500
    contradict(told_stack, "given-up", "£51")
    with ops_of(told_stack) as ops:
        waited_for(lambda: "dead" in states(ops, "on-call"), "the notification to be given up")
    for page in open_page(browser, told_stack):
        sign_in(page, told_stack.keys.ops)
        page.goto("/notifications")
        page.get_by_role("button", name="Test on-call").click()
        expect(page.get_by_role("status").first).to_have_text(
            "on-call did not take the test: HTTP 500 Internal Server Error."
        )
        photograph(page, "notifications")
        page.get_by_role("link", name="Given up", exact=True).click()
        page.locator(".letter-row").filter(has_text="1 open").get_by_role("link").click()
        expect(page.locator(".mistake")).to_contain_text("Given up after 2 tries: HTTP 500")
        hooks.status = 200
        page.get_by_role("button", name="Retry").click()
        expect(page.get_by_role("status").first).to_contain_text("goes out again")
        page.goto("/notifications")
        page.get_by_role("button", name="Test on-call").click()
        expect(page.get_by_role("status").first).to_have_text("on-call took the test.")
        page.get_by_role("button", name="Test chat").click()
        expect(page.get_by_role("status").first).to_have_text("chat took the test.")
    assert {content["type"] for content in hooks.taken.values()} >= {"alerts.changed", "test"}
    with ops_of(told_stack) as ops:
        alert = alert_of(ops, "given-up")
    waited_for(lambda: (alert, "opened") in hooks.alerts(), "what was given up to be taken")
