"""How right the alerts were, counted on a real database by what people did with them; what is proposed for muting."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.local.stack import Stack
from services.consistency.store.documents import touched
from tests.feed import until
from tests.integration.consistency_service import Answer, Customer, Service, running

RULE = "contradiction.amount"
MUTING = "precision = 0.5\njudged = 2\ndays = 7\n"


@pytest.fixture(scope="module")
async def service(servers: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    file = tmp_path_factory.mktemp("feedback") / "feedback.toml"
    file.write_text(MUTING)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONEVOICE_FEEDBACK_FILE", str(file))
        async with running(servers, "feedback_tests") as instance:
            yield instance


async def told(service: Service, campaign: str, text: str = "You get {}% off the Pro plan.") -> tuple[str, Customer]:
    """An alert of its own, and its customer."""
    customer = Customer()
    claim = {"subject": "Pro plan", "attribute": "discount", "unit": "%"}
    events = [
        customer.message(text.format(percent), department, campaign=campaign, claims=[{**claim, "value": percent}])
        for percent, department in ((20, "marketing"), (10, "support"))
    ]
    await service.publish(*events)
    [found] = await until(lambda: service.conflicts(customer.id))
    alert = str(found["alert"])

    async def counted() -> bool:
        return (await service.http.get(f"/v1/alerts/{alert}")).status_code == 200

    await until(counted)
    return alert, customer


async def act(service: Service, alert: str, action: str, **more: object) -> Answer:
    answer = await service.http.post(f"/v1/alerts/{alert}/{action}", json={"by": "Ada", "reason": "because", **more})
    assert answer.status_code == 200, answer.text
    decided: Answer = answer.json()
    return decided


def days() -> dict[str, str]:
    """Yesterday and today, so that midnight changes nothing."""
    today = datetime.now(UTC).date()
    return {"from": (today - timedelta(days=1)).isoformat(), "to": today.isoformat()}


async def feedback(service: Service, **filters: Any) -> Answer:
    return await service.get("/v1/feedback", **days(), **filters)


def counts(tally: Answer) -> tuple[int, int, int]:
    return tally["right"], tally["wrong"], tally["undecided"]


async def ids(service: Service, **filters: Any) -> set[str]:
    return {one["id"] for one in (await service.get("/v1/alerts", limit=200, **filters))["items"]}


async def test_what_is_done_with_alerts_is_counted_and_each_figure_has_its_list(service: Service) -> None:
    names = ("wrong", "tolerated", "duplicate", "open", "corrected", "mended", "merged")
    russian = "Скидка {}% на тариф Pro plan."
    made = {name: await told(service, name) for name in names} | {"russian": await told(service, "russian", russian)}
    alert = {name: one for name, (one, _) in made.items()}
    for name, kind in (("wrong", "not_a_conflict"), ("russian", "not_a_conflict"), ("tolerated", "tolerated")):
        await act(service, alert[name], "dismiss", kind=kind)
    await act(service, alert["duplicate"], "dismiss", kind="duplicate")
    await act(service, alert["open"], "acknowledge")
    await act(service, alert["mended"], "resolve")
    await act(service, alert["merged"], "merge", into=alert["open"])
    customer = made["corrected"][1]
    await service.publish(customer.message("We were wrong.", "support", corrects=f"{customer.id}-2"))

    async def corrected() -> bool:
        return bool((await service.get(f"/v1/alerts/{alert['corrected']}"))["state"] == "resolved")

    await until(corrected)

    found = await feedback(service)
    assert counts(found["total"]) == (3, 2, 2)
    assert found["total"]["precision"] == 0.6
    [rule] = found["by_rule"]
    assert (rule["rule"], counts(rule), rule["muted"]) == (RULE, (3, 2, 2), None)
    [pair] = found["by_pair"]
    assert (pair["departments"], counts(pair)) == (["marketing", "support"], (3, 2, 2))
    assert {one["language"]: counts(one) for one in found["by_language"]} == {"en": (3, 1, 2), "ru": (0, 1, 0)}
    assert sum(one["right"] for one in found["by_day"]) == 3
    assert found["proposals"] == []
    assert counts((await feedback(service, language="ru", department=["support", "marketing"]))["total"]) == (0, 1, 0)
    assert counts((await feedback(service, rule="consent"))["total"]) == (0, 0, 0)

    assert await ids(service, verdict="wrong", rule=RULE, **days()) == {alert["wrong"], alert["russian"]}
    assert await ids(service, verdict="wrong", language="ru") == {alert["russian"]}
    assert await ids(service, verdict="right", **days()) == {
        alert[name] for name in ("tolerated", "corrected", "mended")
    }
    assert await ids(service, verdict="undecided") == {alert["duplicate"], alert["open"]}
    long_ago = {"from": "2020-01-01", "to": "2020-12-31"}
    assert await ids(service, verdict="wrong", **long_ago) == set()
    tabs = await service.get("/v1/alerts/counts", verdict="wrong", rule=RULE)
    assert tabs["by_state"] == {"dismissed": 2}

    await act(service, alert["mended"], "reopen")
    await act(service, alert["tolerated"], "reopen")
    narrowed = await feedback(service, rule=RULE)  # asked for the first time: nothing of it is told from before
    assert counts(narrowed["total"]) == (1, 2, 4)
    assert (await service.http.get("/v1/feedback")).status_code == 422


async def test_a_rule_that_is_wrong_too_often_is_proposed_and_muted_by_hand(service: Service) -> None:
    for name in ("wrong-1", "wrong-2", "wrong-3", "wrong-4"):
        alert, _ = await told(service, name)
        await act(service, alert, "dismiss", kind="not_a_conflict")

    async def proposed() -> Answer | None:
        proposals: list[Answer] = (await feedback(service))["proposals"]
        return proposals[0] if proposals else None

    proposal = await until(proposed)
    assert (proposal["rule"], proposal["muted"]) == (RULE, None)
    assert proposal["precision"] < 0.5
    body = {
        "matchers": [f"rule = {RULE}"],
        "by": "Ada",
        "reason": "Too often wrong.",
        "ends_at": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
    }
    made = await service.http.post("/v1/silences", json=body)
    assert made.status_code == 201, made.text
    muted = (await feedback(service))["proposals"][0]["muted"]
    assert (muted["silence"], muted["by"], muted["reason"]) == (made.json()["id"], "Ada", "Too often wrong.")
    later, _ = await told(service, "later")

    async def silenced() -> bool:
        return (await service.get("/v1/silenced", alert=[later, "none"]))["items"] == [later]

    assert await until(silenced), "what it finds is kept, and nobody is told"
    assert later in await ids(service, state="open", rule=RULE)
    await service.http.post(f"/v1/silences/{made.json()['id']}/end", json={"by": "Ada"})
    assert (await feedback(service))["proposals"][0]["muted"] is None


async def test_alerts_of_an_older_version_learn_what_found_them_and_how_they_were_judged(service: Service) -> None:
    alert, _ = await told(service, "older")
    judged = await act(service, alert, "dismiss", kind="not_a_conflict")
    younger = ("rules", "languages", "judgement")
    older = {"$unset": dict.fromkeys(younger, ""), "$set": touched(), "$inc": {"revision": 1}}
    await service.store.alerts._alerts.update_one({"_id": alert}, older)
    assert await service.outbox.learn_rules() == 1
    assert await service.outbox.learn_rules() == 0
    learned = await service.get(f"/v1/alerts/{alert}")
    same = ("rules", "languages", "verdict", "judged_at")
    assert {name: learned[name] for name in same} == {name: judged[name] for name in same}
    assert alert in await ids(service, verdict="wrong", rule=RULE)
