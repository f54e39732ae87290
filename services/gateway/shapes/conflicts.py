"""Conflicts: two events that cannot both be relied on."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

Kind = Literal["contradiction", "consent", "open_case", "embargo", "pressure"]
ConflictState = Literal["open", "settled", "withdrawn", "resolved", "dismissed"]

KINDS: tuple[Kind, ...] = ("contradiction", "consent", "open_case", "embargo", "pressure")


class Reference(TypedDict):
    """An event's identity."""

    source: str
    id: str


class Span(TypedDict):
    """Words that clash: code points `start` to `end` (exclusive) of `data.text` of the event `event`."""

    event: str
    start: int
    end: int
    text: str


class Clash(TypedDict):
    """Two events that cannot both be relied on; `a` is the earlier one."""

    kind: Kind
    attribute: str
    subject: NotRequired[str]
    a: Reference
    b: Reference
    reason: str
    spans: list[Span]
    confidence: float
    rule: NotRequired[str]


class Departments(TypedDict):
    """Who said each side; null for the customer's own."""

    a: str | None
    b: str | None


class Conflict(Clash):
    """A clash that was found in what a customer has been told. `told_at`, `channel`: of the later message;
    `corrected_at`: when the company corrected one of the two; `languages`: of its messages, such as `en`."""

    id: str
    customer: str
    state: ConflictState
    alert: NotRequired[str | None]
    departments: NotRequired[Departments]
    channel: NotRequired[str | None]
    told_at: NotRequired[str]
    languages: NotRequired[list[str]]
    corrected_at: NotRequired[str | None]
    revision: NotRequired[int]
    found_at: NotRequired[str]
    updated_at: NotRequired[str]


class ConflictPage(TypedDict):
    items: list[Conflict]
    next: str | None
