"""The console in the language of whoever reads it: as the browser asks, as they choose, and under axe-core."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from deploy.local.stack import Stack
from tests.e2e.console import open_page
from tests.e2e.test_console import tell_a_story

pytestmark = [pytest.mark.stack, pytest.mark.browser]

CUSTOMER = "console-languages"


@pytest.fixture(scope="module")
def alert(stack: Stack) -> str:
    return tell_a_story(stack, CUSTOMER, "Harbour Lingua", 44, 48)


@pytest.fixture
def russian(browser: Browser, stack: Stack) -> Iterator[Page]:
    """A page of somebody whose browser asks for Russian."""
    yield from open_page(browser, stack, language="ru-RU")


def speaks(page: Page, tag: str, heading: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    expect(page.locator("html")).to_have_attribute("lang", tag)


def test_the_language_is_the_browsers_until_one_is_chosen(stack: Stack, alert: str, russian: Page) -> None:
    page = russian
    page.goto("/sign-in")
    page.get_by_label("Ваш ключ").fill(stack.keys.ops)
    page.get_by_role("button", name="Войти").click()
    speaks(page, "ru", "Обзор")
    expect(page.locator("#live-state")).to_have_text("Обновляется")
    page.goto(f"/alerts/{alert}")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Продажи и Биллинг расходятся: цена, 44 £ в месяц или 48 £ в месяц"
    )
    expect(page.locator(".side-a .text")).to_contain_text("your Harbour Lingua plan costs £44 a month")
    found = {"ru": Axe().run(page)}

    page.get_by_role("button", name="中文").click()
    speaks(page, "zh", "销售与账务说法不一：价格，每月 £44 或 每月 £48")
    expect(page).to_have_url(re.compile(f"/alerts/{alert}$"))
    found["zh"] = Axe().run(page)
    assert "这里什么也没有" in page.request.get("/nowhere").text()
    page.goto("/")
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_label("您的密钥")).to_be_visible()

    page.get_by_role("button", name="English").click()
    expect(page.get_by_label("Your key")).to_be_visible()
    violations = {tag: results.generate_report() for tag, results in found.items() if results.violations_count}
    assert not violations, "\n\n".join(f"{tag}: {report}" for tag, report in violations.items())
