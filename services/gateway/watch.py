"""Looks at every service every few seconds, so that health is answered at once, with rates."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

import httpx
from prometheus_client.parser import text_string_to_metric_families

from services.gateway.dead_letters.index import Index
from services.gateway.dead_letters.shapes import DeadLetterCounts
from services.gateway.shapes.health import CanaryHealth, Health, ServiceHealth
from services.gateway.shapes.stats import ConsumerState
from shared.events import timestamp
from shared.telemetry.metrics import ACCEPTED, CONFLICTS, CONSUMED, DEAD, DUPLICATE, REJECTED

logger = logging.getLogger(__name__)

EVERY_SECONDS = 5.0
RATE_SECONDS = 60.0
KEPT = 120
"""Looks that are kept: ten minutes."""
COUNTERS: dict[str, str] = {
    ACCEPTED: "accepted",
    REJECTED: "rejected",
    DUPLICATE: "duplicates",
    CONSUMED: "consumed",
    DEAD: "dead letters",
    CONFLICTS: "conflicts",
}


@dataclass(frozen=True, slots=True)
class Look:
    """What one service said at one time; `moment` is in seconds of the monotonic clock."""

    moment: float
    state: str
    parts: dict[str, str] = field(default_factory=dict)
    totals: dict[str, float] = field(default_factory=dict)
    consumers: tuple[ConsumerState, ...] = ()


class Watch:
    """`clients` by service; `consumers` answers the consumers' states of the services that have some, `canary` the
    canary's."""

    def __init__(
        self,
        clients: Mapping[str, httpx.AsyncClient],
        consumers: Mapping[str, Callable[[], Awaitable[list[ConsumerState]]]],
        dead_letters: Index,
        canary: Callable[[], CanaryHealth | None] = lambda: None,
    ) -> None:
        self._clients = clients
        self._consumers = consumers
        self._dead_letters = dead_letters
        self.canary = canary
        self._looks: dict[str, deque[Look]] = {name: deque(maxlen=KEPT) for name in clients}
        self._at = datetime.now(UTC)

    async def run(self) -> None:
        """Looks until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        looks = await asyncio.gather(*(self._look_at(name, client) for name, client in self._clients.items()))
        for name, look in zip(self._clients, looks, strict=True):
            self._looks[name].append(look)
        self._at = datetime.now(UTC)

    async def _look_at(self, name: str, client: httpx.AsyncClient) -> Look:
        now = time.monotonic()
        try:
            readiness = (await client.get("/readyz", timeout=EVERY_SECONDS)).json()
            totals = totals_of((await client.get("/metrics", timeout=EVERY_SECONDS)).text)
            consumers = await self._consumers[name]() if name in self._consumers else []
        except httpx.HTTPError as error:
            return Look(now, f"no answer: {type(error).__name__}")
        except Exception as error:  # noqa: BLE001 - whatever a service answers is its state, and is shown
            return Look(now, f"answers what it should not: {type(error).__name__}: {error}"[:300])
        return Look(now, str(readiness.get("status")), dict(readiness.get("parts", {})), totals, tuple(consumers))

    def health(self) -> Health:
        services = [service_health(name, list(looks)) for name, looks in self._looks.items()]
        canary = self.canary()
        singing = canary is None or canary["state"] not in ("late", "lost")
        return {
            "status": "ok" if singing and all(service["state"] == "ok" for service in services) else "impaired",
            "at": timestamp(self._at),
            "services": services,
            "dead_letters": counts(self._dead_letters),
            "canary": canary,
        }

    def history(self, name: str) -> list[Look]:
        return list(self._looks.get(name, ()))


def counts(letters: Index) -> DeadLetterCounts:
    by_state = letters.counts()
    return {
        "waiting": by_state["waiting"],
        "replayed": by_state["replayed"],
        "failed_again": by_state["failed_again"],
        "older": letters.older,
    }


def service_health(name: str, looks: list[Look]) -> ServiceHealth:
    last = looks[-1] if looks else Look(0.0, "not looked at yet")
    return {
        "name": name,
        "state": last.state,
        "parts": last.parts,
        "rates": rates(looks),
        "totals": last.totals,
        "consumers": list(last.consumers),
    }


def rates(looks: list[Look]) -> dict[str, float]:
    """Growth a second of each counter over the last minute; a service that began anew counts from 0."""
    answered = [look for look in looks if look.totals]
    if len(answered) < 2:
        return {}
    last = answered[-1]
    window = [look for look in answered if last.moment - look.moment <= RATE_SECONDS]
    elapsed = last.moment - window[0].moment
    if elapsed <= 0:
        return {}
    pairs = list(pairwise(window))
    return {name: round(sum(growth(a, b, name) for a, b in pairs) / elapsed, 3) for name in last.totals}


def growth(before: Look, after: Look, name: str) -> float:
    now, then = after.totals.get(name, 0.0), before.totals.get(name, 0.0)
    return now - then if now >= then else now


def totals_of(metrics: str) -> dict[str, float]:
    """The counters of `COUNTERS`, summed over their labels, from Prometheus text."""
    totals: dict[str, float] = {}
    for family in text_string_to_metric_families(metrics):
        name = COUNTERS.get(family.name)
        if name is not None:
            totals[name] = sum(sample.value for sample in family.samples if sample.name.endswith("_total"))
    return totals
