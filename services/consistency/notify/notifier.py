"""Brings alerts to their receivers: routes what changed, makes a group's notification when it is due, sends it.

Any number of instances do so at once. Each step is written only if nobody else was there first, and can be done again
after a crash: an alert stays due until all that follows from it is written, a group until its notification is, and a
notification until its receiver took it. What is sent twice, where a process dies between sending and noting it, is the
same to the byte and has the same id.
"""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import stamina

from services.consistency.clock import Clock
from services.consistency.domain.stored import microseconds, moment_of
from services.consistency.notify.content import Told, body_of
from services.consistency.notify.inhibition import Sources, let_go, sources_now
from services.consistency.notify.notification import (
    MAX_TRIES,
    NEVER_DUE,
    Change,
    Cover,
    Group,
    Notification,
    Try,
    notification_id,
)
from services.consistency.notify.quiet import quiet_until
from services.consistency.notify.receivers import MICROSECONDS, AnyReceiver
from services.consistency.notify.routes import Place, Routes, Timing
from services.consistency.notify.sending import Outcome, Sender
from services.consistency.notify.silence import Silence, hiding
from services.consistency.notify.silencing import MAX_ACTIVE, release_ended
from services.consistency.notify.store import NotifyStore
from services.consistency.notify.watched import Watched, routed
from shared.mongo import TRANSIENT
from shared.telemetry.metrics import METRICS

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
ALERTS_AT_ONCE = 200
GROUPS_AT_ONCE = 50
CLAIM = 20 * MICROSECONDS
"""How long an instance may take over what it looks at, before another one does it again."""
MOST_IN_ONE = 2_000
"""Alerts that one notification covers; what is left is in the next."""
LISTED_OPEN = 40
AT_A_RECEIVER = 4
IN_ALL = 32
"""Notifications that one instance sends at once."""
FIRST_PAUSE = 5 * MICROSECONDS
LONGEST_PAUSE = 3_600 * MICROSECONDS
MOST_ASKED = 86_400 * MICROSECONDS
"""The longest that a receiver may ask to be left alone by `Retry-After`."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """What keeps an alert from being told now."""

    silences: Sequence[Silence]
    sources: Sources
    now: int

    def hides(self, alert: Watched) -> bool:
        silenced = hiding(self.silences, alert.labels, self.now)
        return bool(silenced) or self.sources.hold_back(alert.id, alert.labels)


class Notifier:
    """`console`: the console's public address, to which links lead."""

    def __init__(self, store: NotifyStore, routes: Routes, console: str, sender: Sender, clock: Clock) -> None:
        self._store = store
        self.routes = routes
        self.console = console
        self._sender = sender
        self._clock = clock
        self._under_way: dict[asyncio.Task[None], str] = {}

    async def run(self, speaks: Callable[[], Awaitable[None]]) -> None:
        """Until cancelled; raises where MongoDB stays away. Begins when the generation `speaks`."""
        await speaks()
        await self._patiently(lambda: self._store.watched.look_at_all_again(self.routes.digest))
        try:
            while True:
                await self._patiently(self.step)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _patiently(self, work: Callable[[], Awaitable[None]]) -> None:
        async for attempt in stamina.retry_context(on=TRANSIENT, attempts=10, timeout=120.0, wait_max=15.0):
            with attempt:
                await work()

    async def step(self) -> None:
        """Everything that is due now; sending goes on beside."""
        await release_ended(self._store, self._clock)
        while await self.route():
            pass
        await self.tell()
        await self.deliver()

    async def settle(self) -> None:
        """Returns when nothing is being sent."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def route(self) -> int:
        """Works out for alerts that changed who is to be told; answers how many there were."""
        due = await self._store.watched.due(ALERTS_AT_ONCE)
        if not due:
            return 0
        # Read after the alerts: a silence made since then finds and marks them itself.
        silences = await self._store.silences.active(self._clock(), MAX_ACTIVE)
        places = {one.id: list(self.routes.places(one.id, one.labels)) for one in due}
        looked_at = []
        for one in due:
            groups = frozenset(place.group for place in places[one.id])
            looked_at.append(routed(one, groups, tuple(hiding(silences, one.labels, self._clock()))))
        written = await self._store.watched.routed(looked_at)
        await self._store.groups.add([new_group(place) for one in due for place in places[one.id]])
        again = frozenset(one.id for one in due if one.again)
        await self._look_at_groups([one for one in written if not one.silences], again)
        await let_go(self.routes.inhibit, [one for one in written if one.standing == "closed"], self._store.watched)
        await self._store.watched.settled(written)
        return len(due)

    async def _look_at_groups(self, alerts: Sequence[Watched], again: frozenset[str]) -> None:
        """At once for what comes up after a silence, else after the group's wait and interval."""
        known = await self._store.groups.by_id(sorted({group for one in alerts for group in one.untold}))
        now = self._clock()
        due: dict[str, int] = {}
        for one in alerts:
            for group in (known[name] for name in one.untold if name in known):
                at = now if one.id in again else first_look(group, self._timing(group), now)
                due[group.id] = min(due.get(group.id, NEVER_DUE), at)
        await self._store.groups.look_at(due)

    def _timing(self, group: Group) -> Timing:
        return self.routes.by_name(group.route) or self.routes.defaults

    async def tell(self) -> None:
        """Makes the notifications of the groups that are due."""
        groups = await self._store.groups.due(self._clock(), GROUPS_AT_ONCE)
        if not groups:
            return
        hidden = Hidden(
            await self._store.silences.active(self._clock(), MAX_ACTIVE),
            await sources_now(self.routes.inhibit, self._store.watched),
            self._clock(),
        )
        for group in groups:
            claimed = await self._store.groups.claim(group, self._clock() + CLAIM)
            if claimed is not None:
                await self._tell_group(claimed, hidden)

    async def _tell_group(self, group: Group, hidden: Hidden) -> None:
        now = self._clock()
        if group.receiver not in self.routes.receiver:
            return await self._write(group, replace(group, due=NEVER_DUE))
        route = self.routes.by_name(group.route)
        quiet = quiet_until(route.quiet, moment_of(now)) if route is not None else None
        if quiet is not None:
            return await self._write(group, replace(group, due=microseconds(quiet)))
        notification = await self._made(group, hidden, now)
        timing = self._timing(group)
        if notification is None:
            return await self._write(group, replace(group, due=await self._next_look(group, timing, now)))
        await self._store.watched.told(group.id, notification.covers)
        told_at = notification.created_at
        full = len(notification.covers) >= MOST_IN_ONE
        due = told_at + (timing.group_interval if full else timing.repeat_interval)
        await self._write(group, replace(group, sequence=group.sequence + 1, last_at=told_at, due=max(due, now)))

    async def _write(self, group: Group, after: Group) -> None:
        """Where something new came meanwhile, the group is looked at again at once."""
        if await self._store.groups.write(group, after) is None:
            await self._store.groups.look_at({group.id: self._clock()})

    async def _next_look(self, group: Group, timing: Timing, now: int) -> int:
        """After nothing was told. What another alert holds back comes up when that is closed; it is looked for besides,
        for that one may also stop being a source."""
        if await self._store.watched.untold(group.id, "", 1):
            return now + timing.group_interval
        if not await self._store.watched.count_open_in(group.id):
            return NEVER_DUE
        at = next_repeat(group, timing)
        return at if at > now else now + timing.group_interval

    async def _made(self, group: Group, hidden: Hidden, now: int) -> Notification | None:
        """The group's next notification, stored; the one that a crash left behind, where there is one. None where
        there is nothing to say."""
        name = notification_id(group.id, group.sequence + 1)
        left_behind = await self._store.notifications.by_id(name)
        if left_behind is not None:
            return left_behind
        changes = await self._changes(group, hidden)
        if not self.routes.receiver[group.receiver].closed:
            unwanted = [cover for _, cover in changes if cover.change == "closed"]
            await self._store.watched.told(group.id, unwanted)
            changes = [one for one in changes if one[1].change != "closed"]
        if not changes and now < next_repeat(group, self._timing(group)):
            return None
        told = await self._told(group, changes, hidden)
        if not changes and not told.still_open:
            return None
        return await self._store.notifications.add(
            Notification(
                id=name,
                purpose="alerts",
                group=group.id,
                sequence=group.sequence + 1,
                route=group.route,
                receiver=group.receiver,
                body=body_of(group, told, self.console, now),
                covers=tuple(cover for _, cover in changes),
                created_at=now,
            )
        )

    async def _changes(self, group: Group, hidden: Hidden) -> list[tuple[Watched, Cover]]:
        """What the group does not know yet and nothing hides, `MOST_IN_ONE` at the most."""
        changes: list[tuple[Watched, Cover]] = []
        after = ""
        while len(changes) < MOST_IN_ONE:
            some = await self._store.watched.untold(group.id, after, ALERTS_AT_ONCE)
            changes += [
                (one, Cover(one.id, change_of(one, group), one.severity)) for one in some if not hidden.hides(one)
            ]
            if len(some) < ALERTS_AT_ONCE:
                break
            after = some[-1].id
        return changes[:MOST_IN_ONE]

    async def _told(self, group: Group, changes: Sequence[tuple[Watched, Cover]], hidden: Hidden) -> Told:
        changed = {one.id for one, _ in changes}
        listed = await self._store.watched.open_in(group.id, LISTED_OPEN)
        still_open = [one for one in listed if one.id not in changed and not hidden.hides(one)]
        count = await self._store.watched.count_open_in(group.id)
        held_back = sum(hidden.hides(one) for one in listed)
        return Told(changes, still_open, count - held_back)

    async def deliver(self) -> None:
        """Begins to send what is due, as far as there is room; a receiver that hangs keeps no other waiting."""
        at_work = Counter(self._under_way.values())
        busy = [name for name, count in at_work.items() if count >= AT_A_RECEIVER]
        room = IN_ALL - len(self._under_way)
        if room <= 0:
            return
        for notification in await self._store.notifications.due(self._clock(), busy, room):
            if at_work[notification.receiver] < AT_A_RECEIVER:
                at_work[notification.receiver] += 1
                self._begin(notification)

    def _begin(self, notification: Notification) -> asyncio.Task[None]:
        task = asyncio.create_task(self._deliver_safely(notification))
        self._under_way[task] = notification.receiver
        task.add_done_callback(self._under_way.pop)
        return task

    async def deliver_now(self, notification: Notification, seconds: float) -> None:
        """Returns when it was tried once, or after so many seconds; it then goes on beside."""
        await asyncio.wait([self._begin(notification)], timeout=seconds)

    async def _deliver_safely(self, notification: Notification) -> None:
        try:
            await self.deliver_one(notification)
        except TRANSIENT as error:
            # Its claim runs out, and it is sent again.
            logger.warning("notification not noted", extra={"id": notification.id, "reason": type(error).__name__})

    async def deliver_one(self, notification: Notification) -> Notification | None:
        """One try, noted; None where another instance has it."""
        receiver = self.routes.receiver.get(notification.receiver)
        timeout = receiver.timeout if receiver is not None else 0
        claim = replace(notification, due=self._clock() + timeout + CLAIM, attempts=notification.attempts + 1)
        claimed = await self._store.notifications.write(notification, claim)
        if claimed is None:
            return None
        most = 1 if claimed.purpose == "test" or receiver is None else receiver.attempts
        if receiver is None:
            outcome = Outcome("the routes file names no such receiver any more", again=False)
        elif claimed.attempts > most:
            outcome = Outcome("given up: of the last tries none came to its end", again=False)
        else:
            outcome = await self._sent(claimed, receiver)
        noted = after_try(claimed, outcome, most, self._clock())
        METRICS.notified(noted.receiver, "failed" if noted.state == "pending" else noted.state)
        if outcome.problem is not None:
            logger.warning(
                "notification not taken",
                extra={"id": noted.id, "receiver": noted.receiver, "reason": outcome.problem, "state": noted.state},
            )
        return await self._store.notifications.write(claimed, noted)

    async def _sent(self, notification: Notification, receiver: AnyReceiver) -> Outcome:
        try:
            return await self._sender.send(notification, receiver, self._clock())
        except Exception as error:
            # A fault of ours must not be tried for ever without a trace.
            logger.exception("notification cannot be sent", extra={"id": notification.id})
            return Outcome(f"a fault on our side: {type(error).__name__}")


def new_group(place: Place) -> Group:
    return Group(place.group, place.route, place.receiver, dict(place.by))


def change_of(alert: Watched, group: Group) -> Change:
    if alert.standing == "closed":
        return "closed"
    return "worsened" if group.id in alert.told else "opened"


def first_look(group: Group, timing: Timing, now: int) -> int:
    """When a group is looked at that has something new."""
    waited = now + timing.group_wait
    return waited if group.last_at is None else max(waited, group.last_at + timing.group_interval)


def next_repeat(group: Group, timing: Timing) -> int:
    return NEVER_DUE if group.last_at is None else group.last_at + timing.repeat_interval


def after_try(notification: Notification, outcome: Outcome, most: int, now: int) -> Notification:
    tries = (*notification.tries, Try(now, outcome.problem))[-MAX_TRIES:]
    if outcome.problem is None:
        return replace(notification, state="sent", tries=tries, sent_at=now, due=NEVER_DUE)
    if not outcome.again or notification.attempts >= most:
        return replace(notification, state="dead", tries=tries, due=NEVER_DUE)
    return replace(notification, tries=tries, due=now + pause(notification.attempts, outcome.after))


def pause(attempts: int, asked: float | None) -> int:
    """Doubled with each try, a little by chance, so that what failed together does not come back together."""
    doubled = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)
    backed_off = int(doubled * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
    return max(backed_off, min(int((asked or 0) * MICROSECONDS), MOST_ASKED))
