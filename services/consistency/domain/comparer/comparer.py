"""The trained model behind one question: what are these two texts to each other?"""

import hashlib
import math
import os
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
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

    def below(self, other: "Verdict") -> bool:
        return self.conflict < other.conflict and self.change < other.change and self.same < other.same


class Comparer(Protocol):
    def verdicts(self, pairs: Sequence[Pair], thorough: Collection[Pair] = frozenset()) -> list[Verdict]:
        """One for each pair of rendered texts, in order; those in `thorough` are read to the end in any case."""
        ...


EARLY_EXIT = Verdict(conflict=0.11, change=0.1, same=0.1)
"""Where the first layers give every answer less than this, their verdict stands, at a third of the cost."""
GLANCE, READING = "glance.onnx", "reading.onnx"
THREADS = 4


class OnnxComparer:
    """An int8 encoder that reads both texts at once; verdicts are kept by pair, for campaigns repeat them.

    Most pairs have nothing to do with each other, and the first layers (`glance.onnx`) see it; the others
    (`reading.onnx`) go on from there with the rest.
    """

    def __init__(self, folder: Path, limit: int = 200_000) -> None:
        from onnxruntime import InferenceSession, SessionOptions
        from tokenizers import Tokenizer

        options = SessionOptions()
        options.intra_op_num_threads = 1  # one pair is too small to share: pairs are spread over threads instead
        options.inter_op_num_threads = 1
        # Products of eight bits overflow on processors with AVX2 and without VNNI, and verdicts would differ there.
        options.add_session_config_entry("session.x64quantprecision", "1")
        self._glance, self._reading = (
            InferenceSession(folder / name, options, providers=["CPUExecutionProvider"]) for name in (GLANCE, READING)
        )
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._threads = ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1), thread_name_prefix="comparer")
        self._limit = limit
        self._known: OrderedDict[bytes, Verdict] = OrderedDict()

    def verdicts(self, pairs: Sequence[Pair], thorough: Collection[Pair] = frozenset()) -> list[Verdict]:
        asked = [(pair, pair in thorough) for pair in pairs]
        keys = [key_of(*one) for one in asked]
        new = {key: one for key, one in zip(keys, asked, strict=True) if key not in self._known}
        work = self._threads.map if len(new) > 1 else map
        fresh = dict(zip(new, work(self._judge, *zip(*new.values(), strict=True)), strict=True)) if new else {}
        answers = [fresh[key] if key in fresh else self._known[key] for key in keys]
        self._known.update(fresh)
        for key in keys:
            self._known.move_to_end(key)
        while len(self._known) > self._limit:
            self._known.popitem(last=False)
        return answers

    def _judge(self, pair: Pair, thorough: bool) -> Verdict:
        """One pair at a time: in a batch the int8 scales, and so the verdicts, would depend on the other pairs."""
        import numpy as np

        found = self._tokenizer.encode(*pair)
        pieces, mask, sides = (
            np.array([numbers], dtype=np.int64) for numbers in (found.ids, found.attention_mask, found.type_ids)
        )
        glanced, states = self._glance.run(None, {"pieces": pieces, "mask": mask, "sides": sides})
        verdict = verdict_of(glanced[0])
        if verdict.below(EARLY_EXIT) and not thorough:
            return verdict
        (logits,) = self._reading.run(None, {"states": states, "mask": mask})
        return verdict_of(logits[0])


def key_of(pair: Pair, thorough: bool) -> bytes:
    """Kept in place of the texts, which take fifty times as much."""
    parts = (*pair, "thorough") if thorough else pair
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def verdict_of(logits: Iterable[float]) -> Verdict:
    return Verdict(*(1.0 / (1.0 + math.exp(-float(value))) for value in logits))


def installed() -> bool:
    """Whether the shipped model and what runs it are there."""
    files = all((MODEL / name).exists() for name in (GLANCE, READING))
    return files and all(map(find_spec, ("onnxruntime", "tokenizers")))


@lru_cache(maxsize=1)
def shipped_comparer() -> Comparer | None:
    """The comparer that Onevoice ships, loaded once; None where it is not installed: the rules then stand alone."""
    return OnnxComparer(MODEL) if installed() else None
