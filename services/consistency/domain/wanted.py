"""Which alerts a list or a count is of, and the orders that lists have."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from services.consistency.domain.severity import SEVERITIES
from services.consistency.domain.stored import Alert, Verdict

Order = Literal["last_seen", "severity", "customers"]
ORDERS: dict[Order, tuple[str, ...]] = {
    "last_seen": ("last_seen", "_id"),
    "severity": ("rank", "last_seen", "_id"),
    "customers": ("customers", "last_seen", "_id"),
}
"""Fields that each order of the list falls by."""
Key = tuple[int | str, ...]
RANKS = {severity: rank for rank, severity in enumerate(reversed(SEVERITIES))}
"""The worst has the highest."""


@dataclass(frozen=True, slots=True)
class WantedAlerts:
    """None and nothing let everything pass; without `state`, all but the merged. One of `departments` is on either
    side, two are both sides; `assigned` is as `str(assignee)`. `judged`: from which day to which (since 1970)."""

    state: str | None = None
    kind: str | None = None
    departments: Sequence[str] = ()
    severity: str | None = None
    assigned: str | None = None
    rule: str | None = None
    language: str | None = None
    verdict: Verdict | None = None
    judged: tuple[int, int] | None = None


def key_of(alert: Alert, order: Order) -> Key:
    """Where a page that ends with this alert is gone on from."""
    values: dict[str, int | str] = {
        "_id": alert.id,
        "last_seen": alert.last_seen,
        "rank": RANKS[alert.severity],
        "customers": alert.customers,
    }
    return tuple(values[field] for field in ORDERS[order])


@dataclass(frozen=True, slots=True)
class Tally:
    """How many alerts have this state and severity between these departments."""

    state: str
    severity: str
    departments: tuple[str, ...]
    count: int
