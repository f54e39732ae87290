"""The words for embargoed matters, of all languages together: people mix them, and a matter may be set in another."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from services.consistency.domain.lexicon_files import read_languages, read_shared
from services.consistency.domain.wording import Wording, stem_of

MANNERS = (
    "successor", "contrast", "secret", "silence", "publication", "denial", "hypothesis", "telling_question", "figure",
    "own", "future", "everyday", "continuation", "actor", "months",
)  # fmt: skip


WEIGHED = ("meaning", "words")


@dataclass(frozen=True, slots=True)
class Happening:
    """What a matter can be about.

    `figure`: stated only with how it turned out; `only_with`: dropped where the matter is about another one.
    """

    name: str
    words: Wording
    but_not: Wording
    figure: bool
    only_with: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class EmbargoWords:
    """`manners` are ways of speaking by name (`secret`, `silence`...).

    `weights` are by sign, with an encoder (`meaning`) and without (`words`); what weighs `threshold` states the
    matter; `same` is from what probability on the comparer is believed where words show nothing.
    `grounds` say of each sign in a few words what it shows.
    """

    happenings: tuple[Happening, ...]
    manners: dict[str, Wording]
    generic: frozenset[str]
    generic_han: tuple[str, ...]
    threshold: float
    same: float
    weights: dict[str, dict[str, float]]
    grounds: dict[str, str]


@lru_cache(maxsize=1)
def default_words() -> EmbargoWords:
    shared, tables = read_shared("embargo"), tuple(read_languages("embargo").values())
    generic = tuple(word for table in tables for word in table["generic"])
    return EmbargoWords(
        happenings=tuple(happening(name, settings, tables) for name, settings in shared["happenings"].items()),
        manners={manner: Wording(gathered(tables, manner)) for manner in MANNERS},
        generic=frozenset(stem_of(word) for word in generic if not is_han(word)),
        generic_han=tuple(sorted((word for word in generic if is_han(word)), key=len, reverse=True)),
        threshold=float(shared["threshold"]),
        same=float(shared["same"]),
        weights={name: {sign: float(weight) for sign, weight in shared["weights"][name].items()} for name in WEIGHED},
        grounds=dict(shared["grounds"]),
    )


def happening(name: str, settings: dict[str, Any], tables: Iterable[dict[str, Any]]) -> Happening:
    entries = [table["happenings"].get(name, {}) for table in tables]
    return Happening(
        name=name,
        words=Wording(gathered(entries, "words")),
        but_not=Wording(gathered(entries, "but_not")),
        figure=bool(settings.get("figure")),
        only_with=frozenset(settings["only_with"]) if "only_with" in settings else None,
    )


def gathered(tables: Iterable[dict[str, Any]], key: str) -> list[str]:
    return [pattern for table in tables for pattern in table.get(key, ())]


def is_han(word: str) -> bool:
    return any("\u3400" <= letter <= "\u9fff" for letter in word)
