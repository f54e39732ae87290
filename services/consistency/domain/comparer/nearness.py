"""How near two messages are in meaning: their nearest sentences, by a sentence encoder where one is installed."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Protocol

from services.consistency.domain.contradiction.message import Message
from services.consistency.domain.similarity import EncoderSimilarity, Similarity

SENTENCES = 40


class Nearness(Protocol):
    def between(self, one: str, other: str) -> float:
        """Of two sentences, from 0 (nothing in common) to 1 (the same)."""
        ...

    def of(self, earlier: Sequence[Message], later: Message) -> Sequence[float]:
        """Of each of the earlier messages to the later one, by their nearest sentences."""
        ...


class EncodedNearness:
    """Cosines of sentence vectors; the vectors of a message's sentences are kept together, by its text."""

    def __init__(self, encoder: EncoderSimilarity, limit: int = 20_000) -> None:
        self._encoder = encoder
        self._limit = limit
        self._matrices: OrderedDict[str, Any] = OrderedDict()

    def between(self, one: str, other: str) -> float:
        return self._encoder.between(one, other)

    def of(self, earlier: Sequence[Message], later: Message) -> Sequence[float]:
        import numpy as np

        texts = {message.event.data.text: message for message in earlier}  # few, where there are very many messages
        if not texts:
            return []
        matrices = [self._matrix(message) for message in texts.values()]
        nearest = (np.concatenate(matrices) @ self._matrix(later).T).max(axis=1)
        starts = np.cumsum([0, *(len(matrix) for matrix in matrices[:-1])])
        found: dict[str, float] = dict(zip(texts, np.maximum.reduceat(nearest, starts).tolist(), strict=True))
        return [found[message.event.data.text] for message in earlier]

    def _matrix(self, message: Message) -> Any:
        text = message.event.data.text
        known = self._matrices.get(text)
        if known is not None:
            self._matrices.move_to_end(text)
            return known
        import numpy as np

        parts = [text[start:end] for start, end in message.reading.sentences[:SENTENCES] if end > start] or [text[:500]]
        matrix = np.stack([self._encoder.vector(part) for part in parts])
        self._matrices[text] = matrix
        if len(self._matrices) > self._limit:
            self._matrices.popitem(last=False)
        return matrix


class UnknownNearness:
    """Without an encoder every pair may matter, and long messages are shortened from their end."""

    def between(self, one: str, other: str) -> float:
        return 0.0

    def of(self, earlier: Sequence[Message], later: Message) -> Sequence[float]:
        return [1.0] * len(earlier)


def nearness_by(similarity: Similarity) -> Nearness:
    return EncodedNearness(similarity) if isinstance(similarity, EncoderSimilarity) else UnknownNearness()
