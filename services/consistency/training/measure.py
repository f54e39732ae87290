"""What a judge adds to the rules: precision, recall and F1 over cases written by `cases.py`.

    python -m services.consistency.training.measure --model FOLDER --tune cases.jsonl [--held held.jsonl]

The threshold is chosen on the first file and used on the second. A case's score is that of its worst pair of
sentences, among the few that are nearest in meaning.
"""

import argparse
import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from sklearn.metrics import average_precision_score
from tokenizers import Tokenizer

GATE = 0.2
NEAREST = 4
NUMBER = re.compile(r"\d")
LANGUAGES = ("all", "en", "ru", "zh")
Case = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--tune", type=Path, required=True)
    parser.add_argument("--held", type=Path)
    given = parser.parse_args()
    tune = scored(given.tune, given.model)
    alone, beside = threshold(tune, lambda case: False), threshold(tune, lambda case: bool(case["engine"]))
    print(f"thresholds: alone {alone:.3f}, beside the rules {beside:.3f}")
    for title, cases in (("tune", tune), *((("held", scored(given.held, given.model)),) if given.held else ())):
        precision = average_precision_score([c["expected"] for c in cases], [c["score"] for c in cases])
        print(f"{title}: {len(cases)} pairs of messages, average precision of the judge {precision:.3f}")
        table("rules", cases, lambda case: bool(case["engine"]))
        table("judge", cases, lambda case: case["score"] >= alone)
        table("rules or judge", cases, lambda case: case["engine"] or case["score"] >= beside)


def scored(path: Path, folder: Path) -> list[Case]:
    cases = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    wanted = {pair for case in cases for pair in nearest(case)}
    known = dict(zip(sorted(wanted), scores(sorted(wanted), folder), strict=True))
    for case in cases:
        case["score"] = max((known[pair] for pair in nearest(case)), default=0.0)
        if case["corrected"] or case["expired"]:
            case["score"] = 0.0
    return cases


def nearest(case: Case) -> list[tuple[str, str]]:
    ranked = sorted(zip(case["cosines"], map(tuple, case["parts"]), strict=True), reverse=True)
    # Two sentences with numbers are the typed rules' matter: the judge cannot reckon, and sees clashes everywhere.
    worded = [(c, pair) for c, pair in ranked if not (NUMBER.search(pair[0]) and NUMBER.search(pair[1]))]
    return [(pair[0], pair[1]) for cosine, pair in worded[:NEAREST] if cosine >= GATE]


def scores(pairs: Sequence[tuple[str, str]], folder: Path, size: int = 16) -> list[float]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(folder / "judge.onnx"), options)
    cut = Tokenizer.from_file(str(folder / "tokenizer.json"))
    found = [0.0] * len(pairs)
    order = sorted(range(len(pairs)), key=lambda at: len(pairs[at][0]) + len(pairs[at][1]))
    for start in range(0, len(order), size):
        part = order[start : start + size]
        encoded = cut.encode_batch([pairs[at] for at in part])
        given = {
            "pieces": np.array([one.ids for one in encoded]),
            "mask": np.array([one.attention_mask for one in encoded]),
        }
        for at, value in zip(part, session.run(None, given)[0], strict=True):
            found[at] = float(1.0 / (1.0 + np.exp(-value)))
    return found


def threshold(cases: Iterable[Case], sure: Callable[[Case], bool]) -> float:
    """Where F1 is best when all that is `sure` is found anyway."""
    cases = list(cases)
    values = sorted({case["score"] for case in cases} | {1.1})
    return float(max(values, key=lambda value: figures(cases, lambda c: sure(c) or c["score"] >= value)[2]))


def figures(cases: Iterable[Case], found: Callable[[Case], bool]) -> tuple[float, float, float, str]:
    marks = [(bool(found(case)), bool(case["expected"])) for case in cases]
    right = sum(one and other for one, other in marks)
    said, expected = sum(one for one, _ in marks), sum(other for _, other in marks)
    precision, recall = right / said if said else 1.0, right / expected if expected else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return precision, recall, f1, f"{right} of {said} found, {expected} expected"


def table(title: str, cases: Sequence[Case], found: Callable[[Case], bool]) -> None:
    for language in LANGUAGES:
        of = [case for case in cases if language in ("all", case["language"])]
        precision, recall, f1, counts = figures(of, found)
        print(f"  {title:<15} {language:<4} precision {precision:.3f} recall {recall:.3f} f1 {f1:.3f}  ({counts})")


if __name__ == "__main__":
    main()
