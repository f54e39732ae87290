"""The words of each language, read once from `services/consistency/lexicon/`; the folder `any` holds what all share."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import snowballstemmer

from services.consistency.domain.contradiction.dates import DateGrammar
from services.consistency.domain.contradiction.folding import pairs
from services.consistency.domain.contradiction.phrases import Phrases, Tag
from services.consistency.domain.contradiction.titles import Titles
from services.consistency.domain.contradiction.tokens import Speller

FOLDER = Path(__file__).resolve().parents[2] / "lexicon"
Table = Mapping[str, Any]
DEFAULT = "en"
"""The language of a text that no other is told of."""
WORDS = ("concepts", "attributes", "cues", "units", "periods", "conditions", "synonyms")
KIND = {
    "concepts": "concept",
    "attributes": "attribute",
    "cues": "cue",
    "units": "unit",
    "periods": "period",
    "conditions": "condition",
    "synonyms": "synonym",
}


@dataclass(frozen=True, slots=True)
class Unit:
    """One `factor` of the dimension's own unit; `slack` widens it upwards (working days against days)."""

    dimension: str
    factor: float
    slack: float = 1.0


@dataclass(frozen=True, slots=True)
class Language:
    code: str
    scripts: tuple[str, ...]
    speller: Speller
    phrases: Phrases
    stop: frozenset[str]
    weak: frozenset[str]
    names_not: frozenset[str]
    dates: DateGrammar
    decimal: str
    reasons: Table
    variants: Mapping[int, str] = field(default_factory=dict)
    titles: Titles = field(default_factory=Titles)
    bare_money: bool = False
    short_clauses: bool = False
    forms_of_address: tuple[str, ...] = ()
    opening_names: bool = True


@dataclass(frozen=True, slots=True)
class Lexicon:
    """`attributes`, `axes` and `statuses` say of each entry what comparing needs, in every language alike."""

    languages: Mapping[str, Language]
    units: Mapping[str, Unit]
    attributes: Mapping[str, Table]
    axes: Mapping[str, Table]
    statuses: Mapping[str, Table]
    opposed: tuple[frozenset[str], ...]
    parents: Mapping[str, frozenset[str]]
    weights: Mapping[str, float] = field(default_factory=dict)
    threshold: float = 0.5
    comparer: Mapping[str, float] = field(default_factory=dict)
    default: str = DEFAULT
    ranks: Mapping[str, tuple[str, int]] = field(default_factory=dict)


def load_lexicon(folder: Path = FOLDER) -> Lexicon:
    """Reads every language folder; raises `ValueError` that names the entry a person has to mend."""
    shared = read_folder(folder / "any")
    languages = {
        path.name: load_language(path.name, read_folder(path), shared)
        for path in sorted(folder.iterdir())
        if (path / "language.toml").exists()
    }
    units = {
        name: Unit(str(entry["dimension"]), float(entry.get("factor", 1.0)), float(entry.get("slack", 1.0)))
        for name, entry in shared["units"]["units"].items()
    }
    parents: dict[str, frozenset[str]] = {}
    for parent, children in shared["concepts"].get("includes", {}).items():
        for child in children:
            parents[child] = parents.get(child, frozenset()) | {parent}
    return Lexicon(
        languages=languages,
        units=units,
        attributes=shared["attributes"],
        axes=shared["axes"],
        statuses=shared["statuses"],
        opposed=tuple(frozenset(pair) for pair in shared["conditions"]["opposed"]),
        parents=parents,
        weights={name: float(value) for name, value in shared.get("weights", {}).get("weights", {}).items()},
        threshold=float(shared.get("weights", {}).get("threshold", 0.5)),
        comparer={name: float(value) for name, value in shared.get("comparer", {}).items()},
        ranks={
            state: (chain, rank)
            for chain, entry in shared["statuses"].items()
            for rank, step in enumerate(entry["order"])
            for state in step
        },
    )


def read_folder(folder: Path) -> dict[str, dict[str, Any]]:
    tables: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.toml")):
        with path.open("rb") as file:
            try:
                tables[path.stem] = tomllib.load(file)
            except tomllib.TOMLDecodeError as error:
                raise ValueError(f"{path}: {error}") from error
    return tables


def load_language(code: str, tables: Mapping[str, dict[str, Any]], shared: Mapping[str, dict[str, Any]]) -> Language:
    settings = tables["language"]
    speller = Speller(
        stem=stemmer(str(settings.get("stemmer", ""))),
        contractions=settings.get("contractions", {}),
        suffixes=settings.get("suffixes", {}),
        abbreviations=frozenset(settings.get("abbreviations", ())),
        irregular=settings.get("irregular", {}),
    )
    phrases = Phrases(speller)
    for tag, pattern in entries(code, tables, shared):
        phrases.add(pattern, tag)
    return Language(
        code=code,
        scripts=tuple(settings["scripts"]),
        speller=speller,
        phrases=phrases,
        stop=frozenset(speller.norm(word) for word in settings["stop"]),
        weak=frozenset(speller.norm(word) for word in settings.get("weak", ())),
        names_not=frozenset(word.lower() for word in settings.get("not_names", ())),
        dates=DateGrammar.of(tables["dates"]),
        decimal=str(settings.get("decimal", ".")),
        reasons=tables["reasons"],
        variants=pairs(settings.get("variants", {})),
        titles=Titles.of(
            settings.get("name_heads", ()), settings.get("never_names", ()), settings.get("short_names", "")
        ),
        bare_money=bool(settings.get("bare_money", False)),
        short_clauses=bool(settings.get("short_clauses", False)),
        forms_of_address=tuple(settings.get("forms_of_address", ())),
        opening_names=bool(settings.get("opening_names", True)),
    )


def stemmer(name: str) -> Callable[[str], str]:
    if not name:
        return lambda word: word
    snowball = snowballstemmer.stemmer(name)
    return lambda word: str(snowball.stemWord(word))


def entries(
    code: str, tables: Mapping[str, dict[str, Any]], shared: Mapping[str, dict[str, Any]]
) -> Iterable[tuple[Tag, str]]:
    """Every pattern of a language with what it stands for; entries that nothing declares are an error."""
    for table in WORDS:
        for source in (tables.get(table, {}), shared.get(table, {}).get("words", {})):
            for name, patterns in source.items():
                known(code, table, name, shared)
                for pattern in patterns:
                    yield Tag(KIND[table], name), pattern
    for axis, sides in tables.get("axes", {}).items():
        known(code, "axes", axis, shared)
        for side, patterns in sides.items():
            for pattern in patterns:
                yield Tag("axis", axis, side), pattern
    states = {s for entry in shared["statuses"].values() for step in entry["order"] for s in step}
    for state, patterns in tables.get("statuses", {}).items():
        if state not in states:
            raise ValueError(f"{code}/statuses.toml: any/statuses.toml orders no state {state!r}")
        for pattern in patterns:
            yield Tag("status", state), pattern
    for value, patterns in tables["numbers"].items():
        for pattern in patterns:
            kind = {"x": "multiplier", "+": "addend"}.get(value[0], "number")
            yield Tag(kind, "", value.lstrip("x+")), pattern
    for amount, patterns in tables.get("amounts", {}).items():
        for pattern in patterns:
            yield Tag("amount", amount), pattern


def known(code: str, table: str, name: str, shared: Mapping[str, dict[str, Any]]) -> None:
    declared = {"attributes": shared["attributes"], "axes": shared["axes"], "units": shared["units"]["units"]}
    if table in declared and name not in declared[table]:
        raise ValueError(f"{code}/{table}.toml: any/{table}.toml declares no {name!r}")
