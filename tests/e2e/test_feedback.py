"""From what was done with alerts to how right they are, and from there to muting a rule, in a browser."""

import time

import httpx
import pytest
from playwright.sync_api import Page, expect

from deploy.local.stack import Stack
from tests.e2e.console import PATIENCE, sign_in

pytestmark = [pytest.mark.stack, pytest.mark.browser]

CUSTOMERS = [f"feedback-{number}" for number in range(10)]
"""As many as have to be judged before a rule is proposed."""


def advertise(stack: Stack, customer: str) -> None:
    """After consent was withdrawn; each with a campaign of its own, so that each is an alert."""
    data = {"customer": {"id": customer}, "channel": "email"}
    message = {
        "department": "marketing",
        "direction": "outbound",
        "purpose": "promotional",
        "campaign": f"spring-{customer}",
        "text": "Save 25 % this week only.",
    }
    events = [
        ("consent", 1, {**data, "status": "withdrawn"}),
        ("message", 2, {**data, **message}),
    ]
    for kind, day, content in events:
        answer = httpx.post(
            f"{stack.urls['ingest']}/v1/events",
            json={
                "specversion": "1.0",
                "id": f"{customer}-{day}",
                "source": "//marketing.example.com/feedback-tests",
                "type": f"touchpoint.{kind}.v1",
                "time": f"2026-03-{day:02d}T09:00:00Z",
                "data": content,
            },
            headers={"authorization": f"Bearer {stack.keys.publish}", "content-type": "application/cloudevents+json"},
            timeout=60,
        )
        assert answer.status_code == 202, answer.text


def dismiss_all(stack: Stack) -> None:
    """Each alert as soon as it is there."""
    headers = {"authorization": f"Bearer {stack.keys.ops}"}
    deadline = time.monotonic() + PATIENCE / 1000
    left = set(CUSTOMERS)
    with httpx.Client(base_url=stack.urls["gateway"], headers=headers, timeout=60) as ops:
        while left:
            assert time.monotonic() < deadline, f"no alert about {left}"
            for customer in sorted(left):
                found = ops.get("/v1/conflicts", params={"customer": customer}).json().get("items")
                alert = found[0]["alert"] if found else None
                body = {"kind": "not_a_conflict", "reason": "They had asked for it."}
                if alert and ops.post(f"/v1/alerts/{alert}/dismiss", json=body).is_success:
                    left.discard(customer)


def test_a_rule_that_is_wrong_too_often_is_seen_and_muted(stack: Stack, page: Page) -> None:
    for customer in CUSTOMERS:
        advertise(stack, customer)
    dismiss_all(stack)
    sign_in(page, stack.keys.ops)
    page.get_by_role("link", name="How right the alerts are").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How right the alerts are")
    proposal = page.locator(".proposal").filter(has_text="Advertised after consent was withdrawn")
    row = page.get_by_role("row", name="Advertised after consent was withdrawn")
    for _ in range(10):  # what was counted is told again for some seconds
        if proposal.count():
            break
        page.wait_for_timeout(2_000)
        page.reload()
    expect(proposal).to_contain_text("Right in 0 of 10 judged alerts: 0 %")

    row.get_by_role("link", name="wrong: 10").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Alerts")
    expect(page.locator(".alert-row")).to_have_count(10)
    expect(page.locator(".narrowed")).to_contain_text("Advertised after consent was withdrawn")
    page.go_back()

    proposal.get_by_role("link", name="Mute").click()
    expect(page.get_by_label("Line 1: what")).to_have_value("rule")
    expect(page.get_by_label("Line 1: value")).to_have_value("consent")
    expect(page.get_by_label("Why")).to_have_value("Right in 0 of 10 alerts judged within 90 days.")
    page.get_by_role("button", name="Silence", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("Silenced until")
    page.goto("/feedback?rule=consent")
    expect(proposal).to_contain_text("Muted by")
    expect(row).to_contain_text("Muted")
    proposal.get_by_role("button", name="Unmute").click()
    expect(page.get_by_role("status").first).to_contain_text("up again")
    expect(proposal.get_by_role("link", name="Mute")).to_be_visible()
