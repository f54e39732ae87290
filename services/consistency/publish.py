"""The way of conflicts and alerts onto Kafka: written first, published then, and swept up after a crash."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

import orjson
import stamina

from services.consistency.alerting import Alerting, Contended
from services.consistency.domain.stored import StoredConflict
from shared.kafka.publisher import Outgoing, Publisher
from shared.kafka.topics import ALERTS, CONFLICTS
from shared.mongo import TRANSIENT

logger = logging.getLogger(__name__)

SWEEP_AT_ONCE = 500
SWEEP_SECONDS = 2.0
SPREAD_ROUNDS = 4


class Outbox:
    """`grace`: microseconds for which what was just written is left to who wrote it.

    It is silent at first: it keeps alerts up to date and publishes nothing. Told to speak, it publishes what it
    held back, for that is pending.
    """

    def __init__(self, alerting: Alerting, publisher: Publisher, grace: int = 5_000_000) -> None:
        self._alerting = alerting
        self._store = alerting.store
        self._publisher = publisher
        self._clock = alerting.clock
        self._grace = grace
        self._speaks = asyncio.Event()

    @property
    def silent(self) -> bool:
        return not self._speaks.is_set()

    def speak(self) -> None:
        self._speaks.set()

    async def until_it_speaks(self) -> None:
        await self._speaks.wait()

    async def announce(self, conflicts: Iterable[str], alerts: Iterable[str]) -> None:
        """Brings the alerts up to date, then publishes both. Kafka away: they stay pending, a sweep will."""
        touched = frozenset(alerts)
        recounted = await self._alerting.recount(touched)
        await self.publish({*conflicts, *recounted.conflicts}, touched | recounted.alerts)

    async def publish(self, conflicts: Iterable[str], alerts: Iterable[str]) -> None:
        """Publishes them as they are now."""
        if self.silent:
            return
        await self._publish_alerts(alerts)
        await self._publish_conflicts(await self._store.conflicts.by_id(sorted(conflicts)))

    async def _publish_alerts(self, ids: Iterable[str]) -> None:
        alerts = list((await self._store.alerts.by_id(sorted(ids))).values())
        records = [Outgoing(ALERTS, alert.id.encode(), orjson.dumps(alert.to_json()), alert.trace) for alert in alerts]
        sent = await self._sent(records)
        await self._store.alerts.published([alert for alert, done in zip(alerts, sent, strict=True) if done])

    async def _publish_conflicts(self, conflicts: list[StoredConflict]) -> None:
        records = [
            Outgoing(CONFLICTS, conflict.customer.encode(), orjson.dumps(conflict.to_json()), conflict.trace)
            for conflict in conflicts
        ]
        sent = await self._sent(records)
        await self._store.conflicts.published([one for one, done in zip(conflicts, sent, strict=True) if done])

    async def _sent(self, records: list[Outgoing]) -> list[bool]:
        failures = await self._publisher.publish(records)
        away = [failure for failure in failures if failure is not None]
        if away:
            logger.warning("not published yet", extra={"records": len(away), "reason": str(away[-1])})
        return [failure is None for failure in failures]

    async def sweep(self) -> int:
        """Publishes what a crash or an absent broker left behind, and does what falls due by the clock; answers how
        many documents it looked after."""
        before = self._clock() - self._grace
        conflicts = await self._store.conflicts.pending(before, SWEEP_AT_ONCE)
        touched = {alert for conflict in conflicts for alert in (conflict.alert, *conflict.left)}
        waiting = await self._store.alerts.due(SWEEP_AT_ONCE)
        due = {one: waiting[one] for one in self._alerting.ripe(waiting)}
        await self._alerting.recount(due, defer=False)
        await self._store.alerts.counted(due)
        spread_to: list[str] = []
        for alert in await self._store.alerts.spreading(SWEEP_AT_ONCE):
            spread_to += await self._alerting.spread(alert, SPREAD_ROUNDS)
        touched |= {*await self._alerting.lapse(SWEEP_AT_ONCE), *await self._alerting.rejudge(SWEEP_AT_ONCE)}
        touched |= {*due, *await self._store.alerts.pending(before, SWEEP_AT_ONCE)}
        if touched or spread_to:
            await self.announce([*(conflict.id for conflict in conflicts), *spread_to], touched)
        return len(touched) + len(conflicts) + len(spread_to)

    async def run(self) -> None:
        """Sweeps until cancelled, from when it may speak; raises where MongoDB stays away."""
        await self.until_it_speaks()
        for catching_up in (self.apply_scale, self.learn_rules):
            while await patiently(catching_up):
                pass
        while True:
            if await patiently(self.sweep) < SWEEP_AT_ONCE:
                await asyncio.sleep(SWEEP_SECONDS)

    async def apply_scale(self) -> int:
        """Judges alerts by the scale of severity that this instance started with; answers how many had another."""
        judged = await self._alerting.apply_scale(SWEEP_AT_ONCE)
        await self.publish((), judged)
        return len(judged)

    async def learn_rules(self) -> int:
        """Has alerts of an older version know what found them, and how they were judged; answers how many did not."""
        learned = await self._alerting.learn_rules(SWEEP_AT_ONCE)
        await self.publish(learned.conflicts, learned.alerts)
        return len(learned.alerts)


async def patiently(work: Callable[[], Awaitable[int]]) -> int:
    """What `work` answers, tried again while a server is away; raises where it stays away."""
    return await stamina.retry(on=(*TRANSIENT, Contended), attempts=10, timeout=120.0)(work)()
