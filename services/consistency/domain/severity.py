"""How severe an alert is, by a scale of points that is data."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, get_args

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, model_validator

from services.consistency.domain.conflict import KINDS, Kind
from services.consistency.domain.stored import Alert, Severity

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The worst first."""
A_DAY = 86_400_000_000
"""Microseconds."""

Points = Annotated[int, Field(ge=-1_000, le=1_000, strict=True)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Levels(Part):
    critical: Points
    high: Points
    medium: Points

    @model_validator(mode="after")
    def in_order(self) -> "Levels":
        if not self.critical > self.high > self.medium:
            raise ValueError("critical must need more points than high, and high more than medium")
        return self


class Stake(Part):
    points: Points
    attributes: frozenset[Annotated[str, Field(min_length=1)]]


class Confidence(Part):
    start: Annotated[float, Field(alias="from", ge=0, le=1)]
    points: Points


class Customers(Part):
    start: Annotated[NonNegativeInt, Field(alias="from", strict=True)]
    points: Points


class Days(Part):
    start: Annotated[NonNegativeFloat, Field(alias="from", le=36_500)]
    points: Points


Step = Confidence | Customers | Days


class Scale(Part):
    levels: Levels
    kinds: dict[Kind, Points]
    stakes: dict[str, Stake] = {}
    confidence: tuple[Confidence, ...] = ()
    customers: tuple[Customers, ...] = ()
    days_since_last: tuple[Days, ...] = ()

    @model_validator(mode="after")
    def complete_and_in_order(self) -> "Scale":
        if missing := [kind for kind in KINDS if kind not in self.kinds]:
            raise ValueError(f"[kinds] has no line for {', '.join(missing)}")
        lists: dict[str, Sequence[Step]] = {
            "confidence": self.confidence,
            "customers": self.customers,
            "days_since_last": self.days_since_last,
        }
        for name, steps in lists.items():
            starts = [step.start for step in steps]
            if starts != sorted(set(starts)):
                raise ValueError(f"[[{name}]]: each `from` must be greater than the one before it")
        return self

    @property
    def digest(self) -> str:
        """Another one for another scale."""
        stakes = {name: sorted(stake.attributes) for name, stake in sorted(self.stakes.items())}
        points = self.model_dump_json(exclude={"stakes": {"__all__": {"attributes"}}})
        return hashlib.sha256(f"{points}{stakes}".encode()).hexdigest()[:16]

    def points(self, alert: Alert, now: int) -> int:
        stakes = (stake.points for stake in self.stakes.values() if alert.attribute in stake.attributes)
        return (
            self.kinds[alert.kind]
            + sum(stakes)
            + reached(self.confidence, alert.confidence)
            + reached(self.customers, alert.customers)
            + reached(self.days_since_last, (now - alert.last_seen) / A_DAY)
        )

    def level(self, points: int) -> Severity:
        if points >= self.levels.critical:
            return "critical"
        if points >= self.levels.high:
            return "high"
        return "medium" if points >= self.levels.medium else "low"

    def judged(self, alert: Alert, now: int) -> Alert:
        """The alert with its severity; it changes nothing else, and not the revision."""
        ahead = [alert.last_seen + round(step.start * A_DAY) for step in self.days_since_last]
        return replace(
            alert,
            severity=self.level(self.points(alert, now)),
            severity_until=min((moment for moment in ahead if moment > now), default=None),
            scale=self.digest,
        )


def reached(steps: Sequence[Step], value: float) -> int:
    return next((step.points for step in reversed(steps) if value >= step.start), 0)
