"""An alert as notifications know it: its labels, who is to be told of it, and who was told what."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from services.consistency.notify.matchers import SEVERITIES, Labels

Standing = Literal["open", "held", "closed"]
STANDINGS: dict[str, Standing] = {"open": "open", "resolved": "closed", "dismissed": "closed", "merged": "closed"}
"""By the alert's state; in any other somebody looks after it, and nobody need be told again."""
CLOSED_STATES = tuple(state for state, standing in STANDINGS.items() if standing == "closed")
SHOWN = (
    *("kind", "attribute", "subject", "state", "severity", "senders", "values", "customers", "conflicts"),
    *("first_seen", "last_seen", "reason"),
)
"""What is kept of a published alert, to be told and shown."""


@dataclass(frozen=True, slots=True)
class Watched:
    """`groups`: those that it belongs to. `told`: which of them were told that it is open, and how severe it was then.
    `untold`: those that do not know how it stands now. `silences`: those that hide it.

    `mark` grows with every change that matters here, so that what was worked out from an older one is not written.
    `again`: it is told anew where it is open, for a silence that hid it has ended.
    """

    id: str
    revision: int
    mark: int
    alert: Mapping[str, Any]
    labels: Labels
    groups: tuple[str, ...]
    untold: tuple[str, ...]
    told: Mapping[str, str]
    silences: tuple[str, ...]
    again: bool

    @property
    def standing(self) -> Standing:
        return STANDINGS.get(self.alert["state"], "held")

    @property
    def severity(self) -> str:
        return self.alert.get("severity") or ""


def shown(alert: Mapping[str, Any]) -> dict[str, Any]:
    return {name: alert[name] for name in SHOWN if name in alert}


def routed(watched: Watched, places: frozenset[str], silences: tuple[str, ...]) -> Watched:
    """`watched` after it was looked at: `places` are the groups that it goes to by its labels, `silences` hide it."""
    told = dict(watched.told)
    if watched.again and watched.standing == "open" and not silences:
        told = {group: severity for group, severity in told.items() if group not in places}
    groups = places | told.keys() if watched.standing != "closed" else set(told)
    if watched.standing == "open":
        untold = {group for group in places if group not in told or is_graver(watched.severity, told[group])}
    else:
        untold = set(told) if watched.standing == "closed" else set()
    return replace(
        watched,
        groups=tuple(sorted(groups)),
        untold=tuple(sorted(untold)),
        told=told,
        silences=silences,
        again=watched.again and bool(silences),
    )


def is_graver(severity: str, than: str) -> bool:
    return gravity(severity) > gravity(than)


def gravity(severity: str) -> int:
    """0 for one that is not known."""
    return len(SEVERITIES) - SEVERITIES.index(severity) if severity in SEVERITIES else 0
