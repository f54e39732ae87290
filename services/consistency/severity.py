"""Reads the scale of severity from its file."""

import sys
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import Field, ValidationError

from services.consistency.domain.severity import Scale
from shared.retention.table import mistakes
from shared.settings import Group

SHIPPED = Path(__file__).with_name("severity.toml")


class SeveritySettings(Group):
    file: Path = Field(SHIPPED, validation_alias="ONEVOICE_SEVERITY_FILE")


class SeverityError(ValueError):
    """The file cannot be used; the text names it, the place, and what is wrong."""


def read(file: Path) -> Scale:
    """Raises `SeverityError`."""
    try:
        return Scale.model_validate(tomllib.loads(file.read_text("utf-8")))
    except OSError as error:
        raise SeverityError(f"{file} cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SeverityError(f"{file} is not TOML: {error}") from error
    except ValidationError as error:
        raise SeverityError(f"{file}: " + "; ".join(mistakes(error))) from error


@lru_cache(maxsize=1)
def shipped() -> Scale:
    """The scale that comes with the sources."""
    return read(SHIPPED)


def run(arguments: Sequence[str]) -> int:
    """Checks a file, or the one that is set. Exit status: 0 good, 2 not."""
    if len(arguments) > 1:
        print("usage: python -m services.consistency severity [FILE]", file=sys.stderr)
        return 2
    file = Path(arguments[0]) if arguments else SeveritySettings().file
    try:
        scale = read(file)
    except SeverityError as error:
        print(error, file=sys.stderr)
        return 2
    levels = ", ".join(f"{name} from {points}" for name, points in scale.levels.model_dump().items())
    print(f"{file} is good: {levels}; {len(scale.kinds)} kinds, {len(scale.stakes)} stakes")
    return 0
