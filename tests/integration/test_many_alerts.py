"""Lists and counts of alerts and conflicts, asked of one instance while others write."""

from dataclasses import replace
from typing import Any

from services.consistency.domain.alerts import Facts, first_alert
from services.consistency.domain.stored import Alert, Judgement, StoredConflict
from services.consistency.domain.trends import SubjectCount
from services.consistency.domain.wanted import Key, Order, WantedAlerts, key_of
from services.consistency.store import Alerts, Conflicts, Trends
from services.consistency.store.documents import alert_row
from services.consistency.store.generations import ALERTS, Carrying
from shared.mongo import Database
from shared.retention import shipped
from shared.web.window import DAY, day_of
from tests.integration.examples import pair
from tests.unit.consistency.told import NOW, stored

FIRST = first_alert("a", Facts(1, 1, NOW, NOW, False, (stored("c1"),), None), NOW)


def alert(number: int, last_seen: int = NOW) -> Alert:
    return replace(FIRST, id=f"a{number:03}", last_seen=last_seen, customers=number % 4)


async def listed(alerts: Alerts, order: Order = "last_seen", **wanted: Any) -> list[str]:
    found: list[str] = []
    key: Key | None = None
    while page := await alerts.page(WantedAlerts(**wanted), order, key, 7):
        found += [one.id for one in page]
        key = key_of(page[-1], order)
    return found


async def test_alerts_of_all_times_are_read_and_what_another_instance_writes_is_there_at_once(
    database: Database,
) -> None:
    one, other = Alerts(database), Alerts(database)
    await one.prepare()
    times = (NOW, NOW - DAY, NOW - 40 * DAY, 1, NOW + 90 * DAY)
    made = [alert(number, times[number % len(times)] + number // 10) for number in range(30)]
    assert await one.write(made)
    ordered = [each.id for each in sorted(made, key=lambda each: (each.last_seen, each.id), reverse=True)]
    assert await listed(one) == await listed(other) == ordered
    assert await other.totals() == {"open": 30}

    judged = replace(made[0], revision=2, state="resolved", judgement=Judgement("right", NOW, "Ada"))
    assert await one.write([judged, alert(99, NOW + 100 * DAY)])
    assert await other.totals() == {"open": 30, "resolved": 1}
    assert await listed(other, state="resolved") == [judged.id]
    assert (await listed(other))[0] == "a099"
    counts = await other.judged(WantedAlerts(judged=(day_of(NOW), day_of(NOW))))
    assert [(each.day, each.verdict, each.count) for each in counts.days] == [(day_of(NOW), "right", 1)]
    assert not await other.write([replace(made[0], revision=2)])
    assert await listed(other, state="resolved") == [judged.id], "who was second changed nothing"


async def test_pages_show_alerts_as_they_are_and_without_those_that_are_gone(database: Database) -> None:
    """Whatever the roll missed: these writes do not say that they touched anything, as those of an older release."""
    alerts = Alerts(database)
    await alerts.prepare()
    assert await alerts.write([alert(number) for number in range(20)])
    assert len(await listed(alerts, state="open")) == 20
    moved = alert_row(replace(alert(19), revision=2, state="dismissed"))
    await database["alerts"].update_one({"_id": "a019"}, {"$set": moved})
    await database["alerts"].delete_one({"_id": "a018"})
    assert [one.id for one in await alerts.page(WantedAlerts("open"), "last_seen", None, 3)] == ["a017", "a016", "a015"]
    assert await alerts.totals() == {"open": 18, "dismissed": 1}
    await database["alerts"].update_one({"_id": "a000"}, {"$set": {"state": "resolved", "revision": 2}})
    await alerts.register.read_anew()
    assert await alerts.totals() == {"open": 17, "dismissed": 1, "resolved": 1}


async def test_what_a_generation_carries_over_is_listed(database: Database) -> None:
    old, new = Alerts(database), Alerts(database.client.get_database(f"{database.name}_new"))
    carrying = Carrying(ALERTS, database, database.client.get_database(f"{database.name}_new"))
    try:
        await new.prepare()
        assert await new.totals() == {}
        assert await old.write([alert(1)])
        assert await carrying.carry(await carrying.some(None), 1, lambda before, after: before) == 1
        assert await new.totals() == {"open": 1}
    finally:
        await database.client.drop_database(f"{database.name}_new")


def told(number: int, days: int) -> StoredConflict:
    found = replace(pair(number, f"c{number}"), b_time=NOW + days * DAY, subject="the plan" if number % 2 else "")
    return replace(found, updated_at=NOW + number)


async def test_a_day_is_counted_anew_when_another_instance_touches_it(database: Database) -> None:
    conflicts, trends, other = Conflicts(database, shipped()), Trends(database), Trends(database)
    await conflicts.prepare()
    await trends.prepare()
    first, last = day_of(NOW) - 30, day_of(NOW) + 2
    made = [told(number, days) for number, days in enumerate((0, 0, 1, -20, -400, 2))]
    made += [replace(told(6, 0), customer="onevoice-canary-1", alert="")]
    assert await conflicts.write(made, {})
    for one in (trends, other):
        assert sum(cell.count for cell in await one.cells(first, last)) == 5
        assert await one.totals() == ({"contradiction": 6}, {"open": 6})
        assert await one.subjects(first, last, 9) == [SubjectCount("the plan", "discount", 3)]
        assert await one.corrections(first, last) == []

    settled = replace(made[1], revision=2, pair="settled", state="settled", corrected_at=made[1].b_time + 60)
    withdrawn = replace(made[2], revision=2, pair="withdrawn", state="withdrawn")
    assert await conflicts.write([settled, withdrawn, told(7, -20)], {})
    assert await conflicts.spread(["a1"], "dismissed", ("open",), 1, NOW)
    cells = await other.cells(first, last)
    assert sum(cell.count for cell in cells) == 5
    assert sum(cell.count for cell in cells if cell.settled) == 1
    by_kind, by_state = await other.totals()
    assert (by_kind, by_state["settled"], by_state["withdrawn"], by_state["dismissed"]) == (
        {"contradiction": 6},
        1,
        1,
        1,
    )
    assert await other.corrections(first, last) == [60]
    assert await other.subjects(first, last, 9) == [SubjectCount("the plan", "discount", 4)]
    await other.count_anew()
    assert await other.cells(first, last) == cells
