"""What belongs to a generation is told by its name."""

import re
from typing import Annotated

from pydantic import StringConstraints

NAME = r"[a-z0-9][a-z0-9-]{0,19}"
"""No capitals: a MongoDB server takes two database names that differ in them alone for one."""
FIRST = "default"
"""What the generation without a name is called where one must be said; so no other may be called that."""

Generation = Annotated[str, StringConstraints(pattern=f"^({NAME})?$")]


class NoName(ValueError):
    """A generation cannot be called that; the message says what it may be called."""


def named(text: str) -> str:
    """The generation that people mean by `text`; raises `NoName`."""
    if text == FIRST:
        return ""
    if re.fullmatch(NAME, text) is None:
        raise NoName(f"{text!r} is no name: small letters, digits and hyphens, at most 20, such as 2")
    return text


def said(generation: str) -> str:
    return generation or FIRST


def group_of(group: str, generation: str) -> str:
    """A dot, which no generation has in it: `journey-marks` is no generation of `journey`."""
    return f"{group}.{generation}" if generation else group


def database_of(database: str, service: str, generation: str) -> str:
    return f"{database}_{service}_{generation}" if generation else database


def generation_in(name: str, database: str, service: str) -> str | None:
    """The generation that a database of that name holds; None where it is something else."""
    found = re.fullmatch(f"{re.escape(database)}_{re.escape(service)}_({NAME})", name)
    return None if found is None else found[1]
