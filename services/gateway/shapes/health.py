"""Health: the services, the canary, the dead letters."""

from typing import Literal

from typing_extensions import TypedDict

from services.gateway.dead_letters.shapes import DeadLetterCounts
from services.gateway.shapes.stats import ConsumerState


class ServiceHealth(TypedDict):
    """`state` is `ok` or what is wrong; rates are records a second over the last minute."""

    name: str
    state: str
    parts: dict[str, str]
    rates: dict[str, float]
    totals: dict[str, float]
    consumers: list[ConsumerState]


class CanaryRun(TypedDict):
    """One canary event; `timeline` and `conflict` are the seconds until it was there, null while it is not.

    `refused`: the door did not take it.
    """

    at: str
    state: Literal["under way", "overdue", "ok", "late", "lost", "refused"]
    timeline: float | None
    conflict: float | None


class CanaryHealth(TypedDict):
    """`state` is what the newest events say, `since` when it became late or lost; `runs`, the newest first.
    `late` and `lost` (with those refused) count since the gateway started."""

    state: Literal["waiting", "ok", "late", "lost"]
    since: str | None
    late: int
    lost: int
    runs: list[CanaryRun]


class Health(TypedDict):
    """`impaired` where a service does not do its work, or the canary is late or lost; `canary` is null in a gateway
    that has none."""

    status: Literal["ok", "impaired"]
    at: str
    services: list[ServiceHealth]
    dead_letters: DeadLetterCounts
    canary: CanaryHealth | None
