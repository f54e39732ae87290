"""What the gateway refuses, and how."""

import json

import httpx
import pytest

from shared.web.cursor import encode
from tests.integration.gateway import PROBLEM

pytestmark = pytest.mark.stack


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("GET", "/v1/customers?limit=0", None),
        ("GET", "/v1/customers?limit=many", None),
        ("GET", "/v1/customers?cursor=%00", None),
        ("GET", "/v1/customers?cursor=nonsense", None),
        ("GET", "/v1/customers/%00", None),
        ("GET", f"/v1/customers/{'x' * 300}", None),
        ("GET", "/v1/customers/%FF%FE", None),
        ("GET", "/v1/customers/nobody-at-all", None),
        ("GET", "/v1/customers/nobody-at-all/timeline", None),
        ("GET", "/v1/customers/nobody/timeline?department=astrology", None),
        ("GET", "/v1/customers/nobody/timeline?from=yesterday", None),
        ("GET", "/v1/customers/nobody/timeline?order=sideways", None),
        ("GET", "/v1/conflicts?kind=quarrel", None),
        ("GET", "/v1/conflicts?state=", None),
        ("GET", "/v1/conflicts?cursor=e30", None),
        ("GET", "/v1/alerts?state=loud", None),
        ("GET", "/v1/alerts?cursor=%F0%9F%91%8D", None),
        ("GET", f"/v1/alerts?cursor={encode(2**63, 'a')}", None),
        ("GET", f"/v1/customers?cursor={encode(2**64 - 1, 'a')}", None),
        ("GET", "/v1/customers/nobody/timeline?from=0001-01-01T00:00:00%2B14:00", None),
        ("GET", "/v1/customers/nobody/timeline?to=9999-12-31T23:59:59-14:00", None),
        ("GET", "/v1/overview?days=0", None),
        ("GET", "/v1/overview?days=400", None),
        ("GET", "/v1/overview?to=1066-10-14", None),
        ("GET", "/v1/conflicts?from=2026-03-01", None),
        ("GET", "/v1/conflicts?from=2026-03-02&to=2026-03-01", None),
        ("GET", "/v1/messages", None),
        ("GET", "/v1/messages?from=2024-01-01&to=2026-01-01", None),
        ("GET", "/v1/customers/nobody/timeline?conflicts=some", None),
        ("GET", "/v1/alerts/none", None),
        ("GET", "/v1/alerts/stream?last_event_id=x", None),
        ("POST", "/v1/alerts/none/acknowledge", b"{"),
        ("POST", "/v1/alerts/none/acknowledge", b'{"reason": 5}'),
        ("POST", "/v1/alerts/none/acknowledge", b" " * 20_000 + b"{}"),
        ("POST", "/v1/alerts/none/explode", None),
        ("POST", "/v1/preflight", b"\xff\xfe"),
        ("POST", "/v1/preflight/campaign", b"{}"),
        ("POST", "/v1/preflight/campaign", b'{"message": {}, "customers": ["c"]}'),
        ("POST", "/v1/preflight/campaign", b'{"message": {"text": "x"}, "customers": []}'),
        ("POST", "/v1/preflight/campaign", b'{"message": {"specversion": "1.0", "data": 1}, "customers": ["c"]}'),
        ("POST", "/v1/preflight", b"[" * 5_000),
        ("POST", "/v1/preflight", b'{"text": ' + b"[" * 300 + b"]" * 300 + b"}"),
        ("POST", "/v1/preflight", b'{"text": "\\ud800"}'),
        ("GET", "/v1/dead-letters?cursor=-1", None),
        ("GET", "/v1/dead-letters?state=lost", None),
        ("GET", "/v1/dead-letters?from=yesterday", None),
        ("GET", "/v1/dead-letters/-1", None),
        ("GET", "/v1/dead-letters/99999999999999999999", None),
        ("GET", "/v1/dead-letters/replay", None),
        ("POST", "/v1/dead-letters/replay", b"{}"),
        ("POST", "/v1/dead-letters/replay", b'{"offsets": [1], "filter": {}}'),
        ("POST", "/v1/dead-letters/replay", b'{"offsets": []}'),
        ("POST", "/v1/dead-letters/replay", b'{"offsets": [-1]}'),
        ("POST", "/v1/dead-letters/replay", b'{"offsets": [1], "dry_run": "no"}'),
        ("POST", "/v1/dead-letters/replay", b'{"filter": {"state": "waiting"}}'),
        ("POST", "/v1/dead-letters/replay", b'{"offsets": [' + b"1," * 1_000 + b"1]}"),
        ("POST", "/v1/dead-letters/replay", b" " * 70_000 + b"{}"),
        ("DELETE", "/v1/alerts", None),
        ("GET", "/v1/nothing/here", None),
    ],
)
async def test_malformed_requests_are_the_callers_problem(
    ops: httpx.AsyncClient, method: str, address: str, body: bytes | None
) -> None:
    headers = {"content-type": "application/json"} if body is not None else {}
    answer = await ops.request(method, address, content=body, headers=headers)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert json.loads(answer.content)["status"] == answer.status_code
