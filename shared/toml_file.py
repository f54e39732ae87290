"""Reads what people set in a TOML file, and says what is wrong with it by its place."""

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)


def load(file: Path, refused: type[ValueError]) -> dict[str, Any]:
    """Raises `refused`, whose text names the file."""
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise refused(f"{file} cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise refused(f"{file} is not TOML: {error}") from error


def load_as(model: type[Model], file: Path, refused: type[ValueError]) -> Model:
    """Raises `refused`, whose text names the file, each place, and what is wrong there."""
    try:
        return model.model_validate(load(file, refused))
    except ValidationError as error:
        raise refused(f"{file}: " + "; ".join(mistakes(error))) from error


def mistakes(error: ValidationError) -> list[str]:
    return [
        f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
        if item["loc"]
        else item["msg"].removeprefix("Value error, ")
        for item in error.errors(include_url=False)
    ]
