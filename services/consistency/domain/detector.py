"""The detector: a customer's history in, conflicts out. No I/O but reading its own data files once; no clock."""

from collections.abc import Callable, Iterable, Sequence

from services.consistency.domain.conflict import Conflict
from services.consistency.domain.history import History
from shared.events import CustomerEvent, EmbargoEvent

Rule = Callable[[History], Iterable[Conflict]]
"""A rule reads a history and answers the conflicts of its kind; order of the rules is order of the answer."""


class Detector:
    """Runs the rules, in order, over one customer's history; the same history gives the same conflicts."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)

    def detect(
        self, events: Iterable[CustomerEvent | EmbargoEvent], policies: Iterable[EmbargoEvent] = ()
    ) -> list[Conflict]:
        """Conflicts among the events, in any order of arrival; each pair and kind once."""
        history = History.of(events, policies)
        found: dict[str, Conflict] = {}
        for rule in self._rules:
            for conflict in rule(history):
                found.setdefault(conflict.id, conflict)
        return list(found.values())
