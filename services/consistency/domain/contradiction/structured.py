"""Statements that senders give as data, read into the same claims as text."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from services.consistency.domain.contradiction.claim import INFINITY, Claim, Reading
from services.consistency.domain.contradiction.dates import Moment
from shared.events import Claim as Statement

Read = Callable[[str], Reading]


def structured_claims(statement: Statement, text: str, read: Read) -> list[Claim]:
    """The statement put in words and read like a message; its span is where the text says the value, else none."""
    said = in_words(statement)
    reading = read(said)
    subject = len(statement.subject)
    found = [c for c in reading.claims if c.start > subject]
    if not found:
        return []
    whole = frozenset().union(*(c.topic for c in reading.claims))
    start, end = place(text, statement)
    return [
        replace(
            one,
            start=start,
            end=end,
            text=said,
            structured=True,
            mode="asserted",
            topic=whole,
            near=whole,
            names=reading.names,
            refs=reading.refs,
            until=last_day(statement),
        )
        for one in found
    ]


def last_day(statement: Statement) -> Moment | None:
    end = moment(statement.to)
    return None if end is None else Moment("day", year=end.year, month=end.month, day=end.day)


def in_words(statement: Statement) -> str:
    unit = statement.unit or ""
    value: str
    if isinstance(statement.value, tuple):
        value = "-".join(plain(v) for v in statement.value)
    elif statement.value is not None:
        value = plain(statement.value)
    elif statement.min is not None and statement.max is not None:
        value = f"{plain(statement.min)}-{plain(statement.max)}"
    elif statement.min is not None:
        value = f"at least {plain(statement.min)}"
    else:
        value = f"at most {plain(statement.max if statement.max is not None else INFINITY)}"
    return f"{statement.subject}: {statement.attribute} {value} {unit}".strip()


def plain(value: str | int | float | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def place(text: str, statement: Statement) -> tuple[int, int]:
    """Code points of the value in the text, as far as it stands there as given; otherwise an empty span."""
    value = statement.value[0] if isinstance(statement.value, tuple) and statement.value else statement.value
    if value is None or isinstance(value, tuple):
        return 0, 0
    at = text.lower().find(plain(value).lower())
    return (at, at + len(plain(value))) if at >= 0 else (0, 0)


def holds(statement: Statement) -> tuple[datetime | None, datetime | None]:
    return moment(statement.from_), moment(statement.to)


def moment(value: datetime | str | None) -> datetime | None:
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value
