"""What people do with alerts on a real broker and a real database: their life, corrections, merging, severity."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.stack import Stack
from services.consistency.clock import now
from services.consistency.domain.stored import microseconds, written
from tests.feed import until
from tests.integration.alerts import act, published, shows, told
from tests.integration.consistency_service import Answer, Customer, Service, running

WRONG, RIGHT = "You get 9% off the Pro plan.", "You get 19% off the Pro plan."


@pytest.fixture(scope="module")
async def put_off(servers: Stack) -> str:
    """An alert that is acknowledged until a time at which no instance runs; the one that did is gone."""
    async with running(servers, "alert_life_tests") as service:
        alert, _ = await told(service, "lapse", 11, 41)
        soon = datetime.now(UTC) + timedelta(seconds=2)
        seen = await act(service, alert, "acknowledge", until=soon.isoformat())
        assert (seen["state"], seen["until"]) == ("acknowledged", written(microseconds(soon)))
        given = await act(service, alert, "assign", assignee={"kind": "department", "name": "support"})
        assert given["assignee"] == {"kind": "department", "name": "support"}
        await act(service, alert, "comment", reason="Support looks into it.")
        await act(service, alert, "acknowledge", 422, until="2020-01-01T00:00:00Z")
        return alert


@pytest.fixture(scope="module")
async def service(servers: Stack, put_off: str) -> AsyncIterator[Service]:
    async with running(servers, "alert_life_tests") as instance:
        yield instance


async def test_an_acknowledgement_ends_by_itself_also_when_nobody_ran_at_that_moment(
    service: Service, put_off: str
) -> None:
    back = await shows(service, put_off, state="open", until=None)
    steps = [(step["did"], step["by"]) for step in back["history"]]
    people = ("acknowledge", "assign", "comment")
    assert steps == [("found", "onevoice"), *((did, "Ada") for did in people), ("lapsed", "onevoice")]
    assert await until(lambda: published(service, put_off, "open")), "readers are told"
    listed = await service.get("/v1/alerts", assignee="department:support", state="open")
    assert [one["id"] for one in listed["items"]] == [put_off]


def words(customers: Sequence[Answer]) -> dict[str, bool]:
    return {one["customer"]: one["corrected"] for one in customers}


async def test_a_campaign_is_corrected_customer_by_customer_and_one_told_the_old_again_reopens_it(
    service: Service,
) -> None:
    alert, customers = await told(service, "campaign", 19, 9, count=7)
    path = f"/v1/alerts/{alert}/correction"
    assert (await service.http.get(path)).status_code == 422
    assert (await service.http.get(path, params={"department": "billing"})).status_code == 422
    before = await service.get(path, department="support")
    assert before == {
        "side": "b",
        "sender": {"department": "support", "campaign": None, "template": "campaign"},
        "customers": 7,
        "corrected": 0,
        "by_channel": [
            {"channel": "email", "customers": 5, "corrected": 0},
            {"channel": "sms", "customers": 2, "corrected": 0},
        ],
    }
    corrected = customers[:3]
    for customer in corrected:
        wrong = f"{customer.id}-2"
        await service.publish(customer.message(f"We were wrong: {RIGHT}", "support", corrects=wrong))
    await shows(service, alert, customers=4, state="open")
    halfway = await service.get(path, side="b")
    assert (halfway["customers"], halfway["corrected"], halfway["by_channel"][1]["corrected"]) == (7, 3, 1)
    paged: list[Answer] = []
    cursor = None
    while page := await service.get(f"{path}/customers", side="b", limit=3, **({"cursor": cursor} if cursor else {})):
        paged += page["items"]
        if (cursor := page["next"]) is None:
            break
    assert [one["customer"] for one in paged] == sorted(customer.id for customer in customers)
    assert {name for name, done in words(paged).items() if done} == {customer.id for customer in corrected}
    one = next(one for one in paged if one["customer"] == customers[2].id)
    [message] = one["messages"]
    assert (message["id"], message["channel"], message["corrected"]) == (f"{customers[2].id}-2", "sms", True)
    assert one["corrected_at"] is not None
    course = await service.get(f"/v1/alerts/{alert}/course")
    assert course == {
        "hours": 1,
        "spans": [
            {"from": "2026-03-02T11:00:00Z", "told": 7, "corrected": 0, "open": 7},
            {"from": "2026-03-02T12:00:00Z", "told": 0, "corrected": 3, "open": 4},
        ],
        "lately": {"hour": 7, "day": 7},
    }
    left = await service.get(f"{path}/customers", side="b", corrected=False, channel="sms")
    assert words(left["items"]) == {customers[5].id: False}
    done = await service.get(f"{path}/customers", side="b", corrected=True, limit=2)
    assert len(done["items"]) == 2
    assert done["next"] is not None
    other = await service.get(f"{path}/customers", side="a")
    assert {one["messages"][0]["id"] for one in other["items"]} == {f"{customer.id}-1" for customer in customers}

    for customer in customers[3:]:
        await service.publish(customer.message(f"We were wrong: {RIGHT}", "support", corrects=f"{customer.id}-2"))
    over = await shows(service, alert, state="resolved", customers=0)
    assert over["history"][-1]["did"] == "withdrawn"
    assert (await service.get(path, side="b"))["corrected"] == 7
    again = customers[4]
    await service.publish(again.quote(9, "support", template="campaign"))
    back = await shows(service, alert, state="open", customers=1)
    assert back["history"][-1]["did"] == "regressed"
    assert (await service.get(path, side="b"))["corrected"] == 6


async def test_two_alerts_are_merged_grow_as_one_and_are_split_again(service: Service) -> None:
    target, customers = await told(service, "macro-one", 23, 13, count=2)
    source, others = await told(service, "macro-two", 23, 13, count=3)
    await act(service, source, "acknowledge")
    away = await act(service, source, "merge", into=target)
    assert (away["state"], away["merged_into"]) == ("merged", target)
    await shows(service, target, customers=5, conflicts=5)
    assert source not in [one["id"] for one in (await service.get("/v1/alerts", limit=200))["items"]]
    late = Customer()
    await service.publish(
        late.quote(23, "marketing", campaign="macro-two"), late.quote(13, "support", template="macro-two")
    )
    grown = await shows(service, target, customers=6)
    conflicts = (await service.get("/v1/conflicts", alert=target))["items"]
    assert {one["customer"] for one in conflicts} == {one.id for one in (*customers, *others, late)}
    course = await service.get(f"/v1/alerts/{target}/course")
    assert (course["spans"][-1]["open"], course["lately"]["day"]) == (6, 6)
    to_correct = await service.get(f"/v1/alerts/{target}/correction", department="support")
    assert to_correct["customers"] == 6
    assert sum(channel["customers"] for channel in to_correct["by_channel"]) == 6
    await act(service, source, "resolve", 409)
    await act(service, target, "merge", 409, into=source)
    await act(service, target, "merge", 404, into="none")
    await act(service, target, "resolve")
    assert {one["state"] for one in await service.conflicts(others[0].id)} == {"resolved"}
    alone = await act(service, source, "split")
    assert (alone["state"], alone["customers"], alone["merged_into"]) == ("acknowledged", 4, None)
    await shows(service, target, customers=2, state="resolved")
    assert [one["state"] for one in await until(lambda: service.conflicts(others[0].id, state="open"))] == ["open"]
    assert [step["did"] for step in alone["history"]] == ["found", "acknowledge", "merge", "split"]
    assert grown["history"][-1]["detail"] == source
    await act(service, source, "split", 409)


async def test_severity_is_kept_in_step_with_customers_and_lists_are_sorted_by_it(service: Service) -> None:
    small, _ = await told(service, "small", 33, 3)
    large, _ = await told(service, "large", 34, 4, count=2)
    for alert in (small, large):
        await act(service, alert, "assign", assignee={"kind": "person", "name": "severity"})
    scale = service.desk.alerting.scale
    for alert in (small, large):
        [stored] = (await service.store.alerts.by_id([alert])).values()
        assert stored.severity == scale.level(scale.points(stored, now()))
        assert stored.scale == scale.digest
    listed = await service.get("/v1/alerts", sort="severity", assignee="person:severity")
    assert [one["id"] for one in listed["items"]] == [large, small]
    counts = await service.get("/v1/alerts/counts", state="open", department=["marketing", "support"])
    [pair] = [one for one in counts["by_departments"] if one["departments"] == ["marketing", "support"]]
    assert pair["count"] == sum(counts["by_severity"].values()) == counts["by_state"]["open"]
    assert (await service.http.get("/v1/alerts", params={"sort": "severity", "cursor": "eA"})).status_code == 422
