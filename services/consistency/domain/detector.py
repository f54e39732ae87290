"""The detector: a customer's history in, conflicts out. No I/O but reading its own data files once; no clock."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from services.consistency.domain.conflict import Conflict
from services.consistency.domain.history import History
from shared.events import CustomerEvent, EmbargoEvent

Rule = Callable[[History], Iterable[Conflict]]
"""A rule reads a history and answers the conflicts of its kind; order of the rules is order of the answer."""


class Detector:
    """Runs the rules, in order, over each customer's history; the same history gives the same conflicts."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)

    def detect(
        self,
        events: Iterable[CustomerEvent | EmbargoEvent],
        policies: Iterable[EmbargoEvent] = (),
        since: datetime | None = None,
    ) -> list[Conflict]:
        """Conflicts among the events, in any order of arrival; each pair and kind once.

        What different customers were told is never compared; policies bind them all. `since` where earlier events are
        left out: conflicts whose later event came before it are not answered, for what they depend on may be missing.
        """
        by_customer: dict[str, list[CustomerEvent]] = defaultdict(list)
        binding = list(policies)
        for event in events:
            if isinstance(event, EmbargoEvent):
                binding.append(event)
            else:
                by_customer[event.data.customer.id].append(event)
        return [
            conflict
            for told in by_customer.values()
            for conflict in self.detect_in(History.of(told, binding, cut=since is not None), since)
        ]

    def detect_in(self, history: History, since: datetime | None = None) -> list[Conflict]:
        """As `detect`, of one customer; where the history has `grown`, the conflicts that its growth can have made or
        changed, and perhaps others."""
        found: dict[str, Conflict] = {}
        for rule in self._rules:
            for conflict in rule(history):
                if since is None or conflict.b.time >= since:
                    found.setdefault(conflict.id, conflict)
        return list(found.values())
