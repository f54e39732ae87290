"""The trained model behind one question: what are these two texts to each other?"""

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

MODEL = Path(__file__).resolve().parents[2] / "model"
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Probabilities, each by itself: both cannot hold; the later announces a change; both say the same."""

    conflict: float = 0.0
    change: float = 0.0
    same: float = 0.0


class Comparer(Protocol):
    def verdicts(self, pairs: Sequence[Pair]) -> list[Verdict]:
        """One for each pair of rendered texts, in order."""
        ...


class OnnxComparer:
    """An int8 encoder that reads both texts at once; verdicts are kept by pair, for campaigns repeat them."""

    def __init__(self, folder: Path, limit: int = 200_000) -> None:
        from onnxruntime import InferenceSession, SessionOptions
        from tokenizers import Tokenizer

        options = SessionOptions()
        options.intra_op_num_threads = 1  # the services share the cores; more than one thread waits more than it works
        options.inter_op_num_threads = 1
        self._session: Any = InferenceSession(folder / "comparer.onnx", options, providers=["CPUExecutionProvider"])
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._limit = limit
        self._known: OrderedDict[Pair, Verdict] = OrderedDict()

    def verdicts(self, pairs: Sequence[Pair]) -> list[Verdict]:
        fresh = {pair: self._judge(pair) for pair in dict.fromkeys(pairs) if pair not in self._known}
        answers = [fresh[pair] if pair in fresh else self._known[pair] for pair in pairs]
        self._known.update(fresh)
        for pair in pairs:
            self._known.move_to_end(pair)
        while len(self._known) > self._limit:
            self._known.popitem(last=False)
        return answers

    def _judge(self, pair: Pair) -> Verdict:
        """One pair at a time: in a batch the int8 scales, and so the verdicts, would depend on the other pairs."""
        import numpy as np

        found = self._tokenizer.encode(*pair)
        pieces, mask, sides = (
            np.array([numbers], dtype=np.int64) for numbers in (found.ids, found.attention_mask, found.type_ids)
        )
        (logits,) = self._session.run(None, {"pieces": pieces, "mask": mask, "sides": sides})
        return Verdict(*(1.0 / (1.0 + math.exp(-float(value))) for value in logits[0]))


def installed() -> bool:
    """Whether the shipped model and what runs it are there."""
    return (MODEL / "comparer.onnx").exists() and all(map(find_spec, ("onnxruntime", "tokenizers")))


@lru_cache(maxsize=1)
def shipped_comparer() -> Comparer | None:
    """The comparer that Onevoice ships, loaded once; None where it is not installed: the rules then stand alone."""
    return OnnxComparer(MODEL) if installed() else None
