"""Dead letters over the whole stack: poison is shown, replayed, fails again with its history; what is mended passes."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from deploy.local.stack import Stack
from shared.events import parse_event, to_json
from shared.kafka.records import DeadLetter, Record
from shared.kafka.topics import DEAD_LETTERS, TOUCHPOINTS
from tests.feed import Json, message, until
from tests.topics import records_of

pytestmark = pytest.mark.stack

ROOT = Path(__file__).parents[2]
PROBLEM = "application/problem+json"


@pytest.fixture
async def ops(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {stack.keys.ops}"}
    async with httpx.AsyncClient(base_url=stack.urls["gateway"], headers=headers, timeout=60) as client:
        yield client


@pytest.fixture
async def producer(stack: Stack) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=stack.at.kafka, max_request_size=4 * 1024 * 1024)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def poison(producer: AIOKafkaProducer, value: bytes, key: bytes) -> Json:
    sent = await producer.send_and_wait(TOUCHPOINTS, value, key=key)
    return {"topic": TOUCHPOINTS, "partition": sent.partition, "offset": sent.offset}


async def letters_about(ops: httpx.AsyncClient, key: str, count: int, **wanted: str) -> list[Json]:
    """The letters of records with this key, newest first, once there are so many."""

    async def found() -> list[Json]:
        items = (await ops.get("/v1/dead-letters", params={**wanted, "limit": 200})).json()["items"]
        return [one for one in items if one["key"] == key]

    async def enough() -> list[Json] | None:
        letters = await found()
        return letters if len(letters) >= count else None

    letters = await until(enough, f"{count} letters of {key}")
    assert len(letters) == count
    return list(letters)


async def replay(ops: httpx.AsyncClient, **asked: object) -> Json:
    answer = await ops.post("/v1/dead-letters/replay", json=asked)
    assert answer.status_code == 200, answer.text
    plain: Json = answer.json()
    return plain


async def test_poison_is_replayed_and_comes_back_with_its_history(
    stack: Stack, ops: httpx.AsyncClient, producer: AIOKafkaProducer
) -> None:
    body = b'{"not": "an event", "\xff": "\x00'
    origin = await poison(producer, body, b"dead-poison")
    first = await letters_about(ops, "dead-poison", 2)
    assert {letter["consumer"] for letter in first} == {"journey", "consistency"}
    assert all(
        (letter["origin"], letter["state"], letter["bytes"]) == (origin, "waiting", len(body)) for letter in first
    )

    detail = (await ops.get(f"/v1/dead-letters/{first[0]['offset']}")).json()
    assert detail["same_record"] == [first[1]["offset"]]
    assert detail["original"]["key"]["text"] == "dead-poison"
    assert detail["original"]["value"]["form"] == "hex"
    download = await ops.get(f"/v1/dead-letters/{first[0]['offset']}/value")
    assert (download.content, download.headers["content-type"]) == (body, "application/octet-stream")
    name = f"{TOUCHPOINTS}-{origin['partition']}-{origin['offset']}.bin"
    assert download.headers["content-disposition"] == f'attachment; filename="{name}"'

    offset = first[0]["offset"]
    dry = await replay(ops, offsets=[offset])
    assert (dry["dry_run"], dry["letters"], dry["records"], dry["by_topic"]) == (True, 2, 1, {TOUCHPOINTS: 1})
    assert [letter["state"] for letter in await letters_about(ops, "dead-poison", 2)] == ["waiting"] * 2

    done = await replay(ops, offsets=[offset], dry_run=False)
    assert (done["letters"], done["records"], done["skipped"]) == (2, 1, [])
    again = await letters_about(ops, "dead-poison", 4)
    assert [letter["state"] for letter in again] == ["waiting", "waiting", "failed_again", "failed_again"]
    assert {letter["came_back_as"] for letter in again[2:]} == {letter["offset"] for letter in again[:2]}
    for letter in again[:2]:
        back = (await ops.get(f"/v1/dead-letters/{letter['offset']}")).json()
        assert back["round"] == 1
        assert [one["offset"] for one in back["history"]] == sorted(one["offset"] for one in first)
        assert {(one["by"], one["round"]) for one in back["history"]} == {("local-ops", 1)}
        assert (await ops.get(f"/v1/dead-letters/{letter['offset']}/value")).content == body
    refused = await replay(ops, offsets=[offset], dry_run=False)
    assert refused["letters"] == 0
    assert "failed again" in refused["skipped"][0]["reason"]
    health = (await ops.get("/v1/health")).json()["dead_letters"]
    assert health["waiting"] >= 2
    assert health["failed_again"] >= 2


async def dead_by_hand(
    producer: AIOKafkaProducer, event: Json, reason: str, consumer: str = "journey", place: int = 10**9
) -> int:
    """A letter whose record is a valid event, as a bug that is mended now would have left it; its offset."""
    key = event["data"]["customer"]["id"].encode()
    record = Record(TOUCHPOINTS, 0, place, 0, key, to_json(parse_event(json.dumps(event))))
    letter = DeadLetter(record, reason).to_json(consumer, datetime.now(UTC))
    return int((await producer.send_and_wait(DEAD_LETTERS, letter, key=key)).offset)


async def on_timeline(ops: httpx.AsyncClient, customer: str) -> list[str]:
    answer = await ops.get(f"/v1/customers/{customer}/timeline")
    return [item["id"] for item in answer.json()["items"]] if answer.status_code == 200 else []


async def test_what_is_mended_passes_and_once_only(
    stack: Stack, ops: httpx.AsyncClient, producer: AIOKafkaProducer
) -> None:
    reason = "processing failed: a bug that is mended"
    customers = [f"dead-mended-{number}" for number in range(3)]
    for number, customer in enumerate(customers):
        await dead_by_hand(producer, message(customer, 2, "sales", "Hello."), reason, place=10**9 + number)
        await letters_about(ops, customer, 1)
    dry = await replay(ops, filter={"reason": "A BUG that", "topic": TOUCHPOINTS})
    assert (dry["letters"], len(dry["examples"])) == (3, 3)
    assert await on_timeline(ops, customers[0]) == []
    done = await replay(ops, filter={"reason": "A BUG that"}, dry_run=False)
    assert (done["letters"], done["records"]) == (3, 3)
    for customer in customers:

        async def arrived(customer: str = customer) -> bool:
            return await on_timeline(ops, customer) == [f"{customer}-2"]

        await until(arrived, "the replayed event")
        (letter,) = await letters_about(ops, customer, 1, state="replayed")
        assert letter["replayed"]["by"] == "local-ops"
    assert (await replay(ops, filter={"reason": "A BUG that"}, dry_run=False))["letters"] == 0

    stack.kill("gateway")
    stack.start("gateway")

    async def read_again() -> bool:
        return (await ops.get("/v1/dead-letters")).status_code == 200

    await until(read_again, "the dead letters after a restart")
    (letter,) = await letters_about(ops, customers[0], 1)
    assert letter["state"] == "replayed"


async def test_two_at_once_replay_once(stack: Stack, ops: httpx.AsyncClient, producer: AIOKafkaProducer) -> None:
    customer = "dead-at-once"
    offset = await dead_by_hand(producer, message(customer, 2, "sales", "Hello."), "a bug", place=2 * 10**9)
    await letters_about(ops, customer, 1)
    answers = await asyncio.gather(*(replay(ops, offsets=[offset], dry_run=False) for _ in range(5)))
    assert sorted(answer["letters"] for answer in answers) == [0, 0, 0, 0, 1]
    sent = [key for key, _ in await records_of(stack.at.kafka, TOUCHPOINTS) if key == customer.encode()]
    assert len(sent) == 1


async def test_the_largest_record_that_a_broker_takes_is_a_dead_letter_too(
    ops: httpx.AsyncClient, producer: AIOKafkaProducer
) -> None:
    body = b"\xff" * 1_000_000
    await poison(producer, body, b"dead-large")
    letter, _ = await letters_about(ops, "dead-large", 2)
    detail = (await ops.get(f"/v1/dead-letters/{letter['offset']}")).json()
    assert detail["original"]["value"]["bytes"] == 1_000_000
    assert detail["original"]["value"]["cut"]
    assert (await ops.get(f"/v1/dead-letters/{letter['offset']}/value")).content == body


async def test_pages_and_filters_of_the_list(ops: httpx.AsyncClient, producer: AIOKafkaProducer) -> None:
    for number in range(5):
        event = message(f"dead-page-{number}", 2, "sales", "Hello.")
        await dead_by_hand(producer, event, "paged", "nobody", 3 * 10**9 + number)
    await letters_about(ops, "dead-page-4", 1)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"consumer": "nobody", "limit": "2", **({"cursor": cursor} if cursor else {})}
        page = (await ops.get("/v1/dead-letters", params=params)).json()
        seen += [letter["key"] for letter in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [f"dead-page-{number}" for number in (4, 3, 2, 1, 0)]


def command(stack: Stack, *arguments: str, key: str | None = None) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "ONEVOICE_OPS_KEY": stack.keys.ops if key is None else key}
    line = [sys.executable, "-m", "services.gateway", "dead-letters", *arguments, "--url", stack.urls["gateway"]]
    return subprocess.run(line, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False)


async def run(stack: Stack, *arguments: str, key: str | None = None) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(command, stack, *arguments, key=key)


async def test_the_command_lists_shows_and_replays(
    stack: Stack, ops: httpx.AsyncClient, producer: AIOKafkaProducer
) -> None:
    customers: Sequence[str] = [f"dead-command-{number}" for number in range(2)]
    for number, customer in enumerate(customers):
        event = message(customer, 2, "sales", "Hello from the command.")
        offset = await dead_by_hand(producer, event, "for the command", "journey", 4 * 10**9 + number)
    await letters_about(ops, customers[1], 1)
    wanted = ("--reason", "for the COMMAND")
    listed = await run(stack, "list", *wanted)
    assert (listed.returncode, len(listed.stdout.splitlines())) == (0, 2), listed.stderr
    assert listed.stdout.splitlines()[0].split("\t")[:2] == [str(offset), "waiting"]
    shown = await run(stack, "show", str(offset))
    assert '"text": "Hello from the command."' in shown.stdout
    dry = await run(stack, "replay", *wanted)
    assert "Would replay 2 letters as 2 records." in dry.stdout
    assert await on_timeline(ops, customers[0]) == []
    done = await run(stack, "replay", *wanted, "--yes")
    assert (done.returncode, done.stdout) == (0, "Replayed 2 letters as 2 records.\n"), done.stderr

    async def arrived() -> bool:
        return await on_timeline(ops, customers[0]) == [f"{customers[0]}-2"]

    await until(arrived, "the replayed event")
    plain = json.loads((await run(stack, "list", *wanted, "--json")).stdout.splitlines()[0])
    assert plain["state"] == "replayed"

    assert (await run(stack, "replay")).returncode == 1
    assert (await run(stack, "list", key="")).returncode == 2
    refused = await run(stack, "list", key=stack.keys.agent)
    assert (refused.returncode, "403" in refused.stderr) == (1, True)
