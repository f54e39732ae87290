"""The stores against the server that the tests run on: what they keep."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from services.consistency.clock import now
from services.consistency.domain.alerts import EXAMPLES, Facts, first_alert
from services.consistency.domain.stored import Assignee, microseconds
from services.consistency.domain.wanted import Key, Order, WantedAlerts, key_of
from services.consistency.facets import facets
from services.consistency.store import Alerts, Conflicts, Events
from services.consistency.store.counting import FEW
from services.consistency.store.events import Arrival, Bounds, StoredHistory
from services.journey import reading
from services.journey.domain.mark import Mark
from services.journey.domain.terms import wanted_in
from services.journey.domain.touchpoint import touchpoint
from services.journey.finding import Finder
from services.journey.store import IN_CHUNK, Filters
from services.journey.store import Store as Journey
from shared.events import identity_of
from shared.mongo import Database
from shared.retention import shipped
from tests.integration.examples import pair, told
from tests.unit.consistency.told import NOW, message, stored


async def test_an_event_is_stored_once_and_other_content_is_told(database: Database) -> None:
    events = Events(database, shipped(), now)
    await events.prepare()
    first, second = told("c1", 1), told("c1", 2)
    taken = await events.store([Arrival(first, 0), Arrival(second, 0), Arrival(first, 0)])
    assert (taken.repeated, taken.reused) == (frozenset({2}), frozenset())
    changed, elsewhere = told("c1", 1, "other"), message("c1-2", hour=2, customer={"id": "c9"})
    again = [Arrival(second, 0), Arrival(changed, 0), Arrival(told("c1", 3), 0), Arrival(elsewhere, 0)]
    taken = await events.store(again)
    assert (taken.repeated, taken.reused) == (frozenset({0, 1, 3}), frozenset({1, 3}))
    histories = await events.histories(["c1", "c9"])
    assert set(histories["c1"].bodies) == {identity_of(event) for event in (first, second, told("c1", 3))}
    assert histories["c9"] == StoredHistory({})
    assert not any("other" in body for body in histories["c1"].bodies.values())


async def test_of_very_many_messages_the_newest_are_answered(database: Database) -> None:
    history, reach = 40, 20
    events = Events(database, shipped(), now, Bounds(history, reach, at_once=45))
    await events.prepare()
    start = datetime(2026, 3, 2, tzinfo=UTC)
    everything = [
        message(f"m{n:05}", customer={"id": "long"}).model_copy(update={"time": start + timedelta(minutes=n)})
        for n in range(history + 20)
    ]
    await events.store([Arrival(event, 0) for event in (*everything, message("few", customer={"id": "short"}))])
    histories = await events.histories(["long", "short"])
    newest = everything[-history:]
    assert histories["long"].since == microseconds(newest[reach].time)
    assert set(histories["long"].bodies) == {identity_of(event) for event in newest}
    assert await events.identities(["long"]) == {"long": frozenset(histories["long"].bodies)}
    assert (len(histories["short"].bodies), histories["short"].since) == (1, None)


async def test_a_touchpoint_is_stored_once_and_other_content_is_told(database: Database) -> None:
    journey = Journey(database, shipped())
    await journey.prepare()
    first, second = touchpoint(told("c1", 1)), touchpoint(told("c1", 2))
    assert await journey.append([first, second]) == frozenset()
    changed = touchpoint(told("c1", 1, "other"))
    assert await journey.append([touchpoint(told("c1", 3)), second, changed]) == frozenset({first.id})
    page = await journey.page("c1", Filters(), None, 10, newest_first=True)
    assert [row["event_id"] for row in page] == ["c1-3", "c1-2", "c1-1"]
    assert page[-1]["digest"] == first.digest
    customer = await journey.customer("c1")
    assert customer is not None
    assert (customer["first"], customer["last"]) == (page[-1]["moment"], page[0]["moment"])


async def test_the_newest_mark_stays_in_whatever_order_they_come(database: Database) -> None:
    journey = Journey(database, shipped())
    await journey.prepare()

    def mark(number: int, revision: int) -> Mark:
        return Mark(f"k{number}", "c1", ("e1", f"f{number}"), "open", revision, b"%d" % revision)

    await journey.mark([mark(1, 2), mark(2, 1)])
    await journey.mark([mark(1, 1), mark(2, 3), mark(3, 1), mark(2, 2)])
    found = await journey.marks_of(["e1"])
    assert [(row["_id"], row["revision"], bytes(row["conflict"])) for row in found] == [
        ("k1", 2, b"2"),
        ("k2", 3, b"3"),
        ("k3", 1, b"1"),
    ]


async def test_a_revision_is_written_over_the_one_before_alone(database: Database) -> None:
    conflicts = Conflicts(database, shipped())
    await conflicts.prepare()
    one, two = pair(1, "c1"), pair(2, "c2")
    assert await conflicts.write([one], {})
    assert not await conflicts.write([one, two], {}), "another instance was first with one"
    assert [found.id for found in await conflicts.by_id([two.id])] == [two.id], "the others are written all the same"
    moved = replace(one, state="resolved", revision=2)
    assert await conflicts.write([moved, pair(3, "c3")], {})
    assert not await conflicts.write([moved], {})
    assert await conflicts.by_id([one.id]) == [moved]
    await conflicts.published([two])
    assert {found.id for found in await conflicts.pending(NOW * 2, 10)} == {one.id, "k00003"}


@pytest.mark.parametrize("few", [FEW, 10], ids=["read", "counted by the server"])
async def test_alerts_are_counted_from_their_open_pairs(
    database: Database, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """The same whether the pairs are few or many."""
    monkeypatch.setattr("services.consistency.store.counting.FEW", few)
    conflicts = Conflicts(database, shipped())
    await conflicts.prepare()
    written = [pair(number, f"c{number % 4}") for number in range(20)]
    written += [replace(pair(number, "c9"), pair="withdrawn", state="withdrawn") for number in (20, 21)]
    written += [replace(pair(number, "often"), fresh=False) for number in range(30, 50)]
    written += [replace(pair(number, f"d{number}", "a2"), fresh=False) for number in range(60, 67)]
    assert await conflicts.write(written, {})
    facts = await conflicts.facts(["a1", "a2", "nothing"], {})
    assert set(facts) == {"a1", "a2"}
    one, two = facts["a1"], facts["a2"]
    assert (one.customers, one.conflicts, one.first, one.last) == (5, 40, NOW, NOW + 49)
    assert one.fresh
    assert [conflict.id for conflict in one.newest] == ["k00049", "k00019", "k00018", "k00017", "k00016"]
    assert (two.customers, two.conflicts, two.first, two.last, two.fresh) == (7, 7, NOW + 60, NOW + 66, False)
    assert [conflict.id for conflict in two.newest] == [f"k000{number}" for number in range(66, 66 - EXAMPLES, -1)]
    together = (await conflicts.facts(["a1"], {"a1": ["a2", "nothing"]}))["a1"]
    assert (together.customers, together.conflicts, together.last) == (12, 47, NOW + 66)


async def test_alerts_are_listed_sorted_counted_and_found_by_what_falls_due(database: Database) -> None:
    """By every filter and order, a page at a time; one that is merged shows where it is asked for alone."""
    alerts = Alerts(database)
    await alerts.prepare()
    first = first_alert("a0", Facts(1, 1, NOW, NOW, False, (stored("c1"),), None), NOW)
    severities = ("low", "critical", "medium", "critical")
    made = [
        replace(first, id=f"a{number}", last_seen=NOW + number, severity=severity, customers=9 - number)
        for number, severity in enumerate(severities)
    ]
    made[1] = replace(made[1], assignee=Assignee("person", "Ada"), state="acknowledged", until=NOW + 5)
    made[2] = replace(made[2], state="merged", merged_into="a3")
    made.append(replace(made[2], id="a4", merged_into="a2", severity_until=NOW + 5, scale="mine"))
    assert await alerts.write(made)

    async def listed(order: Order = "last_seen", **wanted: Any) -> list[str]:
        found: list[str] = []
        key: Key | None = None
        while page := await alerts.page(WantedAlerts(**wanted), order, key, 1):
            found.append(page[0].id)
            key = key_of(page[0], order)
        return found

    assert await listed() == ["a3", "a1", "a0"]
    assert await listed("severity") == ["a3", "a1", "a0"]
    assert await listed("customers") == ["a0", "a1", "a3"]
    assert await listed(severity="critical", state="open") == ["a3"]
    assert await listed(departments=("support",)) == ["a3", "a1", "a0"]
    assert await listed(departments=("support", "sales")) == ["a3", "a1", "a0"]
    assert await listed(departments=("sales", "sales")) == []
    assert await listed(assigned="person:Ada") == ["a1"]
    assert await listed(state="merged") == ["a4", "a2"]
    counts = facets(await alerts.tallies(WantedAlerts()), "open", None, ())
    assert counts["by_state"] == {"open": 2, "acknowledged": 1, "merged": 2}
    assert counts["by_severity"] == {"low": 1, "critical": 1}
    assert counts["by_departments"] == [{"departments": ["sales", "support"], "count": 2}]
    assert await alerts.members(["a3", "a0"]) == {"a3": ("a2", "a4")}
    assert await alerts.lapsed(NOW + 4, 9) == []
    assert await alerts.lapsed(NOW + 5, 9) == ["a1"]
    assert await alerts.to_judge(NOW + 5, 9) == ["a4"]
    assert len(await alerts.judged_otherwise("mine", 9)) == 4


async def test_a_timeline_can_be_narrowed_to_conflicts_and_is_still_read_in_pages(database: Database) -> None:
    journey = Journey(database, shipped())
    await journey.prepare()
    points = [touchpoint(told("c1", number)) for number in range(1, 2 * IN_CHUNK + 5)]
    await journey.append(points)
    clashing = points[::2]
    marks = [
        Mark(f"k{number}", "c1", (one.id, clashing[0].id), "open" if number > 1 else "settled", 1, b"{}")
        for number, one in enumerate(clashing[1:], 1)
    ]
    await journey.mark(marks)

    async def pages(conflicts: Literal["open", "any"]) -> list[str]:
        seen: list[str] = []
        after: tuple[int, str] | None = None
        while rows := await journey.page("c1", Filters(conflicts=conflicts), after, 10, newest_first=True):
            seen += [row["_id"] for row in rows]
            after = (rows[-1]["moment"], rows[-1]["_id"])
        return seen

    expected = [one.id for one in reversed(clashing)]
    assert await pages("any") == expected
    assert await pages("open") == [one for one in expected if one != clashing[1].id]
    elsewhere = Filters(conflicts="any", departments=("support",))
    assert await journey.page("c1", elsewhere, None, 10, newest_first=True) == []


async def test_promotion_is_counted_from_what_the_company_sent(database: Database) -> None:
    journey = Journey(database, shipped())
    await journey.prepare()
    sent = [message(f"p{hour}", hour=hour, purpose="promotional") for hour in (1, 2)]
    asked = message("q", hour=3, purpose="promotional", direction="inbound")
    points = [touchpoint(one) for one in (*sent, asked, told("c1", 4))]
    await journey.append(points)
    until = points[-1].moment
    assert [row["event_id"] for row in await journey.promotions("c1", 0, until)] == ["p2", "p1"]
    assert await journey.promotions("c1", points[1].moment, until) == []
    assert await journey.last_promotion("c1", until) == points[1].moment
    assert await journey.last_promotion("c2", until) is None


async def test_customers_are_found_by_what_was_said_each_once_over_all_pages(database: Database) -> None:
    journey, finder = Journey(database, shipped()), Finder(database)
    await journey.prepare()
    text = "About your order LW-20931: the refund is on its way."
    # Each customer three times, always in the same hour as four others, and others told something else.
    said = [told(f"c{number % 20}", number // 5, text) for number in range(60)]
    others = [told("other", 90, "About your order LW-20932."), told("onevoice-canary-1", 91, text)]
    await journey.append([touchpoint(event) for event in (*said, *others)])
    wanted = wanted_in("refund lw20931")
    pages, key = [], None
    while True:
        found, key = await reading.customers_told(journey, finder, wanted, key, 7, at_once=5)
        pages.append(found)
        if key is None:
            break
    customers = [one["id"] for page in pages for one in page]
    assert sorted(customers) == sorted({f"c{number}" for number in range(20)})
    assert max(map(len, pages)) == 7
    assert {one["match"]["message"]["id"] for page in pages for one in page} == {
        f"c{number % 20}-{number // 5}" for number in range(40, 60)
    }
    times = [one["match"]["message"]["time"] for page in pages for one in page]
    assert times == sorted(times, reverse=True)
    first = pages[0][0]["match"]
    marked = [first["message"]["data"]["text"][one["start"] : one["end"]] for one in first["spans"]]
    assert marked == ["LW-20931", "refund"]
    assert await reading.customers_told(journey, finder, wanted_in("refund nobody"), None, 7, at_once=5) == ([], None)
