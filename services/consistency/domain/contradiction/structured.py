"""Statements that senders give as data, read into the same claims as text."""

from collections.abc import Callable, Sequence
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
    told = read(text).claims
    return [
        replace(
            one,
            start=place(one, told)[0],
            end=place(one, told)[1],
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


def place(one: Claim, told: Sequence[Claim]) -> tuple[int, int]:
    """Code points at which the text says this value too; otherwise an empty span."""
    for claim in told:
        same = (claim.kind, claim.dimension.split(":")[0], claim.low, claim.high, claim.side)
        if same == (one.kind, one.dimension.split(":")[0], one.low, one.high, one.side) and alike(claim, one):
            return claim.start, claim.end
    return 0, 0


def alike(claim: Claim, one: Claim) -> bool:
    """Of days and times the day, month and hour as given; of an opposition or state its name."""
    if claim.moment is None or one.moment is None:
        return claim.kind == "amount" or claim.dimension == one.dimension
    x, y = claim.moment, one.moment
    return (x.kind, x.month, x.day, x.first) == (y.kind, y.month, y.day, y.first)


def holds(statement: Statement) -> tuple[datetime | None, datetime | None]:
    return moment(statement.from_), moment(statement.to)


def moment(value: datetime | str | None) -> datetime | None:
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value
