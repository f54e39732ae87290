"""Which languages the messages of a conflict are written in, whatever rule found it."""

from functools import lru_cache

from services.consistency.domain.conflict import Conflict
from services.consistency.domain.contradiction.languages import LOOKED_AT, code_of
from services.consistency.domain.lexicon_files import read_languages
from shared.events import MessageEvent

KEPT = 1_000
"""Beginnings of texts whose language is kept: a customer's conflicts are looked at again with each new event."""


def languages_in(conflict: Conflict) -> tuple[str, ...]:
    """Codes such as `en`, in their order; none where neither side is a message."""
    messages = [event.data for event in (conflict.a, conflict.b) if isinstance(event, MessageEvent)]
    return tuple(sorted({language(data.text[:LOOKED_AT], data.language) for data in messages}))


@lru_cache(maxsize=KEPT)
def language(beginning: str, declared: str | None) -> str:
    return code_of(beginning, declared, shipped_scripts())


@lru_cache(maxsize=1)
def shipped_scripts() -> dict[str, tuple[str, ...]]:
    """Of each language that there are words of."""
    return {code: tuple(table["scripts"]) for code, table in read_languages("language").items()}
