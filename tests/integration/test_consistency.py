"""The consistency service on a real broker and a real database."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from deploy.local.stack import Stack
from services.consistency.clock import now
from services.consistency.domain.changes import aftermath, changes
from services.consistency.store.events import Arrival
from shared.kafka.topics import ALERTS, CONFLICTS, DEAD_LETTERS
from tests.feed import until
from tests.integration.consistency_service import Customer, Service, embargo, running
from tests.topics import records_of


@pytest.fixture(scope="module")
async def service(servers: Stack) -> AsyncIterator[Service]:
    async with running(servers, "consistency_tests") as instance:
        yield instance


async def test_one_conflict_however_often_and_in_whatever_order(service: Service) -> None:
    forward, backward = Customer(), Customer()
    first, second = forward.quote(20, "marketing"), forward.quote(10, "sales")
    await service.publish(first, second, first, second, second, first)
    last, before = backward.quote(20, "marketing"), backward.quote(10, "sales")
    await service.publish(before, last)
    [found] = await until(lambda: service.conflicts(forward.id))
    [reversed_found] = await until(lambda: service.conflicts(backward.id))
    await service.idle()
    assert await service.conflicts(forward.id) == [found]
    assert found["kind"] == "contradiction"
    assert found["state"] == "open"
    assert (found["a"]["id"], found["b"]["id"]) == (first.id, second.id)
    assert (reversed_found["a"]["id"], reversed_found["b"]["id"]) == (last.id, before.id)
    assert reversed_found["alert"] == found["alert"]
    assert [one["revision"] for one in await service.records(CONFLICTS, forward.id)] == [1]


async def test_bounce_that_comes_later_withdraws(service: Service) -> None:
    customer = Customer()
    first, second = customer.quote(21, "marketing"), customer.quote(11, "sales")
    await service.publish(first, second)
    [found] = await until(lambda: service.conflicts(customer.id))
    await service.publish(customer.delivery(second, "bounced"))
    [withdrawn] = await until(lambda: service.withdrawn(customer.id))
    assert withdrawn["id"] == found["id"]
    assert await service.conflicts(customer.id) == []
    await service.idle()
    states = [(one["state"], one["revision"]) for one in await service.records(CONFLICTS, customer.id)]
    assert states == [("open", 1), ("withdrawn", 2)]
    alert = await service.get(f"/v1/alerts/{found['alert']}")
    assert alert["state"] == "resolved"
    assert (alert["customers"], alert["conflicts"]) == (0, 0)
    assert alert["history"][-1]["by"] == "onevoice"
    assert "withdrawn" in alert["history"][-1]["reason"]
    await service.publish(customer.delivery(second, "delivered"))
    [again] = await until(lambda: service.conflicts(customer.id))
    assert (again["id"], again["state"], again["revision"]) == (found["id"], "open", 3)
    await service.idle()
    alert = await service.get(f"/v1/alerts/{found['alert']}")
    assert alert["state"] == "open"
    assert "regressed" in alert["history"][-1]["reason"]


async def test_announced_correction_settles_in_any_order(service: Service) -> None:
    for order in ((0, 1, 2), (2, 1, 0)):
        customer = Customer()
        first, second = customer.quote(22, "marketing"), customer.quote(12, "sales")
        words = "We were wrong: you get 22% off the Pro plan, as marketing wrote."
        told = (first, second, customer.message(words, "sales", corrects=second.id))
        await service.publish(*(told[place] for place in order))
        await service.stored(customer.id, 3)
        pairs = {(one["a"]["id"], one["b"]["id"]): one["state"] for one in await service.conflicts(customer.id)}
        assert pairs[(first.id, second.id)] == "settled"


async def test_embargo_that_comes_late_applies_to_what_is_stored(service: Service) -> None:
    told, silent = Customer(), Customer()
    leak = told.message("The merger with Norvik Tools is agreed; it will be announced in May.", "sales")
    await service.publish(leak, silent.message("Your invoice for March is ready.", "billing"))
    await service.stored(told.id, 1)
    await service.stored(silent.id, 1)
    policy = embargo("The merger with Norvik Tools", ["Norvik"])
    await service.publish(policy)
    [found] = await until(lambda: service.conflicts(told.id))
    assert found["kind"] == "embargo"
    assert (found["a"]["id"], found["b"]["id"]) == (policy.id, leak.id)
    await until(lambda: service.records(ALERTS, found["alert"]))
    assert await service.conflicts(silent.id) == []
    later = told.message("Norvik will merge with us, the merger is agreed.", "support")
    await service.publish(later)

    async def both() -> bool:
        return len(await service.conflicts(told.id)) == 2

    await until(both)


async def test_crash_before_publishing_loses_nothing(servers: Stack, service: Service) -> None:
    """What a crash leaves: a conflict that is written, with no alert and nothing on Kafka."""
    customer = Customer()
    events = [customer.quote(23, "marketing"), customer.quote(13, "sales")]
    await service.store.events.store([Arrival(event, 0) for event in events])
    found = service.examination.detector.detect(events)
    written = changes(customer.id, found, [], aftermath(events), now() - 60_000_000, None)
    assert await service.store.conflicts.write(written, {})
    [record] = await until(lambda: service.records(CONFLICTS, customer.id))
    assert record["id"] == written[0].id
    [alert] = await service.records(ALERTS, written[0].alert)
    assert alert["conflicts"] == 1
    assert await service.store.conflicts.pending(now(), 10) == []


async def test_crash_after_storing_events_is_made_good_by_redelivery(service: Service) -> None:
    customer = Customer()
    events = [customer.quote(24, "marketing"), customer.quote(14, "sales")]
    await service.store.events.store([Arrival(event, 0) for event in events])
    await service.publish(events[1])
    assert len(await until(lambda: service.conflicts(customer.id))) == 1


async def test_poison_goes_to_dead_letters_and_the_partition_moves_on(service: Service) -> None:
    customer = Customer()
    key = customer.id.encode()
    first = customer.quote(25, "marketing")
    await service.publish(first)
    await service.raw(key, b"\xff\x00 not json")
    await service.raw(key, None)
    await service.raw(key, orjson.dumps({"specversion": "1.0", "type": "touchpoint.message.v1"}))
    await service.raw(key, orjson.dumps(orjson.loads(embargo("x", []).model_dump_json())))
    changed = orjson.loads(first.model_dump_json(by_alias=True, exclude_none=True))
    changed["data"]["text"] = "Other words under the same identity"
    await service.raw(key, orjson.dumps(changed))
    await service.publish(customer.quote(15, "sales"))
    await until(lambda: service.conflicts(customer.id))
    await service.idle()
    letters = [orjson.loads(value) for found, value in await records_of(service.kafka, DEAD_LETTERS) if found == key]
    reasons = [letter["reason"] for letter in letters]
    assert len(reasons) == 5
    assert "no value" in " ".join(reasons)
    assert "identity reused with other content" in reasons
    assert any("policies" in reason for reason in reasons)
    assert not any("Other words" in reason for reason in reasons)
    bodies = (await service.store.events.histories([customer.id]))[customer.id].bodies
    assert not any("Other words" in body for body in bodies.values())


async def test_one_alert_a_cause(service: Service) -> None:
    customers = [Customer() for _ in range(20)]
    for customer in customers:
        await service.publish(
            customer.quote(30, "marketing", campaign="spring"), customer.quote(5, "support", template="macro-7")
        )
    other = Customer()
    await service.publish(other.quote(31, "marketing", campaign="spring"), other.quote(5, "billing"))
    [found] = await until(lambda: service.conflicts(customers[0].id))
    [elsewhere] = await until(lambda: service.conflicts(other.id))
    await service.idle()
    assert found["alert"] != elsewhere["alert"]
    alert = await service.get(f"/v1/alerts/{found['alert']}")
    assert (alert["customers"], alert["conflicts"]) == (20, 20)
    assert len({example["customer"] for example in alert["examples"]}) == 5
    assert alert["senders"]["a"] == {"department": "marketing", "campaign": "spring", "template": None}
    assert alert["senders"]["b"] == {"department": "support", "campaign": None, "template": "macro-7"}
    listed = await service.get("/v1/alerts", department="billing")
    assert [one["id"] for one in listed["items"]] == [elsewhere["alert"]]
    published = await service.records(ALERTS, found["alert"])
    assert published[-1] == alert
    revisions = [one["revision"] for one in published]
    assert revisions == sorted(set(revisions))


async def test_people_move_alerts(service: Service) -> None:
    customer, next_customer = Customer(), Customer()
    await service.publish(customer.quote(40, "marketing", campaign="m"), customer.quote(6, "sales"))
    [found] = await until(lambda: service.conflicts(customer.id))
    await service.idle()
    path = f"/v1/alerts/{found['alert']}"

    async def act(action: str, reason: str | None = None, **more: Any) -> int:
        response = await service.http.post(f"{path}/{action}", json={"by": "Ada", "reason": reason, **more})
        return response.status_code

    async def state() -> str:
        [one] = await service.conflicts(customer.id)
        return str(one["state"])

    assert await act("reopen") == 409
    assert await act("acknowledge") == 200
    assert await act("acknowledge") == 409
    assert await act("resolve") == 422
    assert await act("resolve", "told them") == 200
    assert await state() == "resolved"
    await service.publish(next_customer.quote(40, "marketing", campaign="m"), next_customer.quote(6, "sales"))
    [new] = await until(lambda: service.conflicts(next_customer.id))
    await service.idle()
    assert new["alert"] == found["alert"]
    alert = await service.get(path)
    assert (alert["state"], alert["customers"]) == ("open", 2)
    assert await state() == "resolved"
    assert (await service.conflicts(next_customer.id))[0]["state"] == "open"
    assert await act("dismiss", "as agreed") == 422
    assert await act("dismiss", "as agreed", kind="tolerated") == 200
    assert await state() == "dismissed"
    third = Customer()
    await service.publish(third.quote(40, "marketing", campaign="m"), third.quote(6, "sales"))
    [dismissed] = await until(lambda: service.conflicts(third.id))
    await service.idle()
    [dismissed] = await service.conflicts(third.id)
    assert dismissed["state"] == "dismissed"
    assert (await service.get(path))["state"] == "dismissed"
    assert await act("reopen") == 200
    assert await state() == "open"
    assert [step["state"] for step in (await service.get(path))["history"]] == [
        "open",
        "acknowledged",
        "resolved",
        "open",
        "dismissed",
        "open",
    ]
    assert (await service.records(CONFLICTS, customer.id))[-1]["state"] == "open"
    assert (await service.http.post("/v1/alerts/none/resolve", json={"by": "Ada"})).status_code == 404
    assert (await service.http.post(f"{path}/resolve", json={})).status_code == 422
    assert (await service.http.post(f"{path}/explode", json={"by": "Ada"})).status_code == 422


async def test_pages_never_skip(service: Service) -> None:
    customer = Customer()
    await service.publish(*(customer.quote(number, "sales", template=f"t{number}") for number in range(50, 54)))

    async def all_six() -> bool:
        return len(await service.conflicts(customer.id)) == 6

    await until(all_six)
    whole = [one["id"] for one in await service.conflicts(customer.id)]
    paged, cursor = [], None
    for _ in range(3):
        page = await service.get(
            "/v1/conflicts", customer=customer.id, limit=2, **({"cursor": cursor} if cursor else {})
        )
        paged += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert paged == whole
    assert cursor is None
    assert (await service.http.get("/v1/alerts", params={"cursor": "!"})).status_code == 422


async def test_preflight_stores_nothing(service: Service) -> None:
    customer = Customer()
    await service.publish(customer.quote(60, "marketing"), customer.quote(61, "support"))
    await until(lambda: service.conflicts(customer.id))
    planned = orjson.loads(customer.quote(7, "sales").model_dump_json(by_alias=True, exclude_none=True))
    del planned["time"]
    response = await service.http.post("/v1/preflight", json=planned)
    assert response.status_code == 200
    found = response.json()["conflicts"]
    assert {one["b"]["id"] for one in found} == {planned["id"]}
    assert len(found) == 2
    assert len((await service.store.events.identities([customer.id]))[customer.id]) == 2
    for body, status in ((b"{", 400), (b"[]", 422), (b"{}", 422), (b"x" * 600_000, 413)):
        assert (await service.http.post("/v1/preflight", content=body)).status_code == status


async def test_answers_only_to_services(servers: Stack, service: Service) -> None:
    for key, status in (("nonsense", 401), (servers.keys.agent, 403)):
        headers = {"Authorization": f"Bearer {key}"}
        assert (await service.http.get("/v1/stats", headers=headers)).status_code == status
    stats = await service.get("/v1/stats")
    assert stats["consumers"][0]["group"] == "consistency"
    assert stats["messages"] > 0
    assert await service.get(f"/v1/customers/{Customer().id}/claims") == {"items": []}


async def test_two_instances_share_the_work(servers: Stack, service: Service) -> None:
    """Both write the same alert; a late embargo reaches the customers of either."""
    customers = [Customer() for _ in range(24)]
    async with running(servers, "consistency_tests") as other:

        async def both_have_partitions() -> bool:
            return all(one.desk.consumer.progress.assigned for one in (service, other))

        await until(both_have_partitions)
        for customer in customers:
            await service.publish(
                customer.quote(70, "marketing", campaign="two"),
                customer.quote(8, "sales"),
                customer.message("We will close the Tarn plant next month.", "support"),
            )

        async def everybody(kind: str) -> bool:
            return all([await service.conflicts(customer.id, kind=kind) for customer in customers])

        await until(lambda: everybody("contradiction"))
        await service.idle()
        assert all(one.desk.consumer.progress.consumed for one in (service, other))
        [found] = await service.conflicts(customers[0].id)
        assert (await service.get(f"/v1/alerts/{found['alert']}"))["customers"] == 24
        await service.publish(embargo("The closure of the Tarn plant", ["Tarn"]))
        await until(lambda: everybody("embargo"))
