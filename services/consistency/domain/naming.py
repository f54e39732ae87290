"""Names of departments, channels and dates, and the words to show, for the reasons that people read."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from services.consistency.domain.conflict import Span
from services.consistency.domain.lexicon_files import read_languages
from services.consistency.domain.wording import SENTENCE_ENDS, tokens_of
from shared.events import MessageEvent

SHOWN = 160
"""Characters of a message that are shown where no words stand out."""


@lru_cache(maxsize=1)
def names() -> dict[str, Any]:
    return read_languages("names")["en"]


def department(message: MessageEvent) -> str:
    return str(names()["departments"][message.data.department])


def department_name(key: str) -> str:
    return str(names()["departments"][key])


def channel(key: str) -> str:
    return str(names()["channels"][key])


def day(moment: datetime) -> str:
    """The date in the moment's own offset, as its sender wrote it."""
    return str(names()["date"]).format(day=moment.day, month=names()["months"][moment.month - 1], year=moment.year)


def opening(message: MessageEvent) -> Span:
    """The message's first sentence, cut at `SHOWN` characters."""
    text = message.data.text
    ends = (token.end for token in tokens_of(text) if token.text in SENTENCE_ENDS)
    return span(message, 0, min(next(ends, len(text)), SHOWN))


def span(message: MessageEvent, start: int, end: int) -> Span:
    text = message.data.text[start:end]
    left, right = len(text) - len(text.lstrip()), len(text) - len(text.rstrip())
    start, end = start + left, max(start + left, end - right)
    return Span(message.id, start, end, message.data.text[start:end])


def spans(message: MessageEvent, places: Iterable[tuple[int, int]]) -> tuple[Span, ...]:
    return tuple(span(message, start, end) for start, end in places)
