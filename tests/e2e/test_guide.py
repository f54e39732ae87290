"""The walk of docs/guide.md: what a customer was told about their refund, and who contradicted whom, in five clicks."""

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.local.stack import Stack
from tests.e2e.console import await_script, open_page, photograph, sign_in
from tests.e2e.test_console import say, wait_for_conflict

pytestmark = [pytest.mark.stack, pytest.mark.browser]

CUSTOMER = "guide-okoye"


@pytest.fixture(scope="module", autouse=True)
def refund(stack: Stack) -> None:
    say(
        stack, CUSTOMER, 4, "billing", "sms",
        "Hello Mr Okoye, your return for HL-90177 has reached us. £62.40 is on its way to the card ending 4471, allow "
        "5 days.",
        purpose="transactional",
    )  # fmt: skip
    say(stack, CUSTOMER, 9, "support", "email", "Five days gone and no refund for HL-90177.", direction="inbound")
    say(
        stack, CUSTOMER, 10, "support", "email",
        "Dear Mr Okoye,\n\nthank you for your patience. Our warehouse has had no parcel from you for order HL-90177, "
        "so there is nothing we can pay back at this stage.\n\nKind regards, Isla",
        title="Your return", purpose="service",
    )  # fmt: skip
    wait_for_conflict(stack, CUSTOMER)


def walk(page: Page, name: str) -> None:
    photograph(page, f"guide-1-overview{name}")
    page.get_by_role("link", name="Customers", exact=True).click()
    await_script(page)
    page.get_by_role("searchbox").press_sequentially("okoye")
    expect(page.locator("[data-search-results] li")).to_have_count(1)
    photograph(page, f"guide-2-customers{name}")
    page.get_by_role("link", name=CUSTOMER).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(CUSTOMER)
    photograph(page, f"guide-3-customer{name}")
    page.get_by_role("link", name="What we told them").click()
    refused = page.locator(".claims li").filter(has_text="refund refused")
    expect(refused.first).to_be_visible()
    photograph(page, f"guide-4-told{name}")
    refused.get_by_role("link", name="Support").first.click()
    said = page.locator("article.entry:target")
    expect(said.locator(".entry-body mark").first).to_be_visible()
    expect(said.locator(".notes")).to_contain_text("Billing")
    said.get_by_role("link", name="Compare side by side").first.click()
    expect(page.locator(".side-a")).to_contain_text("Billing")
    expect(page.locator(".side-b")).to_contain_text("Support")
    expect(page.locator(".side-a mark").first).to_be_visible()
    photograph(page, f"guide-5-both{name}")


@pytest.mark.parametrize(("name", "width"), [("", 1280), ("-phone", 390)])
def test_who_contradicted_whom_is_found_in_five_clicks(stack: Stack, browser: Browser, name: str, width: int) -> None:
    for page in open_page(browser, stack, width=width, height=860 if width > 500 else 780):
        sign_in(page, stack.keys.agent)
        walk(page, name)
