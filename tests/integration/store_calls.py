"""Every method of every store, called once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from services.consistency.domain.alerts import EXAMPLES, recounted
from services.consistency.domain.stored import Alert, StoredConflict, moment_of
from services.consistency.domain.wanted import WantedAlerts
from services.consistency.notify.notification import Cover, Group, Notification
from services.consistency.notify.silence import new_silence
from services.consistency.notify.store import NotifyStore
from services.consistency.notify.store.watched import Heard
from services.consistency.store import Alerts, Conflicts, Courses, Events, Policies, Trends
from services.consistency.store.conflicts import Told, Wanted
from services.consistency.store.events import Arrival
from services.ingest.identities import Identities
from services.journey.domain.mark import Mark
from services.journey.domain.touchpoint import touchpoint
from services.journey.finding import Finder
from services.journey.store import CONSENT, Filters
from services.journey.store import Store as Journey
from shared.events import identity_of
from shared.mongo import Database, ping
from shared.web.window import day_of
from tests.feed import until
from tests.integration.examples import pair, told
from tests.unit.consistency.told import NOW, delivery, embargo

MORE_THAN_A_BATCH = 110
"""Documents, so that a cursor has to ask for more."""


@dataclass
class Stores:
    database: Database
    journey: Journey
    finder: Finder
    events: Events
    conflicts: Conflicts
    alerts: Alerts
    policies: Policies
    trends: Trends
    courses: Courses
    identities: Identities
    notify: NotifyStore

    @property
    def conflict(self) -> StoredConflict:
        return pair(1, "c1")

    async def alert(self) -> Alert:
        alert = recounted(None, "a1", (await self.conflicts.facts(["a1"], {}))["a1"], NOW)
        assert alert is not None
        return alert


async def note_and_recall(stores: Stores) -> None:
    for _ in range(2):
        stores.identities.note("e1", "digest")
    writing = asyncio.create_task(stores.identities.write_down())
    await until(lambda: stores.identities.recall(["e1"]))
    stores.identities.stop()
    await writing


async def append(stores: Stores) -> None:
    points = [touchpoint(told("c1", 1)), touchpoint(told("c1", 2)), touchpoint(delivery("c1-1", "bounced"))]
    for some in (points, points):
        await stores.journey.append(some)


async def write_conflicts(stores: Stores) -> None:
    many = [pair(number, f"c{number}") for number in range(2 * EXAMPLES)]
    await stores.conflicts.write(many, {})
    await stores.conflicts.write([replace(stores.conflict, revision=2)], {})


async def write_alert(stores: Stores) -> None:
    await stores.alerts.write([await stores.alert()])
    await stores.alerts.write([replace(await stores.alert(), revision=2)])


async def mark(stores: Stores) -> None:
    for revision in (1, 2):
        await stores.journey.mark([Mark("k1", "c1", ("e1", "e2"), "open", revision, b"{}")])


async def store_events(stores: Stores) -> None:
    arrivals = [Arrival(told("c1", number), 0) for number in range(MORE_THAN_A_BATCH)]
    for some in (arrivals, arrivals[:1]):
        await stores.events.store(some)


def of_watched(method: str) -> Callable[[Stores], Awaitable[Any]]:
    async def call(stores: Stores) -> None:
        watched = stores.notify.watched
        await getattr(watched, method)(list((await watched.by_id(["a1"])).values()))

    return call


SILENCE = new_silence(["kind = consent"], "ops", "known", NOW + 1_000_000, NOW)
GROUP = Group("g1", "all", "hook", {"kind": "consent"}, due=NOW)
NOTIFICATION = Notification("msg_1", "alerts", "g1", 1, "all", "hook", "{}", (Cover("a1", "opened", ""),), NOW)
EVERYTHING = Filters(
    ("sales",),
    ("email",),
    ("outbound",),
    ("service",),
    ("touchpoint.message.v1",),
    0,
    NOW * 2,
    ("some", "words"),
    "open",
)
AFTER = (NOW, "k")
TOLD = Told({"a1": 0, "a2": 1}, channel="email")
EVERY_ALERT = WantedAlerts(
    "open", "contradiction", ("sales", "support"), "high", "person:Ada", "consent", "en", "wrong", (0, 20_000)
)
CALLS: dict[str, Callable[[Stores], Awaitable[Any]]] = {
    "ping": lambda stores: ping(stores.database),
    "identities.write_down": note_and_recall,
    "identities.recall": lambda stores: stores.identities.recall(["e1"]),
    "journey.prepare": lambda stores: stores.journey.prepare(),
    "journey.append": append,
    "journey.mark": mark,
    "journey.page": lambda stores: stores.journey.page("c1", EVERYTHING, AFTER, 10, newest_first=True),
    "journey.by_event_ids": lambda stores: stores.journey.by_event_ids("c1", ["c1-1"]),
    "journey.deliveries": lambda stores: stores.journey.deliveries("c1", ["c1-1"]),
    "journey.marks_of": lambda stores: stores.journey.marks_of(["e1"]),
    "journey.customer": lambda stores: stores.journey.customer("c1"),
    "journey.customers_by_id": lambda stores: stores.journey.customers_by_id(["c1"]),
    "finder.messages": lambda stores: stores.finder.messages(["some", "words"], (NOW, 1), 10),
    "finder.found_before": lambda stores: stores.finder.found_before(["c1"], ["some", "words"], (NOW, 1)),
    "journey.customers": lambda stores: stores.journey.customers("C", AFTER, 10),
    "journey.counts": lambda stores: stores.journey.counts("c1"),
    "journey.steps": lambda stores: stores.journey.steps("c1", CONSENT),
    "journey.open_conflicts": lambda stores: stores.journey.open_conflicts(["c1"]),
    "journey.promotions": lambda stores: stores.journey.promotions("c1", 0, NOW * 2),
    "journey.last_promotion": lambda stores: stores.journey.last_promotion("c1", NOW * 2),
    "journey.newest": lambda stores: stores.journey.newest(NOW * 2),
    "journey.sent": lambda stores: stores.journey.sent(0, NOW * 2),
    "journey.messages": lambda stores: stores.journey.messages(0, NOW * 2, "sales", "email", AFTER, 10),
    "journey.totals": lambda stores: stores.journey.totals(),
    "events.prepare": lambda stores: stores.events.prepare(),
    "events.store": store_events,
    "events.histories": lambda stores: stores.events.histories(["c1"]),
    "events.identities": lambda stores: stores.events.identities(["c1"]),
    "events.told": lambda stores: stores.events.told(0, 0, NOW * 2, AFTER, 10),
    "events.ends": lambda stores: stores.events.ends([identity_of(told("c1", 1))]),
    "events.messages": lambda stores: stores.events.messages(),
    "conflicts.prepare": lambda stores: stores.conflicts.prepare(),
    "conflicts.write": write_conflicts,
    "conflicts.of_customers": lambda stores: stores.conflicts.of_customers(["c1"]),
    "conflicts.by_id": lambda stores: stores.conflicts.by_id(["k00001"]),
    "conflicts.facts": lambda stores: stores.conflicts.facts(["a1"], {"a1": ["a2"]}),
    "conflicts.corrected": lambda stores: stores.conflicts.corrected(["a1"], {"a1": ["a2"]}),
    "conflicts.spread": lambda stores: stores.conflicts.spread(["a1"], "dismissed", ("open",), 10, NOW),
    "conflicts.heard": lambda stores: stores.conflicts.heard(TOLD, "c", 10),
    "conflicts.customers": lambda stores: stores.conflicts.customers(TOLD),
    "conflicts.channels": lambda stores: stores.conflicts.channels(TOLD),
    "conflicts.published": lambda stores: stores.conflicts.published([stores.conflict]),
    "conflicts.pending": lambda stores: stores.conflicts.pending(NOW * 2, 10),
    "conflicts.page": lambda stores: stores.conflicts.page(Wanted(customer="c1"), AFTER, 10),
    "conflicts.ended": lambda stores: stores.conflicts.ended(moment_of(NOW), 10),
    "conflicts.set_ends": lambda stores: stores.conflicts.set_ends({"k00001": moment_of(NOW)}),
    "trends.prepare": lambda stores: stores.trends.prepare(),
    "trends.cells": lambda stores: stores.trends.cells(0, day_of(NOW)),
    "trends.subjects": lambda stores: stores.trends.subjects(0, day_of(NOW), 10),
    "trends.totals": lambda stores: stores.trends.totals(),
    "trends.look_far_back": lambda stores: stores.trends.look_far_back(),
    "trends.count_anew": lambda stores: stores.trends.count_anew(),
    "trends.corrections": lambda stores: stores.trends.corrections(0, day_of(NOW)),
    "courses.prepare": lambda stores: stores.courses.prepare(),
    "courses.told": lambda stores: stores.courses.told(["a1", "a2"]),
    "courses.corrected": lambda stores: stores.courses.corrected(["a1", "a2"]),
    "courses.found_since": lambda stores: stores.courses.found_since(["a1", "a2"], NOW),
    "alerts.prepare": lambda stores: stores.alerts.prepare(),
    "alerts.write": write_alert,
    "alerts.by_id": lambda stores: stores.alerts.by_id(["a1"]),
    "alerts.defer": lambda stores: stores.alerts.defer(["a1"]),
    "alerts.due": lambda stores: stores.alerts.due(10),
    "alerts.counted": lambda stores: stores.alerts.counted({"a1": 1}),
    "alerts.spreading": lambda stores: stores.alerts.spreading(10),
    "alerts.published": lambda stores: published(stores),
    "alerts.spread": lambda stores: spread(stores),
    "alerts.pending": lambda stores: stores.alerts.pending(NOW * 2, 10),
    "alerts.page": lambda stores: stores.alerts.page(EVERY_ALERT, "severity", (1, *AFTER), 10),
    "alerts.tallies": lambda stores: stores.alerts.tallies(EVERY_ALERT),
    "alerts.members": lambda stores: stores.alerts.members(["a1"]),
    "alerts.lapsed": lambda stores: stores.alerts.lapsed(NOW, 10),
    "alerts.to_judge": lambda stores: stores.alerts.to_judge(NOW, 10),
    "alerts.judged_otherwise": lambda stores: stores.alerts.judged_otherwise("scale", 10),
    "alerts.without_rules": lambda stores: stores.alerts.without_rules(10),
    "alerts.judged": lambda stores: stores.alerts.judged(EVERY_ALERT),
    "alerts.totals": lambda stores: stores.alerts.totals(),
    "policies.store": lambda stores: stores.policies.store(embargo("p1")),
    "policies.all": lambda stores: stores.policies.all(),
    "policies.applied": lambda stores: stores.policies.applied([0]),
    "policies.advance": lambda stores: stores.policies.advance(0, 1),
    "policies.restart": lambda stores: stores.policies.restart(0),
    "policies.is_refused": lambda stores: stores.policies.is_refused("p:0"),
    "policies.refuse": lambda stores: stores.policies.refuse("p:0", "unreadable"),
    "policies.count": lambda stores: stores.policies.count(),
    "silences.prepare": lambda stores: stores.notify.silences.prepare(),
    "silences.add": lambda stores: stores.notify.silences.add(SILENCE),
    "silences.by_id": lambda stores: stores.notify.silences.by_id(SILENCE.id),
    "silences.active": lambda stores: stores.notify.silences.active(NOW, 10),
    "silences.count_active": lambda stores: stores.notify.silences.count_active(NOW),
    "silences.page": lambda stores: stores.notify.silences.page("active", AFTER, 10, NOW),
    "silences.end": lambda stores: stores.notify.silences.end(SILENCE.id, "ops", NOW),
    "silences.to_apply": lambda stores: stores.notify.silences.to_apply(10),
    "silences.applied": lambda stores: stores.notify.silences.applied(SILENCE.id),
    "silences.to_release": lambda stores: stores.notify.silences.to_release(NOW, 10),
    "silences.released": lambda stores: stores.notify.silences.released(SILENCE, 1),
    "watched.prepare": lambda stores: stores.notify.watched.prepare(),
    "watched.hear": lambda stores: stores.notify.watched.hear(
        [Heard("a1", 1, {"state": "open"}, {"kind": ["consent"]})]
    ),
    "watched.by_id": lambda stores: stores.notify.watched.by_id(["a1"]),
    "watched.due": lambda stores: stores.notify.watched.due(10),
    "watched.routed": of_watched("routed"),
    "watched.settled": of_watched("settled"),
    "watched.untold": lambda stores: stores.notify.watched.untold("g1", "", 10),
    "watched.told": lambda stores: stores.notify.watched.told(
        "g1", [Cover("a1", "opened", ""), Cover("a1", "closed", "")]
    ),
    "watched.open_in": lambda stores: stores.notify.watched.open_in("g1", 10),
    "watched.count_open_in": lambda stores: stores.notify.watched.count_open_in("g1"),
    "watched.unsettled": lambda stores: stores.notify.watched.unsettled(SILENCE.matchers, {"subject": ["s"]}, ""),
    "watched.look_again": lambda stores: stores.notify.watched.look_again(["a1"]),
    "watched.look_at_all_again": lambda stores: stores.notify.watched.look_at_all_again("digest"),
    "watched.silence": lambda stores: stores.notify.watched.silence(SILENCE.id, ["a1"]),
    "watched.hidden": lambda stores: stores.notify.watched.hidden(SILENCE.id, 10),
    "watched.count_hidden": lambda stores: stores.notify.watched.count_hidden(SILENCE.id),
    "watched.release": lambda stores: stores.notify.watched.release(SILENCE.id),
    "groups.prepare": lambda stores: stores.notify.groups.prepare(),
    "groups.add": lambda stores: stores.notify.groups.add([GROUP, GROUP]),
    "groups.by_id": lambda stores: stores.notify.groups.by_id([GROUP.id]),
    "groups.look_at": lambda stores: stores.notify.groups.look_at({GROUP.id: NOW}),
    "groups.due": lambda stores: stores.notify.groups.due(NOW, 10),
    "groups.claim": lambda stores: stores.notify.groups.claim(GROUP, NOW),
    "groups.write": lambda stores: stores.notify.groups.write(GROUP, GROUP),
    "notifications.prepare": lambda stores: stores.notify.notifications.prepare(),
    "notifications.add": lambda stores: stores.notify.notifications.add(NOTIFICATION),
    "notifications.by_id": lambda stores: stores.notify.notifications.by_id(NOTIFICATION.id),
    "notifications.due": lambda stores: stores.notify.notifications.due(NOW, ["busy"], 10),
    "notifications.write": lambda stores: stores.notify.notifications.write(NOTIFICATION, NOTIFICATION),
    "notifications.page": lambda stores: stores.notify.notifications.page("dead", "hook", AFTER, 10),
    "notifications.totals": lambda stores: stores.notify.notifications.totals(),
}
"""Every method of every store, in an order in which each finds something to do."""


async def published(stores: Stores) -> None:
    await stores.alerts.published(list((await stores.alerts.by_id(["a1"])).values()))


async def spread(stores: Stores) -> None:
    await stores.alerts.spread((await stores.alerts.by_id(["a1"]))["a1"])
