"""Prepared requests: messages of many customers, each event new."""

import json
from itertools import count
from typing import Any

from tests.bench.load import request

_numbers = count()
TEXT = "Hello, your order {number} is on its way and should be with you on Friday. It costs £24.50, delivery included."


def event(customers: int = 1_000) -> dict[str, Any]:
    number = next(_numbers)
    return {
        "specversion": "1.0",
        "id": f"bench-{number}",
        "source": "//bench.example.com",
        "type": "touchpoint.message.v1",
        "time": "2026-03-01T09:00:00Z",
        "data": {
            "customer": {"id": f"bench-{number % customers}"},
            "department": "operations",
            "channel": "email",
            "direction": "outbound",
            "purpose": "transactional",
            "text": TEXT.format(number=number),
        },
    }


def singles(number: int, path: str, key: str) -> list[bytes]:
    headers = {"content-type": "application/cloudevents+json", "authorization": f"Bearer {key}"}
    if path == "/single":
        headers["content-type"] = "application/json"
    return [request("POST", path, headers, json.dumps(event()).encode()) for _ in range(number)]


def batches(number: int, size: int, path: str, key: str) -> list[bytes]:
    headers = {"content-type": "application/cloudevents-batch+json", "authorization": f"Bearer {key}"}
    if path == "/batch":
        headers["content-type"] = "application/json"
    return [request("POST", path, headers, json.dumps([event() for _ in range(size)]).encode()) for _ in range(number)]
