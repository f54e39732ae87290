"""Fits any/comparer.toml: how the comparer's verdicts and the rules' findings make one probability.

python -m services.consistency.training.fit --model model --tune CASES... [--held CASES...] [--write THRESHOLD]

Figures are over pairs of messages, by scenarios left out of the fit (five folds), then on the held files.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from services.consistency.domain.comparer.comparer import OnnxComparer
from services.consistency.domain.contradiction.judgement import signs
from services.consistency.domain.lexicon_files import LEXICON

NAMES = ("conflict", "announced", "same", "rules")
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
CERTAIN = 0.5
"""From what strength on the rules report by themselves (any/weights.toml)."""
Array = NDArray[np.float64]
Rows = list[dict[str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--tune", type=Path, nargs="+", required=True)
    parser.add_argument("--held", type=Path, nargs="*", default=[])
    parser.add_argument("--near", type=float, default=0.22, help="pairs less near than this are left to the rules")
    parser.add_argument("--write", type=float, metavar="THRESHOLD")
    given = parser.parse_args()
    comparer = OnnxComparer(given.model)
    rows, labels, features = read(given.tune, comparer, given.near)
    model = LogisticRegression(C=0.1, max_iter=500)
    folds = cross_val_predict(
        model, features, labels, groups=[row["scenario"] for row in rows], cv=GroupKFold(5), method="predict_proba"
    )
    report("tune, left out", rows, folds[:, 1], labels)
    model.fit(features, labels)
    weights = dict(zip(("bias", *NAMES), (float(model.intercept_[0]), *model.coef_[0].tolist()), strict=True))
    print(" ".join(f"{name}={value:.3f}" for name, value in weights.items()))
    if given.held:
        others, wanted, found = read(given.held, comparer, given.near)
        report("held", others, model.predict_proba(found)[:, 1], wanted)
    if given.write is not None:
        write(weights, given.write, given.near)


def read(paths: Sequence[Path], comparer: OnnxComparer, near: float) -> tuple[Rows, Array, Array]:
    rows = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]
    rows = [row for row in rows if not row["gone"] and row["cosine"] >= near]
    pairs = [(row["first"], row["second"]) for row in rows]
    thorough = frozenset(pair for pair, row in zip(pairs, rows, strict=True) if row["thorough"])
    verdicts = comparer.verdicts(pairs, thorough)
    found = [signs(row["strength"], verdict) for row, verdict in zip(rows, verdicts, strict=True)]
    return (
        rows,
        np.array([float(row["expected"]) for row in rows]),
        np.array([[one[name] for name in NAMES] for one in found]),
    )


def report(title: str, rows: Rows, chances: Array, labels: Array) -> None:
    languages = np.array([row["language"] for row in rows])
    certain = np.array([row["strength"] >= CERTAIN for row in rows])
    for threshold in THRESHOLDS:
        parts = []
        for language in ("all", "en", "ru", "zh"):
            of = (languages == language) | (language == "all")
            taken = ((chances >= threshold) | certain) & of
            right, expected = float((taken * labels).sum()), float((labels * of).sum())
            precision, recall = right / max(taken.sum(), 1), right / max(expected, 1)
            f1 = 2 * precision * recall / max(precision + recall, 1e-9)
            parts.append(f"{language} {precision:.2f}/{recall:.2f}/{f1:.2f}")
        print(f"{title} at {threshold}: {'  '.join(parts)}")


def write(weights: dict[str, float], threshold: float, near: float) -> None:
    lines = [
        "# How the comparer's verdicts and the rules' findings make one probability (weights of log-odds), and from",
        "# what probability on a conflict is reported that the rules alone do not report.",
        "# Fitted by `python -m services.consistency.training.fit`.",
        f"threshold = {threshold}",
        "# The same for a language (`threshold_en = ...`); of two messages in two languages the higher counts.",
        "# From this probability to the threshold an outside judge is asked, where one is set.",
        "undecided = 0.2",
        "# Pairs of messages whose nearest sentences are less near than this are not asked about.",
        f"near = {near:g}",
        "# With so many earlier messages at the most, the nearest, a message is compared by the comparer.",
        "most = 40",
        "# The same where there are more than 200 earlier messages.",
        "most_of_many = 10",
        "# From what probability on the later message counts as announcing a change.",
        "change = 0.5",
        "# How sure the rules must be of two clashing claims to name them in place of the sentences.",
        "typed = 0.2",
        *(f"{name} = {value:.3f}" for name, value in weights.items()),
    ]
    (LEXICON / "any" / "comparer.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
