"""The gateway as tests ask it."""

import httpx

from deploy.local.demo.publish import publish
from deploy.local.stack import Stack
from tests.feed import contradicting, until

PROBLEM = "application/problem+json"


def client_of(stack: Stack, key: str | None) -> httpx.AsyncClient:
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    return httpx.AsyncClient(base_url=stack.urls["gateway"], headers=headers, timeout=60)


async def alert_about(stack: Stack, ops: httpx.AsyncClient, customer: str, billed: str = "£36") -> str:
    """Publishes a contradiction to the customer; the id of the alert it belongs to."""
    await publish(stack.urls["ingest"], stack.keys.publish, contradicting(customer, billed))

    async def alert() -> str | None:
        found = (await ops.get("/v1/conflicts", params={"customer": customer})).json()["items"]
        return found[0]["alert"] if found else None

    return str(await until(alert, "the conflict"))
