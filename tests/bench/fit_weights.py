"""Fits any/weights.toml to labelled scenarios: `python -m tests.bench.fit_weights FILES... [--write THRESHOLD]`.

A pair of messages is as likely a contradiction as its likeliest pair of clashing claims; the weights are those of a
logistic model, held near the `PRIOR` that common sense gives, for labelled pairs are few. Figures are printed for
trades that were left out of the fit (five folds by trade) and for all.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from deploy.local.demo.background import background
from services.consistency.domain.contradiction.correction import announced
from services.consistency.domain.contradiction.lexicon import FOLDER, load_lexicon
from services.consistency.domain.contradiction.message import Reader
from services.consistency.domain.contradiction.pairing import clashes
from services.consistency.domain.contradiction.relatedness import Relatedness
from services.consistency.domain.history import History
from services.consistency.domain.similarity import best_similarity
from shared.events import parse_event

Array = NDArray[np.float64]
CUSTOMERS = 40
FOLDS, STEPS, PULL, PACE = 5, 300, 4.0, 0.03
PRIOR = {
    "kind:amount": -2.0,
    "kind:moment": -2.0,
    "kind:axis": -0.6,
    "kind:status": 0.3,
    "near": 0.8,
    "wide": 0.4,
    "meaning": 0.5,
    "names": 0.8,
    "refs": 0.8,
    "amount:same": 1.2,
    "moment:same": 1.2,
    "particular": 1.3,
    "strangers": -1.0,
    "amount:alike": 0.3,
    "moment:alike": 0.3,
    "amount:none": -1.0,
    "moment:none": -1.0,
    "need:axis": -1.3,
    "need:same": -0.8,
    "need:status": -0.5,
    "rivals": -0.3,
    "ratio": -0.4,
    "gap": -0.2,
    "per": 0.4,
    "items": 0.6,
    "names_other": -0.4,
    "names_whole": 0.3,
    "counterparts": -0.6,
    "modifiers": -1.0,
    "unmet": -0.5,
}


@dataclass(frozen=True, slots=True)
class Bag:
    """Two messages of a scenario: the signs of each pair of clashing claims, and whether they contradict."""

    trade: str
    contradicts: bool
    signs: tuple[dict[str, float], ...]


def bags_of(paths: Sequence[Path]) -> tuple[list[Bag], int]:
    """The bags, and how many contradictions have no clashing claims at all."""
    lexicon = load_lexicon()
    reader, relatedness = Reader(lexicon), Relatedness(lexicon, best_similarity())
    bags: list[Bag] = []
    unread = 0
    for scenario in (*scenarios_of(paths), *quiet()):
        expected = {frozenset((c["a"], c["b"])) for c in scenario["conflicts"] if c["kind"] == "contradiction"}
        history = History.of([parse_event(orjson.dumps(event)) for event in scenario["events"]])
        messages = [reader.message(event) for event in history.messages]
        for at, later in enumerate(messages):
            for earlier in messages[:at]:
                signs = tuple(
                    dict(found)
                    for a, b in clashes(earlier, later, lexicon)
                    if not announced(earlier, later, b)
                    and (found := relatedness.signs(a, b, earlier, later)) is not None
                )
                contradicts = frozenset((earlier.event.id, later.event.id)) in expected
                if signs:
                    bags.append(Bag(scenario["industry"], contradicts, signs))
                unread += contradicts and not signs
    return bags, unread


def scenarios_of(paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
    for path in paths:
        yield from (orjson.loads(line) for line in path.read_bytes().splitlines() if line.strip())


def quiet() -> Iterator[dict[str, Any]]:
    """The demonstration's customers, whom nobody told two different things."""
    told: dict[str, list[dict[str, Any]]] = {}
    for event in background(CUSTOMERS):
        told.setdefault(event["data"]["customer"]["id"], []).append(event)
    for events in told.values():
        yield {"industry": "background", "events": events, "conflicts": []}


def matrices(bags: Sequence[Bag], names: Sequence[str]) -> list[Array]:
    return [np.array([[signs.get(name, 0.0) for name in names] for signs in bag.signs]) for bag in bags]


def fit(rows: Sequence[Array], labels: Array, prior: Array) -> Array:
    """Weights by Adam; every ten steps each bag chooses anew the row that speaks for it."""
    weights, mean, square = prior.copy(), np.zeros_like(prior), np.zeros_like(prior)
    chosen = np.array([row[0] for row in rows])
    for step in range(1, STEPS + 1):
        if step % 10 == 1:
            chosen = np.array([row[int(np.argmax(row @ weights))] for row in rows])
        slope = PULL * (weights - prior) + (logistic(chosen @ weights) - labels) @ chosen
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        weights = weights - PACE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return weights


def logistic(values: Array) -> Array:
    result: Array = 1.0 / (1.0 + np.exp(-np.clip(values, -30, 30)))
    return result


def scores(rows: Sequence[Array], weights: Array) -> Array:
    return logistic(np.array([float((row @ weights).max()) for row in rows]))


def report(title: str, found: Array, labels: Array, unread: int) -> None:
    for threshold in (0.4, 0.5, 0.6, 0.7, 0.8):
        taken = found >= threshold
        right = float((taken * labels).sum())
        precision, recall = right / max(taken.sum(), 1), right / max(labels.sum() + unread, 1)
        sys.stdout.write(f"{title} at {threshold}: precision {precision:.3f} recall {recall:.3f}\n")


def left_out(bags: Sequence[Bag], rows: Sequence[Array], labels: Array, prior: Array) -> Array:
    """Each bag's score by weights that were fitted without its trade."""
    trades = sorted({bag.trade for bag in bags})
    fold = np.array([trades.index(bag.trade) % FOLDS for bag in bags])
    found = np.zeros(len(bags))
    for number in range(FOLDS):
        inside = [row for row, of in zip(rows, fold, strict=True) if of != number]
        outside = [row for row, of in zip(rows, fold, strict=True) if of == number]
        if outside:
            found[fold == number] = scores(outside, fit(inside, labels[fold != number], prior))
    return found


def write(names: Sequence[str], weights: Array, threshold: float) -> None:
    lines = [
        "# How much each sign counts for two clashing claims being about the same matter (log-odds), and from what",
        "# probability on a conflict is reported. Fitted by `python -m tests.bench.fit_weights`.",
        f"threshold = {threshold}",
        "",
        "[weights]",
        *(f'"{name}" = {value:.3f}' for name, value in zip(names, weights, strict=True)),
    ]
    (FOLDER / "any" / "weights.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("scenarios", nargs="+", type=Path)
    parser.add_argument("--write", type=float, metavar="THRESHOLD")
    arguments = parser.parse_args()
    bags, unread = bags_of(arguments.scenarios)
    names = sorted({name for bag in bags for signs in bag.signs for name in signs})
    rows, labels = matrices(bags, names), np.array([float(bag.contradicts) for bag in bags])
    prior = np.array([PRIOR.get(name, 0.0) for name in names])
    sys.stdout.write(f"{len(bags)} pairs with clashing claims, {int(labels.sum())} contradict, {unread} more unread\n")
    report("trades left out", left_out(bags, rows, labels, prior), labels, unread)
    weights = fit(rows, labels, prior)
    report("fitted", scores(rows, weights), labels, unread)
    if arguments.write is not None:
        write(names, weights, arguments.write)


if __name__ == "__main__":
    main()
