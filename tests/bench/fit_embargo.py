"""Fits the weights of any/embargo.toml: `python -m tests.bench.fit_embargo CASES... --scenarios FILES...`.

CASES are lines of `matter`, `terms`, `text`, `states` and, where a matter comes in several languages, its `topic`.
A message states a matter as much as its plainest sentence does. Besides the labelled messages each matter meets
everyday messages of scenarios without an embargo, and messages that state something else; both weigh less, for there
are many. Figures are printed for matters that were left out of the fit; the weights are copied by hand.
"""

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from services.consistency.domain.embargo.matter import matter_of
from services.consistency.domain.embargo.statement import evidence, sentences_of, windows
from services.consistency.domain.embargo.telling import Telling
from services.consistency.domain.embargo.words import EmbargoWords, default_words
from services.consistency.domain.similarity import best_encoder

Array = NDArray[np.float64]
FOLDS, ROUNDS, STEPS, PULL = 10, 5, 30, 0.2
EVERYDAY, OTHERS = 60, 8
"""How many messages of each sort a matter meets besides its own."""
WEIGHT = {"labelled": 1.0, "everyday": 0.1, "others": 0.2}


@dataclass(frozen=True, slots=True)
class Case:
    sort: str
    topic: str
    language: str
    matter: str
    terms: tuple[str, ...]
    text: str
    states: bool


def labelled(paths: Sequence[Path]) -> Iterator[Case]:
    for path in paths:
        for line in path.read_bytes().splitlines():
            c = orjson.loads(line)
            topic = f"{path.name} {c['topic']}" if "topic" in c else c["matter"]
            yield Case("labelled", topic, c["lang"], c["matter"], tuple(c["terms"]), c["text"], c["states"])


def from_scenarios(paths: Sequence[Path]) -> tuple[list[Case], dict[str, list[str]]]:
    """Messages under an embargo, and by language those of scenarios that have none."""
    cases: list[Case] = []
    everyday: dict[str, list[str]] = {}
    for scenario in (orjson.loads(line) for path in paths for line in path.read_bytes().splitlines()):
        language, expected = scenario["lang"], {(c["a"], c["b"]) for c in scenario["conflicts"]}
        embargoes = [e for e in scenario["events"] if e["type"] == "touchpoint.embargo.v1"]
        messages = [e for e in scenario["events"] if e["type"] == "touchpoint.message.v1"]
        sent = [m for m in messages if m["data"]["direction"] == "outbound"]
        if not embargoes:
            everyday.setdefault(language, []).extend(m["data"]["text"] for m in sent)
        for held, m in ((e, m) for e in embargoes for m in sent):
            data = held["data"]
            if m["data"]["department"] != data["department"] and held["time"] <= m["time"] < data["until"]:
                states = (held["id"], m["id"]) in expected
                terms = tuple(data.get("terms", ()))
                cases.append(
                    Case("labelled", data["matter"], language, data["matter"], terms, m["data"]["text"], states)
                )
    return cases, everyday


def met_besides(cases: Sequence[Case], everyday: dict[str, list[str]], words: EmbargoWords) -> Iterator[Case]:
    choice = random.Random(1)
    about = {(c.matter, c.terms): {h.name for h in matter_of(c.matter, c.terms, words).happenings} for c in cases}
    for case in {(c.matter, c.terms): c for c in cases}.values():
        own = about[case.matter, case.terms]
        others = [c.text for c in cases if c.states and c.language == case.language and c.topic != case.topic
                  and not about[c.matter, c.terms] & own]  # fmt: skip
        for sort, texts, count in (("everyday", everyday[case.language], EVERYDAY), ("others", others, OTHERS)):
            for text in choice.sample(texts, min(count, len(texts))):
                yield Case(sort, case.topic, case.language, case.matter, case.terms, text, False)


def rows_of(case: Case, words: EmbargoWords, telling: Telling | None, names: Sequence[str]) -> Array:
    """A row for each sentence that shows any sign at all; the last column is the start."""
    matter = matter_of(case.matter, case.terms, words)
    found = [evidence(s, matter, words, telling, case.text) for s in windows(sentences_of(case.text, words))]
    rows = [[*(signs.values.get(name, 0.0) for name in names), 1.0] for signs in found if signs]
    return np.array(rows).reshape(len(rows), len(names) + 1)


def logistic(rows: Array, labels: Array, weights: Array) -> Array:
    """Newton's method, held towards nought but for the start."""
    beta = np.zeros(rows.shape[1])
    pull = np.diag([PULL] * (rows.shape[1] - 1) + [1e-6])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(rows @ beta, -30, 30)))
        curve = (rows * (weights * p * (1 - p))[:, None]).T @ rows + pull
        beta = beta - np.linalg.solve(curve, rows.T @ (weights * (p - labels)) + pull @ beta)
    return beta


def fit(bags: Sequence[Array], labels: Array, weights: Array) -> Array:
    """Each round every message chooses anew the sentence that speaks for it."""
    kept = [at for at, bag in enumerate(bags) if len(bag)]
    beta = np.append(np.ones(bags[kept[0]].shape[1] - 1), 0.0)
    for _ in range(ROUNDS):
        chosen = np.array([bags[at][int(np.argmax(bags[at] @ beta))] for at in kept])
        beta = logistic(chosen, labels[kept], weights[kept])
    return beta


def scores(bags: Sequence[Array], beta: Array) -> Array:
    return np.array([float((bag @ beta).max()) if len(bag) else -30.0 for bag in bags])


def report(cases: Sequence[Case], bags: Sequence[Array], labels: Array, weights: Array) -> None:
    topics = sorted({case.topic for case in cases})
    random.Random(0).shuffle(topics)
    fold = np.array([topics.index(case.topic) % FOLDS for case in cases])
    found = np.zeros(len(cases))
    for number in range(FOLDS):
        beta = fit([bag for bag, of in zip(bags, fold, strict=True) if of != number],
                   labels[fold != number], weights[fold != number])  # fmt: skip
        found[fold == number] = scores([bag for bag, of in zip(bags, fold, strict=True) if of == number], beta)
    sort = np.array([case.sort for case in cases])
    for threshold in (-0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0):
        taken, right = found >= threshold, labels > 0
        own = sort == "labelled"
        precision, recall = (taken & right).sum() / max((taken & own).sum(), 1), (taken & right).sum() / right.sum()
        alarms = {of: round(float(taken[sort == of].mean()), 4) for of in ("everyday", "others")}
        sys.stdout.write(f"at {threshold}: precision {precision:.3f} recall {recall:.3f} false alarms {alarms}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cases", nargs="+", type=Path)
    parser.add_argument("--scenarios", nargs="+", type=Path, required=True)
    arguments = parser.parse_args()
    words, encoder = default_words(), best_encoder()
    under_embargo, everyday = from_scenarios(arguments.scenarios)
    cases = [*labelled(arguments.cases), *under_embargo]
    cases += list(met_besides(cases, everyday, words))
    labels = np.array([float(case.states) for case in cases])
    weights = np.array([WEIGHT[case.sort] for case in cases])
    for table in ("meaning", "words"):
        telling = Telling(encoder.vector) if encoder and table == "meaning" else None
        names = [name for name in words.weights[table] if name != "start"]
        bags = [rows_of(case, words, telling, names) for case in cases]
        sys.stdout.write(f"\n[weights.{table}]: {len(cases)} messages, matters left out\n")
        report(cases, bags, labels, weights)
        beta = fit(bags, labels, weights)
        sys.stdout.writelines(f"{n} = {v:.2f}\n" for n, v in zip([*names, "start"], beta, strict=True))


if __name__ == "__main__":
    main()
