"""Keeps alerts in step with their conflicts, with what people decide and with the clock, whoever else does so at the
same time."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.consistency.clock import Clock
from services.consistency.domain.alerts import SPREADS, changed, lapsed, recounted
from services.consistency.domain.causes import NO_ALERT
from services.consistency.domain.decisions import Decision, decided
from services.consistency.domain.merging import giving_back, merged, split, taking_in
from services.consistency.domain.severity import Scale
from services.consistency.domain.stored import Alert
from services.consistency.store import Store

ATTEMPTS = 20
SPREAD_AT_ONCE = 500
MANY = 1_000
"""Conflicts from which on an alert is counted at most every `COUNT_EVERY` microseconds: counting reads all."""
COUNT_EVERY = 5_000_000
SLOW, RESTS = 0.25, 9
"""Where counting took more than so many seconds, so many times as long passes before the next time: the more
conflicts an alert has, the rarer."""


class Contended(Exception):
    """Other instances changed the same documents time and again; trying later helps."""


class UnknownAlert(Exception):
    """There is no alert with this id."""

    def __init__(self, alert: str) -> None:
        super().__init__(f"No alert {alert!r} is known.")


@dataclass(frozen=True, slots=True)
class Recounted:
    """The alerts that were counted (others, where some are merged), and the conflicts that show another state since."""

    alerts: frozenset[str] = frozenset()
    conflicts: frozenset[str] = frozenset()


class Alerting:
    def __init__(self, store: Store, clock: Clock, scale: Scale) -> None:
        self.store = store
        self.clock = clock
        self.scale = scale
        self._resting: dict[str, float] = {}

    def ripe(self, alerts: Collection[str]) -> frozenset[str]:
        """Those that may be counted again by now."""
        now = time.monotonic()
        self._resting = {one: until for one, until in self._resting.items() if until > now}
        return frozenset(alerts) - self._resting.keys()

    async def recount(self, ids: Iterable[str], *, defer: bool = True) -> Recounted:
        """Brings the alerts up to date with their conflicts; for a merged one, the alert that it is merged into.

        The alert is read before its conflicts: who changed it meanwhile makes the write fail, and all is read again.
        """
        asked = sorted(set(ids) - {NO_ALERT})
        for _ in range(ATTEMPTS if asked else 0):
            known, roots = await self._roots(asked)
            left = sorted(roots)
            if defer:
                left = await self._without_big(left, known)
            members = await self.store.alerts.members(left)
            began = time.monotonic()
            facts = await self.store.conflicts.facts(left, members)
            self._rest(left, time.monotonic() - began)
            gone = [one for one in left if one in known and one not in facts]
            corrected = await self.store.conflicts.corrected(gone, members)
            counted = {
                one: recounted(known.get(one), one, facts.get(one), self.clock(), corrected.get(one, ()))
                for one in left
            }
            alerts = [alert for alert in counted.values() if alert is not None]
            if await self._write([alert for alert in alerts if alert is not known.get(alert.id)]):
                spread_to = [one for alert in alerts if alert.spreading for one in await self.spread(alert, 1)]
                return Recounted(frozenset(roots), frozenset(spread_to))
        if asked:
            raise Contended(f"{len(asked)} alerts could not be counted in {ATTEMPTS} attempts")
        return Recounted()

    def _rest(self, counted: Sequence[str], took: float) -> None:
        if took > SLOW:
            self._resting |= dict.fromkeys(counted, time.monotonic() + RESTS * took)

    async def _roots(self, ids: Sequence[str]) -> tuple[dict[str, Alert], set[str]]:
        """The alerts and those that they are merged into, and the ids of those on which conflicts count."""
        known: dict[str, Alert] = {}
        wanted, roots = set(ids), set[str]()
        while wanted:
            known |= await self.store.alerts.by_id(sorted(wanted))
            onward = {one: known[one].merged_into if one in known else None for one in wanted}
            roots |= {one for one, target in onward.items() if target is None}
            wanted = {target for target in onward.values() if target is not None} - known.keys()
            roots |= {target for target in onward.values() if target in known and known[target].merged_into is None}
        return known, roots

    async def _without_big(self, ids: list[str], known: dict[str, Alert]) -> list[str]:
        """The alerts to count now; big ones that were counted just now wait for the sweep."""
        now, ripe = self.clock(), self.ripe(ids)
        big = {
            one
            for one in ids
            if (alert := known.get(one)) is not None
            and alert.conflicts >= MANY
            and alert.state in ("open", "acknowledged")
            and (now - alert.updated_at < COUNT_EVERY or one not in ripe)
        }
        if big:
            await self.store.alerts.defer(sorted(big))
        return [one for one in ids if one not in big]

    async def _write(self, alerts: Sequence[Alert]) -> bool:
        """Each with its severity as of now; False where another instance was first with any."""
        now = self.clock()
        return await self.store.alerts.write([self.scale.judged(alert, now) for alert in alerts])

    async def spread(self, alert: Alert, rounds: int) -> list[str]:
        """Lets the alert's conflicts show its state, `SPREAD_AT_ONCE` a round; answers their ids.

        What is left after the last round is for the sweep.
        """
        if not alert.spreading:
            return []
        if alert.state == "merged":  # its conflicts show the state of the one that they count on
            await self.store.alerts.spread(alert)
            return []
        shown, from_states = SPREADS[alert.state]
        family = (alert.id, *(await self.store.alerts.members([alert.id])).get(alert.id, ()))
        showing: list[str] = []
        for _ in range(rounds):
            ids = await self.store.conflicts.spread(family, shown, from_states, SPREAD_AT_ONCE, self.clock())
            showing += ids
            if not ids:
                await self.store.alerts.spread(alert)
                break
        return showing

    async def decide(self, alert_id: str, decision: Decision) -> Alert:
        """Raises `UnknownAlert`, `NotPossible`, `Incomplete` or `Contended`."""
        return await self._change(alert_id, lambda alert: decided(alert, decision, self.clock()))

    async def merge(self, source_id: str, target_id: str, by: str, reason: str | None) -> Alert:
        """The source, whose conflicts count on the target once both are counted again. Raises as `decide` does."""
        for _ in range(ATTEMPTS):
            known = await self.store.alerts.by_id([source_id, target_id])
            source, target = known_one(known, source_id), known_one(known, target_id)
            members = (await self.store.alerts.members([source_id])).get(source_id, ())
            now = self.clock()
            if not await self._write([taking_in(target, source, members, by, reason, now)]):
                continue
            away = merged(source, target_id, by, reason, now)
            if await self._write([away]):
                return away
        raise Contended(f"alert {source_id} could not be merged in {ATTEMPTS} attempts")

    async def split(self, source_id: str, by: str, reason: str | None) -> tuple[Alert, str]:
        """The source, on its own again, and the id of the alert it leaves. Raises as `decide` does."""
        alone = await self._change(source_id, lambda alert: split(alert, by, reason, self.clock()))
        target = alone.history[-1].detail or ""
        await self._change(target, lambda alert: giving_back(alert, source_id, by, reason, self.clock()))
        return alone, target

    async def lapse(self, limit: int) -> list[str]:
        """Opens alerts again whose acknowledgement has ended, at most `limit`; answers their ids."""
        ids = await self.store.alerts.lapsed(self.clock(), limit)
        for one in ids:
            await self._change(one, lambda alert: lapsed(alert, self.clock()))
        return ids

    async def rejudge(self, limit: int) -> list[str]:
        """Judges alerts anew whose severity time may have changed, at most `limit`; answers their ids."""
        return await self._judge(await self.store.alerts.to_judge(self.clock(), limit))

    async def apply_scale(self, limit: int) -> list[str]:
        """Judges alerts anew that another scale judged, at most `limit`; answers their ids."""
        return await self._judge(await self.store.alerts.judged_otherwise(self.scale.digest, limit))

    async def learn_rules(self, limit: int) -> Recounted:
        """Counts alerts again that were stored before they kept what found them, at most `limit`."""
        return await self.recount(await self.store.alerts.without_rules(limit), defer=False)

    async def _judge(self, ids: list[str]) -> list[str]:
        def judged(alert: Alert) -> Alert:
            now = self.clock()
            return changed(alert, self.scale.judged(alert, now), now, alert.trace)

        for one in ids:
            await self._change(one, judged)
        return ids

    async def _change(self, alert_id: str, change: Callable[[Alert], Alert]) -> Alert:
        for _ in range(ATTEMPTS):
            alert = known_one(await self.store.alerts.by_id([alert_id]), alert_id)
            after = change(alert)
            if after is alert or await self._write([after]):
                return after
        raise Contended(f"alert {alert_id} could not be changed in {ATTEMPTS} attempts")


def known_one(known: Mapping[str, Alert], alert_id: str) -> Alert:
    """Raises `UnknownAlert`."""
    if alert_id not in known:
        raise UnknownAlert(alert_id)
    return known[alert_id]
