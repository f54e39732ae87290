"""The console as tests use it: a page that tells every fault, signing in, screenshots."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from deploy.local.stack import Stack

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PATIENCE = 90_000
"""Milliseconds after which something that has not come is taken not to come; no claim about speed."""
PASSING = re.compile(r"Failed to load resource: (the server responded with a status of 503|net::)")
expect.set_options(timeout=30_000)


def open_page(
    browser: Browser,
    stack: Stack,
    *,
    width: int = 1280,
    height: int = 860,
    scheme: str = "light",
    script: bool = True,
    language: str = "en-US",
) -> Iterator[Page]:
    """A page whose every fault of script or policy fails the test.

    A request that met a busy service (503) or a connection that broke is none: the page and the stream try again, and
    what a test waits for shows whether they did.
    """
    context = browser.new_context(
        base_url=stack.urls["gateway"],
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=script,
        locale=language,
    )
    context.set_default_timeout(PATIENCE)
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: faults.append(said.text) if is_fault(said) else None)
    yield opened
    context.close()
    if faults:
        pytest.fail(f"the page told of {len(faults)} faults: {faults}")


def is_fault(said: ConsoleMessage) -> bool:
    return said.type == "error" and not PASSING.match(said.text)


def sign_in(page: Page, key: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Your key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def await_script(page: Page) -> None:
    """Returns when the page's script runs, its live stream is open, and it was painted: keys before that are lost."""
    expect(page.locator("#live-state")).to_have_text("Live")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def press(page: Page, key: str, comes: Callable[..., None]) -> None:
    """Presses a key, as a person does, until what it brings is there (`comes` raises `AssertionError` where it is not):
    Chromium drops a key where the page is not ready for input yet, and a page cannot tell when it is."""
    for _ in range(5):
        page.keyboard.press(key)
        try:
            return comes(timeout=5_000)
        except AssertionError:
            continue
    page.keyboard.press(key)
    comes()


def photograph(page: Page, name: str) -> None:
    """Screenshots of docs/images are taken anew where a run asks for it: ONEVOICE_SCREENSHOTS=1."""
    if os.environ.get("ONEVOICE_SCREENSHOTS"):
        IMAGES.mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(600)
        page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")
