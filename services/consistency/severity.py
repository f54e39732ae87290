"""Reads the scale of severity from its file."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import Field

from services.consistency.checking import check
from services.consistency.domain.severity import Scale
from shared.settings import Group
from shared.toml_file import load_as

SHIPPED = Path(__file__).with_name("severity.toml")


class SeveritySettings(Group):
    file: Path = Field(SHIPPED, validation_alias="ONEVOICE_SEVERITY_FILE")


class SeverityError(ValueError):
    """The file cannot be used; the text names it, the place, and what is wrong."""


def read(file: Path) -> Scale:
    """Raises `SeverityError`."""
    return load_as(Scale, file, SeverityError)


@lru_cache(maxsize=1)
def shipped() -> Scale:
    """The scale that comes with the sources."""
    return read(SHIPPED)


def run(arguments: Sequence[str]) -> int:
    """Checks a file, or the one that is set. Exit status: 0 good, 2 not."""
    return check("severity", arguments, SeveritySettings().file, summary)


def summary(file: Path) -> str:
    """Raises `SeverityError`."""
    scale = read(file)
    levels = ", ".join(f"{name} from {points}" for name, points in scale.levels.model_dump().items())
    return f"{levels}; {len(scale.kinds)} kinds, {len(scale.stakes)} stakes"
