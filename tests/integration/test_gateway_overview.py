"""The overview through the gateway."""

import httpx
import pytest

from deploy.local.demo.publish import publish
from deploy.local.stack import Stack
from tests.feed import Json, contradicting, message, until

pytestmark = pytest.mark.stack


async def test_what_was_said_on_some_days_is_counted_and_each_figure_has_its_list(
    stack: Stack, ops: httpx.AsyncClient
) -> None:
    """A week of 2019, in which nobody else says anything."""
    customer = "gateway-overview"
    told = contradicting(customer, "£53")
    taken_back = message(customer, 12, "billing", "We wrote £53. It is £30.", corrects=f"{customer}-9", channel="sms")
    for event in (*told, taken_back):
        event["time"] = event["time"].replace("2026", "2019")
    await publish(stack.urls["ingest"], stack.keys.publish, [*told, taken_back])
    week = {"days": "7", "to": "2019-03-15"}
    days = {"from": "2019-03-09", "to": "2019-03-15"}

    async def corrected() -> Json | None:
        found: Json = (await ops.get("/v1/conflicts", params={"customer": customer})).json()
        items = found.get("items") or []
        return items[0] if items and items[0]["state"] == "settled" else None

    conflict = await until(corrected, "the corrected conflict")
    assert conflict["departments"] == {"a": "sales", "b": "billing"}
    assert (conflict["told_at"], conflict["corrected_at"]) == ("2019-03-09T09:00:00Z", "2019-03-12T09:00:00Z")

    async def counted() -> Json | None:
        overview: Json = (await ops.get("/v1/overview", params=week)).json()
        done = overview.get("conflicts", {}).get("total") and overview["messages"]["total"] == 2
        return overview if done else None

    overview = await until(counted, "what was counted")
    assert {name: overview[name] for name in days} == days
    conflicts = overview["conflicts"]
    assert conflicts["by_day"] == [{"day": "2019-03-09", "kinds": {"contradiction": conflicts["total"]}}]
    assert conflicts["by_pair"] == [{"earlier": "sales", "later": "billing", "count": conflicts["total"]}]
    assert conflicts["to_correction"]["median_seconds"] == conflicts["to_correction"]["p90_seconds"] == 3 * 86_400
    cells = sorted(overview["messages"]["cells"], key=lambda cell: cell["channel"])
    assert cells == [{"department": "billing", "channel": channel, "count": 1} for channel in ("email", "sms")]
    chosen = {**days, "earlier": "sales", "later": "billing", "channel": "email", "kind": "contradiction"}
    listed = (await ops.get("/v1/conflicts", params=chosen)).json()["items"]
    assert conflict["id"] in [one["id"] for one in listed]
    assert (await ops.get("/v1/conflicts", params={**chosen, "later": "support"})).json()["items"] == []
    sent = (await ops.get("/v1/messages", params={**days, "department": "billing", "limit": "1"})).json()
    assert [one["id"] for one in sent["items"]] == [f"{customer}-12"]
    older = (await ops.get("/v1/messages", params={**days, "cursor": sent["next"]})).json()
    assert ([one["id"] for one in older["items"]], older["next"]) == ([f"{customer}-9"], None)
