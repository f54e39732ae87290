"""How well found conflicts meet the expected ones: precision, recall and F1 by kind and by language."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from services.consistency.domain.conflict import KINDS, Conflict
from services.consistency.scenarios import Pair, Scenario
from shared.events import MessageEvent


@dataclass(slots=True)
class Tally:
    right: int = 0
    found: int = 0
    expected: int = 0

    def add(self, found: set[Pair], expected: set[Pair]) -> None:
        self.right += len(found & expected)
        self.found += len(found)
        self.expected += len(expected)

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else float(not self.expected)

    @property
    def recall(self) -> float:
        return self.right / self.expected if self.expected else 1.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(slots=True)
class Evaluation:
    """`tallies` by kind and language, either of which is `all` for the sums."""

    tallies: dict[tuple[str, str], Tally] = field(default_factory=dict)
    scenarios: Counter[str] = field(default_factory=Counter)
    wrong: list["Wrong"] = field(default_factory=list)

    def add(self, scenario: Scenario, conflicts: Iterable[Conflict]) -> None:
        found = {(frozenset((c.a.id, c.b.id)), str(c.kind)): c for c in conflicts}
        expected = scenario.pairs
        for kind in ("all", *KINDS):
            of_kind = {pair for pair in found if kind in ("all", pair[1])}
            wanted = {pair for pair in expected if kind in ("all", pair[1])}
            for language in ("all", scenario.language):
                self.tallies.setdefault((kind, language), Tally()).add(of_kind, wanted)
        self.scenarios["all"] += 1
        self.scenarios["right"] += found.keys() == expected
        if found.keys() != expected:
            missed = sorted(expected - found.keys(), key=pair_name)
            false = [found[pair] for pair in sorted(found.keys() - expected, key=pair_name)]
            self.wrong.append(Wrong(scenario, missed, false))


@dataclass(frozen=True, slots=True)
class Wrong:
    scenario: Scenario
    missed: list[Pair]
    false: list[Conflict]

    def lines(self) -> Iterator[str]:
        yield f"{self.scenario.id}  {self.scenario.note}".rstrip()
        about = {(frozenset((c["a"], c["b"])), c["kind"]): c.get("about", "") for c in self.scenario.expected}
        for pair in self.missed:
            yield f"  missed  {pair_name(pair)}  {about[pair]}".rstrip()
        for conflict in self.false:
            yield f"  false   {conflict.a.id}~{conflict.b.id}:{conflict.kind}  {conflict.rule}: {conflict.reason}"

    def messages(self) -> list[MessageEvent]:
        """What the missed and the false pairs compare."""
        named = {name for pair, _ in self.missed for name in pair}
        named |= {event.id for conflict in self.false for event in (conflict.a, conflict.b)}
        return [event for event in self.scenario.events if isinstance(event, MessageEvent) and event.id in named]


def pair_name(pair: Pair) -> str:
    return f"{'~'.join(sorted(pair[0]))}:{pair[1]}"


def table(evaluation: Evaluation) -> Iterator[str]:
    """The tallies as lines of text, in columns; rows without an expected or a found conflict are left out."""
    yield f"{'kind':<14} {'language':<9} {'precision':>9} {'recall':>7} {'f1':>6}  right  found  expected"
    order = ("all", *KINDS)
    for (kind, language), tally in sorted(
        evaluation.tallies.items(), key=lambda item: (order.index(item[0][0]), item[0][1] != "all", item[0][1])
    ):
        if tally.found or tally.expected:
            yield (
                f"{kind:<14} {language:<9} {tally.precision:>9.3f} {tally.recall:>7.3f} {tally.f1:>6.3f}"
                f"  {tally.right:>5}  {tally.found:>5}  {tally.expected:>8}"
            )
    right, count = evaluation.scenarios["right"], evaluation.scenarios["all"]
    yield f"scenarios with nothing wrong: {right} of {count} ({right / count if count else 1:.1%})"
