"""The console in a browser: sign in, find a customer, open a conflict, act on its alert while another arrives."""

import asyncio
import os
import re
import time

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from deploy.local.demo.history import present
from deploy.local.demo.publish import publish
from deploy.local.stack import Stack
from tests.e2e.console import PATIENCE, await_script, open_page, photograph, press, sign_in

pytestmark = [pytest.mark.stack, pytest.mark.browser]


@pytest.fixture(scope="module", autouse=True)
def history(stack: Stack) -> None:
    """What the screenshots show beside the stories told here."""
    if os.environ.get("ONEVOICE_SCREENSHOTS"):
        asyncio.run(publish(stack.urls["ingest"], stack.keys.publish, present()))


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
            found = client.get("/v1/conflicts", params={"customer": customer}).json().get("items")  # none of a 503
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


def test_a_customer_is_found_by_what_was_said_as_one_types(stack: Stack, page: Page) -> None:
    # The customer's first message: where the others are known, it is.
    say(stack, "console-words", 1, "support", "chat", "Your ticket is HN-40217; <b>we</b> call you back.")
    tell_a_story(stack, "console-words", "Meadow Line", 61, 66)
    sign_in(page, stack.keys.agent)
    page.goto("/customers")
    await_script(page)
    page.get_by_role("searchbox").press_sequentially("ticket hn40217")
    found = page.locator("[data-search-results] .list-row")
    expect(found).to_have_count(1)
    expect(found.locator("mark")).to_have_text(["ticket", "HN-40217"])
    expect(found).to_contain_text("<b>we</b> call you back")
    page.get_by_role("searchbox").fill("nothing like this")
    expect(page.locator("[data-search-results]")).to_contain_text("Nobody is found")
    page.get_by_role("searchbox").fill("HN-40217")
    found.get_by_role("link").click()
    expect(page.locator("article.entry:target")).to_contain_text("HN-40217")


def test_the_keyboard_is_enough(stack: Stack, page: Page) -> None:
    alert = tell_a_story(stack, "console-keyboard", "Copper Basic", 12, 19)
    sign_in(page, stack.keys.ops)
    await_script(page)
    press(page, "?", expect(page.get_by_role("dialog", name="From the keyboard")).to_be_visible)
    page.keyboard.press("Escape")
    page.goto("/alerts")
    await_script(page)
    press(page, "j", expect(page.locator(".alert-row.is-at")).to_be_visible)
    for _ in range(60):
        if page.locator(".alert-row.is-at").get_attribute("data-id") == alert:
            break
        page.keyboard.press("j")
    dialog = page.get_by_role("dialog", name="Dismiss")
    press(page, "d", expect(dialog).to_be_visible)
    page.keyboard.press("Space")  # not a conflict, the first kind
    dialog.get_by_label("In your words").fill("Two plans with the same name.")
    dialog.get_by_role("button", name="Dismiss").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Dismissed")
    page.goto(f"/alerts/{alert}")
    expect(page.locator(".history")).to_contain_text("as not a conflict")
    expect(page.locator(".history")).to_contain_text("Two plans with the same name.")
    await_script(page)
    press(page, "/", expect(page.get_by_role("searchbox")).to_be_focused)


def test_a_stream_that_is_refused_is_asked_for_again_until_the_page_is_live(stack: Stack, page: Page) -> None:
    sign_in(page, stack.keys.ops)
    refusals = 0

    def refuse_twice(route: Route) -> None:
        nonlocal refusals
        if refusals == 2:
            return route.continue_()
        refusals += 1
        route.fulfill(status=503, content_type="application/problem+json", body="{}")

    page.route("**/alerts/live", refuse_twice)
    page.goto("/alerts")
    expect(page.locator("#live-state")).to_have_text("Not live just now")
    expect(page.locator("#live-state")).to_have_text("Live")
    assert refusals == 2
    alert = tell_a_story(stack, "console-refused", "Harbour Late", 51, 58)
    expect(page.locator(f".alert-row[data-id='{alert}']")).to_be_visible(timeout=PATIENCE)


def test_the_course_of_an_alert_is_plotted_with_its_numbers_and_grows(stack: Stack, page: Page) -> None:
    alert = tell_a_story(stack, "console-course-1", "Harbour Twice", 71, 78)
    sign_in(page, stack.keys.agent)
    page.goto(f"/alerts/{alert}")
    await_script(page)
    plot = page.get_by_role("img", name="Conflicts told and corrected")
    expect(plot).to_have_count(0)
    for number, told in ((2, "2"), (3, "3")):
        assert tell_a_story(stack, f"console-course-{number}", "Harbour Twice", 71, 78) == alert
        expect(page.locator(".course tbody td").first).to_have_text(told, timeout=PATIENCE)
        if number == 2:
            page.get_by_text("The numbers").click()
        expect(page.locator(".course tbody td").first).to_be_visible()
    expect(plot).to_have_js_property("complete", True)
    assert plot.evaluate("image => image.naturalWidth") > 0


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
        "feedback": "/feedback",
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
