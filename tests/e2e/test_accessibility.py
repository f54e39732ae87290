"""Each page of the console in both themes under axe-core, the rules of WCAG 2.2 AA and good practice."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from deploy.local.stack import Stack
from tests.e2e.console import open_page, sign_in
from tests.e2e.test_console import tell_a_story

pytestmark = [pytest.mark.stack, pytest.mark.browser]

CUSTOMER = "console-axe"


@pytest.fixture(scope="module")
def alert(stack: Stack) -> str:
    """Of two customers, so that its course is plotted."""
    tell_a_story(stack, f"{CUSTOMER}-too", "Harbour Axe", 34, 38)
    return tell_a_story(stack, CUSTOMER, "Harbour Axe", 34, 38)


@contextmanager
def opened(browser: Browser, stack: Stack, scheme: str) -> Iterator[Page]:
    yield from open_page(browser, stack, scheme=scheme)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_violates_a_rule(stack: Stack, browser: Browser, alert: str, scheme: str) -> None:
    rooms = {
        "overview": "/?days=365",
        "conflicts": "/conflicts?kind=contradiction",
        "messages": "/messages?from=2026-03-01&to=2026-03-31",
        "customers": "/customers?query=console",
        "customers by words": "/customers?query=harbour+axe",
        "customer": f"/customers/{CUSTOMER}",
        "told": f"/customers/{CUSTOMER}?view=told",
        "alerts": "/alerts",
        "alert": f"/alerts/{alert}",
        "feedback": "/feedback?language=en",
        "preflight": "/preflight",
        "campaign": "/preflight/campaign",
        "health": "/health",
        "dead letters": "/health/dead-letters",
    }
    axe = Axe()
    with opened(browser, stack, scheme) as page:
        page.goto("/sign-in")
        found = {"sign-in": axe.run(page)}
        sign_in(page, stack.keys.ops)
        for room, address in rooms.items():
            page.goto(address)
            found[room] = axe.run(page)
        page.goto("/preflight/campaign")
        page.get_by_label("Message").fill("The Harbour Axe plan costs £41 a month.")
        page.get_by_label("Customers").fill(f"{CUSTOMER}\nconsole-nobody")
        page.get_by_role("button", name="Check").click()
        expect(page.locator(".campaign-end")).to_contain_text("1 customer would be told something that clashes")
        found["campaign's result"] = axe.run(page)
    violations = {room: results.generate_report() for room, results in found.items() if results.violations_count}
    assert not violations, "\n\n".join(f"{room}: {report}" for room, report in violations.items())
