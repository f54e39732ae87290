"""What one planned message to many customers would clash with, by cause."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.consistency.domain.causes import cause_of, senders_of
from services.consistency.domain.conflict import Conflict

EXAMPLES = 3
MAX_CAUSES = 50
"""Causes told, those of the most customers; the others are counted."""


@dataclass(frozen=True, slots=True)
class Example:
    customer: str
    conflict: Conflict


@dataclass(slots=True)
class Cause:
    """Conflicts that would belong to one alert, whose id is `alert`; the first few are kept as examples."""

    alert: str
    customers: int = 0
    examples: list[Example] = field(default_factory=list)

    @property
    def sample(self) -> Conflict:
        return self.examples[0].conflict

    @property
    def departments(self) -> tuple[str | None, str | None]:
        earlier, later = senders_of(self.sample)
        return earlier.department, later.department


@dataclass(slots=True)
class Outcome:
    """Grows by a customer at a time. `customers`: those who would be told something that conflicts."""

    total: int
    checked: int = 0
    customers: int = 0
    unknown: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    _causes: dict[str, Cause] = field(default_factory=dict)

    def add(self, customer: str, conflicts: Sequence[Conflict], known: bool) -> None:
        """`known`: whether anything is stored of the customer; where nothing is, there is little to clash with."""
        self.checked += 1
        self.unknown += not known
        self.customers += bool(conflicts)
        self.kinds.update({conflict.kind for conflict in conflicts})
        for alert, conflict in {cause_of(conflict): conflict for conflict in conflicts}.items():
            cause = self._causes.setdefault(alert, Cause(alert))
            cause.customers += 1
            if len(cause.examples) < EXAMPLES:
                cause.examples.append(Example(customer, conflict))

    @property
    def complete(self) -> bool:
        return self.checked == self.total

    def causes(self) -> list[Cause]:
        """Those that reach the most customers first."""
        return sorted(self._causes.values(), key=lambda cause: cause.customers, reverse=True)
