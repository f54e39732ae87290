"""Alerts: all conflicts with one cause, and what was decided about them."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from services.gateway.shapes.conflicts import Kind

AlertState = Literal["open", "acknowledged", "resolved", "dismissed", "merged"]
Severity = Literal["critical", "high", "medium", "low"]
Dismissal = Literal["not_a_conflict", "tolerated", "duplicate"]
Verdict = Literal["right", "wrong", "undecided"]
Order = Literal["last_seen", "severity", "customers"]
Side = Literal["a", "b"]

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
DISMISSALS: tuple[Dismissal, ...] = ("not_a_conflict", "tolerated", "duplicate")
VERDICTS: tuple[Verdict, ...] = ("right", "wrong", "undecided")
ORDERS: tuple[Order, ...] = ("severity", "last_seen", "customers")
ALERT_STATES: tuple[AlertState, ...] = ("open", "acknowledged", "resolved", "dismissed", "merged")


class Sender(TypedDict):
    department: str | None
    campaign: NotRequired[str | None]
    template: NotRequired[str | None]


class Senders(TypedDict):
    a: Sender
    b: Sender


class Values(TypedDict):
    a: str | None
    b: str | None


class Example(TypedDict):
    conflict: str
    customer: str


class Step(TypedDict):
    """One step of an alert: what was done by whom, when and why, and the state after it.

    `did` is null in steps from before it was kept. `detail`: until when, to whom, of which kind, with which alert.
    """

    state: AlertState
    by: str
    at: str
    reason: NotRequired[str | None]
    did: NotRequired[str | None]
    detail: NotRequired[str | None]


class Assignee(TypedDict):
    kind: Literal["person", "department"]
    name: str


class Alert(TypedDict):
    """All conflicts with one cause, over however many customers.

    `until`: when its acknowledgement ends; `merged_into`: the alert on which its conflicts count, while it is merged.
    `verdict`: whether it was right to be raised, as far as what was decided says so, and since when. `rules` found its
    newest conflicts, whose messages are in `languages`.
    """

    id: str
    kind: Kind
    attribute: str
    subject: NotRequired[str]
    state: AlertState
    severity: Severity
    until: str | None
    assignee: Assignee | None
    dismissal: Dismissal | None
    verdict: Verdict
    judged_at: str | None
    merged_into: str | None
    senders: Senders
    values: Values
    customers: int
    conflicts: int
    first_seen: str
    last_seen: str
    reason: str
    confidence: float
    rules: list[str]
    languages: list[str]
    examples: list[Example]
    history: list[Step]
    revision: int


class DepartmentsCount(TypedDict):
    """Both sides' departments, in alphabetical order; `customer` where a side is what the customer did."""

    departments: list[str]
    count: int


class AlertFacets(TypedDict):
    """How many alerts there are, each under the filters on the others: what choosing it would show."""

    by_state: dict[str, int]
    by_severity: dict[str, int]
    by_departments: list[DepartmentsCount]


class AlertPage(TypedDict):
    items: list[Alert]
    next: str | None


CourseSpan = TypedDict("CourseSpan", {"from": str, "told": int, "corrected": int, "open": int})
"""Conflicts told in this span of time and corrected in it; `open`: told by its end, not corrected by then."""


class Lately(TypedDict):
    """Conflicts found in the last hour, and in the last 24 hours."""

    hour: int
    day: int


class Course(TypedDict):
    """An alert over time, in at most 60 spans of `hours` each, the oldest first, also those in which nothing happened.

    Without what was withdrawn; spans of a day or more begin at midnight (UTC).
    """

    hours: int
    spans: list[CourseSpan]
    lately: Lately
