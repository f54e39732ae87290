"""The words for embargoed matters, of all languages together: people mix them, and a matter may be set in another."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from services.consistency.domain.lexicon_files import read_languages, read_shared
from services.consistency.domain.wording import Wording, stem_of

MANNERS = (
    "successor", "contrast", "secret", "silence", "publication", "denial", "hypothesis", "telling_question", "figure",
    "own", "period", "future", "advice", "everyday", "continuation", "actor", "months",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Happening:
    """What a matter can be about.

    `figure`: stated only with how it turned out; `alone`: then needs no more; `code`: naming the thing's own code
    states it; `wide`: told in everyday words; `only_with`: dropped where the matter is about another one.
    """

    name: str
    words: Wording
    strong: Wording
    but_not: Wording
    figure: bool
    alone: bool
    code: bool
    wide: bool
    only_with: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class EmbargoWords:
    """`manners` are ways of speaking by name (`secret`, `silence`...); `nearness` is from 0 to 1."""

    happenings: tuple[Happening, ...]
    manners: dict[str, Wording]
    generic: frozenset[str]
    generic_han: tuple[str, ...]
    nearness: float
    weights: dict[str, float]


@lru_cache(maxsize=1)
def default_words() -> EmbargoWords:
    shared, tables = read_shared("embargo"), tuple(read_languages("embargo").values())
    generic = tuple(word for table in tables for word in table["generic"])
    return EmbargoWords(
        happenings=tuple(happening(name, settings, tables) for name, settings in shared["happenings"].items()),
        manners={manner: Wording(gathered(tables, manner)) for manner in MANNERS},
        generic=frozenset(stem_of(word) for word in generic if not is_han(word)),
        generic_han=tuple(sorted((word for word in generic if is_han(word)), key=len, reverse=True)),
        nearness=float(shared["nearness"]),
        weights={name: float(weight) for name, weight in shared["weights"].items()},
    )


def happening(name: str, settings: dict[str, Any], tables: Iterable[dict[str, Any]]) -> Happening:
    entries = [table["happenings"].get(name, {}) for table in tables]
    return Happening(
        name=name,
        words=Wording(gathered(entries, "words") + gathered(entries, "strong")),
        strong=Wording(gathered(entries, "strong")),
        but_not=Wording(gathered(entries, "but_not")),
        figure=bool(settings.get("figure")),
        alone=bool(settings.get("alone")),
        code=bool(settings.get("code")),
        wide=bool(settings.get("wide")),
        only_with=frozenset(settings["only_with"]) if "only_with" in settings else None,
    )


def gathered(tables: Iterable[dict[str, Any]], key: str) -> list[str]:
    return [pattern for table in tables for pattern in table.get(key, ())]


def is_han(word: str) -> bool:
    return any("\u3400" <= letter <= "\u9fff" for letter in word)
