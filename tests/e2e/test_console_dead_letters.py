"""Dead letters in a browser: read, replayed after a dry run, back with their history; with script and without."""

import asyncio
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from playwright.sync_api import Browser, Page, expect

from deploy.local.stack import Stack
from shared.events import parse_event, to_json
from shared.kafka.records import DeadLetter, Record
from shared.kafka.topics import DEAD_LETTERS, TOUCHPOINTS
from tests.e2e.console import PATIENCE, open_page, photograph, sign_in

pytestmark = [pytest.mark.stack, pytest.mark.browser]


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
            answer = client.get("/v1/dead-letters", params={"consumer": "journey", "limit": 200}).json()
            if sum(item["key"] == key for item in answer.get("items", [])) >= count:  # none of a 503
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
