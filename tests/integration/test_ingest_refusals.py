"""Malformed input of every sort over HTTP: a problem of the 4xx kind, and the door goes on."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import httpx
import orjson
import pytest

from shared.events import MAX_BATCH_EVENTS
from shared.events.schema import example
from tests.integration.servers import Servers, client, ingest_alone

pytestmark = pytest.mark.stack
PATH = "/v1/events"
STRUCTURED = {"Content-Type": "application/cloudevents+json"}
BATCHED = {"Content-Type": "application/cloudevents-batch+json"}
BINARY = {"Content-Type": "application/json", "ce-id": "1", "ce-source": "urn:x", "ce-specversion": "1.0"}
GZIP = {"Content-Encoding": "gzip"}
MESSAGE = orjson.dumps(example("touchpoint.message.v1"))


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, free_ports: dict[str, str]) -> Iterator[Servers]:
    patience = {"ONEVOICE_INGEST_BODY_SECONDS": "4"}
    with ingest_alone(tmp_path_factory.mktemp("refusals"), free_ports | patience) as running:
        yield running


@pytest.fixture
async def door(servers: Servers) -> AsyncIterator[httpx.AsyncClient]:
    async with client(servers) as opened:
        yield opened


def is_problem(response: httpx.Response, status: int) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert {"title", "status", "detail"} <= set(response.json())


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, MESSAGE, 415),
        ({"Content-Type": "application/json"}, MESSAGE, 415),
        ({"Content-Type": "text/xml"}, b"<a/>", 415),
        ({"Content-Type": "application/cloudevents+xml"}, b"<a/>", 415),
        ({"Content-Type": "application/cloudevents+json; charset=utf-16"}, MESSAGE, 415),
        (STRUCTURED | {"Content-Encoding": "br"}, MESSAGE, 415),
        (STRUCTURED, b"", 400),
        (STRUCTURED, b"{", 400),
        (STRUCTURED, b"\xff\xfe", 400),
        (STRUCTURED, b'{"id": NaN}', 400),
        (STRUCTURED, b'{"id": "\\ud800"}', 400),
        (STRUCTURED, b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400),
        (STRUCTURED, b"[" * 300 + b"]" * 300, 422),
        (STRUCTURED, b"[]", 422),
        (STRUCTURED, b"[" + MESSAGE + b"]", 422),
        (STRUCTURED, b"{}", 422),
        (STRUCTURED, MESSAGE.replace(b"message.v1", b"message.v2"), 422),
        (STRUCTURED, MESSAGE.replace(b'"id":', b'"id":"0","id":', 1), 422),
        (STRUCTURED, b" " * 1_100_000 + MESSAGE, 413),
        (STRUCTURED, MESSAGE.replace(b"Dear", b"x" * 600_000), 422),
        (STRUCTURED | GZIP, MESSAGE, 400),
        (STRUCTURED | GZIP, gzip.compress(MESSAGE)[:-4], 400),
        (STRUCTURED | GZIP, gzip.compress(b" " * 50_000_000), 413),
        (BATCHED, b"[]", 400),
        (BATCHED, MESSAGE, 400),
        (BATCHED, b"[" + b",".join([MESSAGE] * (MAX_BATCH_EVENTS + 1)) + b"]", 413),
        (BINARY, b"", 400),
        (BINARY, b"{}", 422),
        (BINARY | {"ce-type": "touchpoint.message.v1", "ce-time": "yesterday"}, b"{}", 422),
        (BINARY | {"ce-subject": "%ff"}, b"{}", 400),
        (BINARY | {"ce-data": "{}"}, b"{}", 400),
    ],
)
async def test_malformed_requests_are_told_what_is_wrong(
    door: httpx.AsyncClient, headers: dict[str, str], body: bytes, status: int
) -> None:
    is_problem(await door.post(PATH, content=body, headers=headers), status)
    assert (await door.get("/healthz")).status_code == 200


async def test_a_batch_of_nothing_but_mistakes_is_not_stored(door: httpx.AsyncClient) -> None:
    body = orjson.dumps([1, "x", None, [], {}, {"type": "touchpoint.message.v1"}])
    answer = await door.post(PATH, content=body, headers=BATCHED)
    assert answer.status_code == 207
    assert {item["status"] for item in answer.json()["items"]} == {422}


async def test_other_ways_in_are_problems_too(door: httpx.AsyncClient) -> None:
    is_problem(await door.get(PATH), 405)
    is_problem(await door.post("/v1/nothing"), 404)
    is_problem(await door.request("PATCH", PATH), 405)


async def test_a_slow_sender_is_not_waited_for(servers: Servers) -> None:
    answer = await send_partly(servers, b'{"id"')
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer


async def test_a_sender_that_goes_away_leaves_nothing_behind(servers: Servers, door: httpx.AsyncClient) -> None:
    for _ in range(5):
        await send_partly(servers, b'{"id"', wait=False)
    assert (await door.get("/healthz")).status_code == 200
    assert "Unexpected" not in servers.log_of("ingest").read_text()


async def send_partly(servers: Servers, part: bytes, wait: bool = True) -> bytes:
    """Announces more than it sends; the answer, or nothing where it does not wait for one."""
    address = urlsplit(servers.urls["ingest"])
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {servers.keys.publish}\r\n"
        f"Content-Type: application/cloudevents+json\r\nContent-Length: 1000\r\n\r\n".encode()
        + part
    )
    await writer.drain()
    answer = await reader.read(4_096) if wait else b""
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_key_that_publishes_too_much_is_asked_to_come_back(servers: Servers) -> None:
    servers.kill("ingest")
    servers.environ["ONEVOICE_INGEST_RATE"] = "5/hour"
    servers.start("ingest")
    async with client(servers) as door:
        answer = await door.post(PATH, content=b"[1,2,3,4]", headers=BATCHED)
        assert answer.status_code == 207
        answer = await door.post(PATH, content=b"[1,2]", headers=BATCHED)
    is_problem(answer, 429)
    assert int(answer.headers["retry-after"]) > 0
