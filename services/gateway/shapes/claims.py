"""Claims: what a customer was told, by subject."""

from typing import Any, NotRequired

from typing_extensions import TypedDict

from services.gateway.shapes.conflicts import Reference


class ClaimSpan(TypedDict):
    start: int
    end: int
    text: str


class Claim(TypedDict):
    """What a message stated, made comparable."""

    subject: str
    attribute: str
    value: Any
    event: Reference
    department: str
    channel: str
    time: str
    span: NotRequired[ClaimSpan | None]
    valid_until: NotRequired[str | None]
    superseded_by: NotRequired[Reference | None]


class Claims(TypedDict):
    items: list[Claim]
