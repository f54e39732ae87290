"""The console in a browser: sign in, find a customer, open a conflict, act on its alert while another arrives."""

import asyncio
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from playwright.sync_api import Browser, Page, expect, sync_playwright

from deploy.local.demo.history import present
from deploy.local.demo.publish import publish
from deploy.local.stack import Stack
from shared.events import parse_event, to_json
from shared.kafka.records import DeadLetter, Record
from shared.kafka.topics import DEAD_LETTERS, TOUCHPOINTS

pytestmark = [pytest.mark.stack, pytest.mark.browser]

BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
IMAGES = Path(__file__).parents[2] / "docs" / "images"
PATIENCE = 90_000
"""Milliseconds after which something that has not come is taken not to come; no claim about speed."""
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium is installed: the console was not tried in a browser (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        # Its sandbox cannot start in the containers that continuous integration runs in.
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module", autouse=True)
def history(stack: Stack) -> None:
    """What the screenshots show beside the stories told here."""
    if os.environ.get("ONEVOICE_SCREENSHOTS"):
        asyncio.run(publish(stack.urls["ingest"], stack.keys.publish, present()))


@pytest.fixture
def page(browser: Browser, stack: Stack) -> Iterator[Page]:
    yield from open_page(browser, stack)


def open_page(
    browser: Browser, stack: Stack, *, width: int = 1280, height: int = 860, scheme: str = "light", script: bool = True
) -> Iterator[Page]:
    """A page whose every fault of script or policy fails the test."""
    context = browser.new_context(
        base_url=stack.urls["gateway"],
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=script,
    )
    context.set_default_timeout(PATIENCE)
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    yield opened
    context.close()
    assert faults == []


def sign_in(page: Page, key: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Your key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def await_script(page: Page) -> None:
    """Returns when the page's script runs, its live stream is open, and it was painted: keys before that are lost."""
    expect(page.locator("#live-state")).to_have_text("Live")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def say(stack: Stack, customer: str, number: int, department: str, channel: str, text: str, **data: str) -> None:
    event = {
        "specversion": "1.0",
        "id": f"{customer}-{number}",
        "source": f"//{department}.example.com/console-tests",
        "type": "touchpoint.message.v1",
        "time": f"2026-03-{number:02d}T09:{number:02d}:00Z",
        "data": {
            "customer": {"id": customer},
            "department": department,
            "channel": channel,
            "direction": "outbound",
            "text": text,
            **data,
        },
    }
    answer = httpx.post(
        f"{stack.urls['ingest']}/v1/events",
        json=event,
        headers={"authorization": f"Bearer {stack.keys.publish}", "content-type": "application/cloudevents+json"},
        timeout=60,
    )
    assert answer.status_code == 202, answer.text


def wait_for_conflict(stack: Stack, customer: str) -> str:
    """The id of the alert of the customer's first conflict, once the timeline shows it too."""
    headers = {"authorization": f"Bearer {stack.keys.ops}"}
    deadline = time.monotonic() + PATIENCE / 1000
    with httpx.Client(base_url=stack.urls["gateway"], headers=headers, timeout=60) as client:
        while time.monotonic() < deadline:
            found = client.get("/v1/conflicts", params={"customer": customer}).json()["items"]
            summary = client.get(f"/v1/customers/{customer}")
            if found and summary.status_code == 200 and summary.json()["conflicts"]["open"]:
                return str(found[0]["alert"])
            time.sleep(0.2)
    raise AssertionError(f"no conflict of {customer} within {PATIENCE / 1000:.0f} seconds")


def tell_a_story(stack: Stack, customer: str, plan: str, price: int, other: int) -> str:
    say(
        stack, customer, 2, "sales", "email",
        f"Dear Ms Okafor,\n\nthank you for the call. As agreed, your {plan} plan costs £{price} a month, and we set it "
        "up for you on the 16th.\n\nKind regards, Daniel",
        title="Your quote", purpose="service",
    )  # fmt: skip
    say(stack, customer, 5, "support", "chat", "Happy to help! Your old router can stay where it is until the new one.")
    say(
        stack, customer, 9, "billing", "letter",
        f"Your first bill is on its way. The {plan} plan costs £{other} a month and is collected on the 20th.",
        title="Your first bill", purpose="transactional",
    )  # fmt: skip
    return wait_for_conflict(stack, customer)


def photograph(page: Page, name: str) -> None:
    """Screenshots of docs/images are taken anew where a run asks for it: ONEVOICE_SCREENSHOTS=1."""
    if os.environ.get("ONEVOICE_SCREENSHOTS"):
        IMAGES.mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(600)
        page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")


def test_from_a_customer_to_the_alert_while_another_arrives(stack: Stack, page: Page) -> None:
    first = tell_a_story(stack, "console-okafor", "Harbour Pro", 30, 36)
    sign_in(page, stack.keys.ops)
    photograph(page, "overview")

    page.get_by_role("link", name="Customers", exact=True).click()
    await_script(page)
    page.get_by_role("searchbox").press_sequentially("console-oka")
    expect(page.locator("[data-search-results] li")).to_have_count(1)
    photograph(page, "customers")
    page.get_by_role("link", name="console-okafor").click()

    later = page.locator("article.entry").filter(has_text="Your first bill is on its way")
    expect(later.locator(".entry-body mark").first).to_contain_text("£36")
    expect(later.locator(".notes mark").first).to_contain_text("£30")
    photograph(page, "customer")
    page.get_by_role("link", name="What we told them").click()
    expect(page.locator(".claims").first).to_contain_text("£")
    photograph(page, "told")
    page.go_back()

    later.get_by_role("link", name="Compare side by side").first.click()
    expect(page.locator(".side-a mark").first).to_contain_text("£30")
    expect(page.locator(".side-b mark").first).to_contain_text("£36")
    photograph(page, "alert")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sales and Billing differ")

    page.get_by_role("link", name=re.compile("^Alerts")).first.click()
    row = page.locator(f".alert-row[data-id='{first}']")
    expect(row).to_be_visible()
    await_script(page)
    shown = {alert.get_attribute("data-id") for alert in page.locator(".alert-row").all()}

    second = tell_a_story(stack, "console-lindqvist", "Meridian Fibre", 41, 47)
    assert second not in shown
    arrived = page.locator(f".alert-row[data-id='{second}']")
    expect(arrived).to_be_visible(timeout=PATIENCE)
    photograph(page, "alerts")

    row.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("status")).to_contain_text("Acknowledged")
    expect(arrived).to_be_visible()
    page.get_by_role("link", name=re.compile(r"^Acknowledged \d")).click()
    expect(row).to_be_visible()
    expect(arrived).to_have_count(0)


def test_the_keyboard_is_enough(stack: Stack, page: Page) -> None:
    alert = tell_a_story(stack, "console-keyboard", "Copper Basic", 12, 19)
    sign_in(page, stack.keys.ops)
    await_script(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="From the keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.goto("/alerts")
    await_script(page)
    page.keyboard.press("j")
    for _ in range(60):
        if page.locator(".alert-row.is-at").get_attribute("data-id") == alert:
            break
        page.keyboard.press("j")
    page.keyboard.press("d")
    dialog = page.get_by_role("dialog", name="Dismiss")
    expect(dialog).to_be_visible()
    page.keyboard.type("Two plans with the same name.")
    dialog.get_by_role("button", name="Dismiss").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Dismissed")
    page.goto(f"/alerts/{alert}")
    expect(page.locator(".history")).to_contain_text("Two plans with the same name.")
    await_script(page)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_a_planned_message_shows_what_it_clashes_with(stack: Stack, page: Page) -> None:
    tell_a_story(stack, "console-planned", "Harbour Duo", 22, 27)
    sign_in(page, stack.keys.agent)
    page.goto("/preflight?customer=console-planned")
    page.get_by_label("Message").fill("Good news:\nThe Harbour Duo plan costs £35 a month.")
    page.get_by_label("Department").select_option("billing")
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".side-b mark").first).to_contain_text("£35")
    expect(page.locator(".side-a mark").first).to_contain_text("£2")
    photograph(page, "preflight")


def test_health_says_that_everything_works(stack: Stack, page: Page) -> None:
    sign_in(page, stack.keys.ops)
    page.goto("/health")
    expect(page.locator(".service")).to_have_count(3)
    expect(page.locator(".service.ok")).to_have_count(3)
    photograph(page, "health")


async def put_aside(stack: Stack, customer: str) -> None:
    """Two records that no consumer can read, and a letter whose record can be: a bug that is mended left it."""
    event = {
        "specversion": "1.0",
        "id": f"{customer}-1",
        "source": "//billing.example.com/console-tests",
        "type": "touchpoint.message.v1",
        "time": "2026-03-04T09:00:00Z",
        "data": {"customer": {"id": customer}, "department": "billing", "channel": "letter", "direction": "outbound",
                 "title": "Your first bill", "text": "Dear Ms Okafor,\n\nyour first bill is on its way."},
    }  # fmt: skip
    record = Record(TOUCHPOINTS, 4, 8_000_017, 0, customer.encode(), to_json(parse_event(json.dumps(event))))
    mended = DeadLetter(record, "processing failed: KeyError: 'currency'").to_json("journey", datetime.now(UTC))
    producer = AIOKafkaProducer(bootstrap_servers=stack.at.kafka)
    await producer.start()
    try:
        later = {**event, "id": "later", "type": "touchpoint.message.v9"}
        await producer.send_and_wait(TOUCHPOINTS, json.dumps(later).encode(), key=customer.encode())
        torn = b'{"specversion": "1.0", "id": "torn", \xff\xfe\x00'
        await producer.send_and_wait(TOUCHPOINTS, torn, key=b"console-torn")
        await producer.send_and_wait(DEAD_LETTERS, mended, key=record.key)
    finally:
        await producer.stop()


def wait_for_letters(stack: Stack, key: str, count: int) -> None:
    """Of journey: the other consumer may have much to compare before it comes to them."""
    headers = {"authorization": f"Bearer {stack.keys.ops}"}
    deadline = time.monotonic() + PATIENCE / 1000
    with httpx.Client(base_url=stack.urls["gateway"], headers=headers, timeout=60) as client:
        while time.monotonic() < deadline:
            items = client.get("/v1/dead-letters", params={"consumer": "journey", "limit": 200}).json()["items"]
            if sum(item["key"] == key for item in items) >= count:
                return
            time.sleep(0.2)
    raise AssertionError(f"no {count} dead letters of {key} within {PATIENCE / 1000:.0f} seconds")


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without"])
def test_dead_letters_are_read_and_replayed(stack: Stack, browser: Browser, script: bool) -> None:
    customer = "console-amara" if script else "console-berg"
    with ThreadPoolExecutor(1) as beside:  # Playwright has this thread's event loop
        beside.submit(asyncio.run, put_aside(stack, customer)).result()
    wait_for_letters(stack, customer, 2)
    wait_for_letters(stack, "console-torn", 1)
    for page in open_page(browser, stack, script=script):
        sign_in(page, stack.keys.ops)
        page.goto("/health")
        photograph(page, "health-letters")
        page.get_by_role("link", name="Read and replay them").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Dead letters")
        photograph(page, "dead-letters")

        page.get_by_label("Reason has").fill("currency")
        page.get_by_role("button", name="Show").click()
        row = page.locator(".letter-row").filter(has_text=customer)
        expect(row).to_have_count(1)
        row.get_by_role("link").click()
        expect(page.locator("pre")).to_contain_text('"title": "Your first bill"')
        photograph(page, "dead-letter")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").click()
        assert b"first bill" in download.value.path().read_bytes()

        page.get_by_role("button", name="Replay this letter").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Replay 1 letter?")
        page.get_by_role("button", name="Replay 1 letter").click()
        expect(page.get_by_role("status").first).to_contain_text("Replayed 1 letter as 1 record.")
        expect(page.locator(".labels")).to_contain_text("Replayed")

        page.goto(f"/health/dead-letters?state=waiting&consumer=journey&topic={TOUCHPOINTS}")
        page.get_by_role("button", name=re.compile(r"^Replay \d+ waiting letter")).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(r"Replay \d+ letters\?"))
        photograph(page, "dead-letters-dry-run")
        page.get_by_role("button", name=re.compile(r"^Replay \d+ letters$")).click()
        expect(page.get_by_role("status").first).to_contain_text(re.compile("Replayed .* as .* record"))
        wait_for_letters(stack, customer, 3)
        page.goto("/health/dead-letters?state=waiting&consumer=journey")
        page.locator(".letter-row").filter(has_text=customer).first.get_by_role("link").click()
        expect(page.get_by_role("heading", name="What it went through")).to_be_visible()
        photograph(page, "dead-letter-again")


def test_dead_letters_are_for_ops(stack: Stack, page: Page) -> None:
    sign_in(page, stack.keys.agent)
    page.goto("/health")
    expect(page.get_by_role("link", name="Read and replay them")).to_have_count(0)
    answer = page.context.request.get("/health/dead-letters")
    assert answer.status == 403


def test_reading_and_acting_need_no_script(stack: Stack, browser: Browser) -> None:
    alert = tell_a_story(stack, "console-plain", "Harbour Solo", 15, 18)
    for page in open_page(browser, stack, script=False):
        sign_in(page, stack.keys.ops)
        page.goto("/customers?query=console-plain")
        page.get_by_role("link", name="console-plain").click()
        expect(page.locator("mark").first).to_be_visible()
        page.goto(f"/alerts/{alert}")
        page.locator("#reason").fill("Billing sends a new bill.")
        page.get_by_role("button", name="Resolve").click()
        expect(page.locator(".history")).to_contain_text("Billing sends a new bill.")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Your key")).to_be_visible()


@pytest.mark.parametrize(("name", "width", "scheme"), [("phone", 360, "light"), ("dark", 1280, "dark")])
def test_it_fits_a_phone_and_the_night(stack: Stack, browser: Browser, name: str, width: int, scheme: str) -> None:
    alert = tell_a_story(stack, f"console-{name}", f"Harbour {name}", 33, 39)
    rooms = {
        "overview": "/",
        "customer": f"/customers/console-{name}",
        "alerts": "/alerts",
        "alert": f"/alerts/{alert}",
        "preflight": "/preflight",
        "health": "/health",
        "dead-letters": "/health/dead-letters",
    }
    for page in open_page(browser, stack, width=width, height=780, scheme=scheme):
        sign_in(page, stack.keys.ops)
        for room, address in rooms.items():
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{room} is too wide"
            photograph(page, f"{room}-{name}")
