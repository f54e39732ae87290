"""Alerts that hold others back: while a cause is open, what follows from it is told to nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from services.consistency.notify.matchers import Labels, match
from services.consistency.notify.routes import Inhibition
from services.consistency.notify.store import WatchedAlerts
from services.consistency.notify.store.watched import AT_ONCE
from services.consistency.notify.watched import Watched

Values = tuple[str, ...]


def equal_values(rule: Inhibition, labels: Labels) -> set[Values]:
    """Every choice of one value of each label that must be equal; none where the alert has no value of one."""
    return set(product(*(labels.get(label, ()) for label in rule.equal)))


@dataclass(frozen=True, slots=True)
class Sources:
    """The alerts that hold others back, as they stand now: for each rule, by the values that must be equal."""

    rules: Sequence[Inhibition]
    by_values: Sequence[Mapping[Values, frozenset[str]]] = field(default=())

    def hold_back(self, alert: str, labels: Labels) -> bool:
        """An alert that is itself a source by the same rule is not held back by it: else two would hold each other."""
        return any(
            match(rule.target, labels)
            and not match(rule.source, labels)
            and any(known.get(values, frozenset()) - {alert} for values in equal_values(rule, labels))
            for rule, known in zip(self.rules, self.by_values, strict=True)
        )


async def sources_now(rules: Sequence[Inhibition], watched: WatchedAlerts) -> Sources:
    by_values: list[dict[Values, frozenset[str]]] = []
    for rule in rules:
        known: dict[Values, frozenset[str]] = {}
        after = ""
        while some := await watched.unsettled(rule.source, {}, after):
            for one in some:
                if match(rule.source, one.labels):
                    for values in equal_values(rule, one.labels):
                        known[values] = known.get(values, frozenset()) | {one.id}
            after = some[-1].id
            if len(some) < AT_ONCE:
                break
        by_values.append(known)
    return Sources(rules, by_values)


async def let_go(rules: Sequence[Inhibition], closed: Sequence[Watched], watched: WatchedAlerts) -> None:
    """Has the alerts looked at again that those which are closed now may have held back."""
    for rule in rules:
        for source in closed:
            if match(rule.source, source.labels) and all(source.labels.get(label) for label in rule.equal):
                having: dict[str, Sequence[str]] = {label: source.labels[label] for label in rule.equal}
                await look_at_targets(rule, having, watched)


async def look_at_targets(rule: Inhibition, having: Labels, watched: WatchedAlerts) -> None:
    after = ""
    while some := await watched.unsettled(rule.target, having, after):
        await watched.look_again([one.id for one in some if match(rule.target, one.labels)])
        after = some[-1].id
        if len(some) < AT_ONCE:
            break
