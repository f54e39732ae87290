"""Keeps alerts in step with their conflicts, whoever else does so at the same time."""

from collections.abc import Iterable

from services.consistency.clock import Clock
from services.consistency.domain.alerts import SPREADS, Action, recounted, transition
from services.consistency.domain.causes import NO_ALERT
from services.consistency.domain.stored import Alert
from services.consistency.store import Store

ATTEMPTS = 20
SPREAD_AT_ONCE = 500
MANY = 1_000
"""Conflicts from which on an alert is counted at most every `COUNT_EVERY` microseconds: counting reads all."""
COUNT_EVERY = 5_000_000


class Contended(Exception):
    """Other instances changed the same documents time and again; trying later helps."""


async def recount(store: Store, ids: Iterable[str], clock: Clock, *, defer: bool = True) -> frozenset[str]:
    """Brings the alerts up to date with their conflicts; answers the conflicts that show another state since.

    The alert is read before its conflicts: who changed it meanwhile makes the write fail, and all is read again.
    """
    left = sorted(set(ids) - {NO_ALERT})
    for _ in range(ATTEMPTS if left else 0):
        known = await store.alerts.by_id(left)
        if defer:
            left = await without_big(store, left, known, clock())
        facts = await store.conflicts.facts(left)
        counted = {one: recounted(known.get(one), one, facts.get(one), clock()) for one in left}
        alerts = [alert for alert in counted.values() if alert is not None]
        if await store.alerts.write([alert for alert in alerts if alert is not known.get(alert.id)]):
            spread_to = [one for alert in alerts if alert.spreading for one in await spread(store, alert, clock, 1)]
            return frozenset(spread_to)
    if left:
        raise Contended(f"{len(left)} alerts could not be counted in {ATTEMPTS} attempts")
    return frozenset()


async def without_big(store: Store, ids: list[str], known: dict[str, Alert], now: int) -> list[str]:
    """The alerts to count now; big ones that were counted just now wait for the sweep."""
    big = [
        alert.id
        for alert in known.values()
        if alert.conflicts >= MANY and alert.state in ("open", "acknowledged") and now - alert.updated_at < COUNT_EVERY
    ]
    if big:
        await store.alerts.defer(big)
    return [one for one in ids if one not in big]


async def spread(store: Store, alert: Alert, clock: Clock, rounds: int) -> list[str]:
    """Lets the alert's conflicts show its state, `SPREAD_AT_ONCE` a round; answers their ids.

    What is left after the last round is for the sweep.
    """
    if alert.state not in SPREADS:
        await store.alerts.spread(alert)
        return []
    shown, from_states = SPREADS[alert.state]
    changed: list[str] = []
    for _ in range(rounds):
        ids = await store.conflicts.spread(alert.id, shown, from_states, SPREAD_AT_ONCE, clock())
        changed += ids
        if not ids:
            await store.alerts.spread(alert)
            break
    return changed


async def act(store: Store, alert_id: str, action: Action, by: str, reason: str | None, clock: Clock) -> Alert | None:
    """A person's action; None where the alert is not known. Raises `NotPossible` or `Contended`."""
    for _ in range(ATTEMPTS):
        alert = (await store.alerts.by_id([alert_id])).get(alert_id)
        if alert is None:
            return None
        moved = transition(alert, action, by, reason, clock())
        if await store.alerts.write([moved]):
            return moved
    raise Contended(f"alert {alert_id} could not be changed in {ATTEMPTS} attempts")
