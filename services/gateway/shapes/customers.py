"""Customers: their timelines, and what is known of them at a glance."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from services.gateway.shapes.conflicts import Conflict


class Delivery(TypedDict):
    """`reason`: why it did not arrive, where the sender said so."""

    status: Literal["delivered", "bounced", "suppressed", "opened", "clicked"]
    time: str
    reason: NotRequired[str]


class TimelineItem(TypedDict):
    """A CloudEvent with what became of it."""

    specversion: str
    id: str
    source: str
    type: str
    time: str
    data: dict[str, Any]
    delivery: NotRequired[Delivery | None]
    conflicts: NotRequired[list[Conflict]]


class TimelineItems(TypedDict):
    items: list[TimelineItem]


class TimelinePage(TimelineItems):
    next: str | None


class OpenConflicts(TypedDict):
    open: int


class Place(TypedDict):
    """Code points from `start` to `end` (exclusive)."""

    field: Literal["title", "text"]
    start: int
    end: int


class Match(TypedDict):
    """The newest message to or from the customer that has all the words, and where they stand in it."""

    message: TimelineItem
    spans: list[Place]


class CustomerRow(TypedDict):
    """`match` is there where customers were looked for by `text`."""

    id: str
    first: str | None
    last: str | None
    conflicts: OpenConflicts
    match: NotRequired[Match]


class CustomerPage(TypedDict):
    items: list[CustomerRow]
    next: str | None


class OpenCase(TypedDict):
    case: str
    category: NotRequired[str | None]
    department: str
    since: str


class Cases(TypedDict):
    open: list[OpenCase]


class Messages(TypedDict):
    total: int
    by_department: dict[str, int]
    by_channel: dict[str, int]


class Promotion(TypedDict):
    """Promotional messages of the last day, week (7 days) and month (30 days) that are not known to be lost."""

    day: int
    week: int
    month: int
    last: str | None


class Customer(TypedDict):
    """One customer at a glance."""

    id: str
    first: str | None
    last: str | None
    touchpoints: int
    messages: Messages
    cases: Cases
    consent: dict[str, Literal["withdrawn", "granted"]]
    conflicts: OpenConflicts
    promotion: Promotion


class MessagePage(TypedDict):
    """CloudEvents, the newest first."""

    items: list[TimelineItem]
    next: str | None
