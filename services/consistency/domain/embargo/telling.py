"""How much a sentence sounds like telling what is not public yet: compared by meaning with examples of it.

The examples are sentences in embargo_told.toml of each language, by what is told of, and sentences of every day. What
sets the ones apart from the others is a direction among the vectors of the encoder (ridge regression, computed from
the examples when first asked), so it holds for wordings and trades that no list of words has.
"""

import re
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import Any

from services.consistency.domain.embargo.matter import Matter
from services.consistency.domain.lexicon_files import read_languages

REMEMBERED = 20_000
RIDGE = 2.0
"""How strongly the direction is kept small: there are fewer examples than the vectors have dimensions."""
PARTS = re.compile(r"[,:–—-]\s|[，：、;；]")
SHORTEST, SHORTEST_HAN = 18, 6
"""Letters of a part of a sentence that is read for itself as well."""

Vector = Callable[[str], Any]


class Telling:
    """`vector` gives the unit vector of a text. Nothing is computed before the first question."""

    def __init__(self, vector: Vector) -> None:
        self._vector = vector
        self._of = lru_cache(maxsize=REMEMBERED)(self._known_by)

    def signs(self, sentence: str, matter: Matter) -> dict[str, float]:
        """`near`: to the matter itself; `like`: to how such things are told; `telling`: about -1 to 1, the more the
        sentence gives something away, whatever it is. A long sentence counts by its best part."""
        said = self._stacked(parts_of(sentence))
        descriptions, alike = self._of(matter)
        direction, offset = self._direction
        return {
            "near": float((said @ descriptions.T).max()),
            "like": float((said @ alike.T).max()),
            "telling": float((said @ direction).max() + offset),
        }

    def _stacked(self, texts: Sequence[str]) -> Any:
        vectors = [self._vector(text) for text in texts]
        import numpy as np  # comes with the encoder, and only after it: see `EncoderSimilarity`

        return np.stack(vectors)

    def _known_by(self, matter: Matter) -> tuple[Any, Any]:
        told = [self._told[h.name] for h in matter.happenings if h.name in self._told] or list(self._told.values())
        descriptions = [*parts_of(matter.text), f"{matter.text}. {', '.join(matter.terms)}"]
        return self._stacked(descriptions), self._stacked([example for examples in told for example in examples])

    @cached_property
    def _told(self) -> dict[str, list[str]]:
        told: dict[str, list[str]] = {}
        for table in read_languages("embargo_told").values():
            for happening, examples in table["told"].items():
                told.setdefault(happening, []).extend(examples)
        return told

    @cached_property
    def _direction(self) -> tuple[Any, float]:
        told = self._stacked([example for examples in self._told.values() for example in examples])
        everyday = [example for table in read_languages("embargo_told").values() for example in table["everyday"]]
        return between(told, self._stacked(everyday))


def between(these: Any, those: Any) -> tuple[Any, float]:
    """Direction and offset that give about 1 for rows of the first and -1 for rows of the second, however many each."""
    import numpy as np

    rows = np.concatenate([these, those])
    wanted = np.concatenate([np.ones(len(these)), -np.ones(len(those))])
    weights = len(rows) / 2 * np.where(wanted > 0, 1 / len(these), 1 / len(those))
    middle = np.average(rows, axis=0, weights=weights)
    centred = rows - middle
    weighted = centred.T * weights
    direction = np.linalg.solve(weighted @ centred + RIDGE * np.eye(rows.shape[1]), weighted @ wanted)
    return direction, float(-middle @ direction)


def parts_of(sentence: str) -> list[str]:
    """The sentence and, where it has several, its longer parts between commas and the like."""
    parts = [part.strip() for part in PARTS.split(sentence)]
    return [sentence, *(part for part in parts if part != sentence and long_enough(part))]


def long_enough(part: str) -> bool:
    return len(part) >= (SHORTEST_HAN if any("\u3400" <= letter <= "\u9fff" for letter in part) else SHORTEST)
