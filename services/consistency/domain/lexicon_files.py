"""The data files under `services/consistency/lexicon/`: what a person without programming may extend."""

import tomllib
from pathlib import Path
from typing import Any

LEXICON = Path(__file__).resolve().parents[1] / "lexicon"
SHARED = "any"
"""The folder of what all languages share."""


def read_shared(name: str, folder: Path = LEXICON) -> dict[str, Any]:
    return read_table(folder / SHARED / f"{name}.toml")


def read_languages(name: str, folder: Path = LEXICON) -> dict[str, dict[str, Any]]:
    """The file `name`.toml of every language that has one, by language."""
    paths = sorted(path for path in folder.glob(f"*/{name}.toml") if path.parent.name != SHARED)
    return {path.parent.name: read_table(path) for path in paths}


def read_table(path: Path) -> dict[str, Any]:
    """Raises `ValueError` naming the file and the place that a person has to mend."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: {error}") from error
