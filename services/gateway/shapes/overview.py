"""The overview: conflicts and messages over days."""

from typing_extensions import TypedDict

from services.gateway.shapes.conflicts import Kind
from services.gateway.shapes.customers import Messages


class DayCount(TypedDict):
    day: str
    kinds: dict[Kind, int]


class PairCount(TypedDict):
    """`later` contradicted, or did not heed, what `earlier` had said; null for the customer's own word."""

    earlier: str | None
    later: str | None
    count: int


class SubjectCount(TypedDict):
    subject: str
    attribute: str
    count: int


class ToCorrection(TypedDict):
    """From the later message until the company corrected one of the two; the 90th percentile is a nearest rank."""

    count: int
    median_seconds: float
    p90_seconds: float


class Trends(TypedDict):
    """Conflicts whose later event is of the window, without the withdrawn."""

    total: int
    corrected: int
    by_day: list[DayCount]
    by_pair: list[PairCount]
    by_channel: dict[str, int]
    subjects: list[SubjectCount]
    to_correction: ToCorrection | None


class SentCount(TypedDict):
    department: str
    channel: str
    count: int


class Activity(Messages):
    """Messages sent in the window."""

    cells: list[SentCount]


Window = TypedDict("Window", {"from": str, "to": str})
"""The first and the last day, in UTC."""


class Overview(Window):
    conflicts: Trends
    messages: Activity
