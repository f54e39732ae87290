"""What the gateway answers, for type checkers and for its OpenAPI document.

The owners of the data make these documents and the gateway passes them on unchanged, so they are
described here, not converted.
"""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from services.gateway.dead_letters.shapes import DeadLetterCounts

Kind = Literal["contradiction", "consent", "open_case", "embargo", "pressure"]
AlertState = Literal["open", "acknowledged", "resolved", "dismissed", "merged"]
Severity = Literal["critical", "high", "medium", "low"]
Dismissal = Literal["not_a_conflict", "tolerated", "duplicate"]
ConflictState = Literal["open", "settled", "withdrawn", "resolved", "dismissed"]
Order = Literal["last_seen", "severity", "customers"]
Side = Literal["a", "b"]

KINDS: tuple[Kind, ...] = ("contradiction", "consent", "open_case", "embargo", "pressure")
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
DISMISSALS: tuple[Dismissal, ...] = ("not_a_conflict", "tolerated", "duplicate")
ORDERS: tuple[Order, ...] = ("severity", "last_seen", "customers")
ALERT_STATES: tuple[AlertState, ...] = ("open", "acknowledged", "resolved", "dismissed", "merged")


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
    `corrected_at`: when the company corrected one of the two."""

    id: str
    customer: str
    state: ConflictState
    alert: NotRequired[str | None]
    departments: NotRequired[Departments]
    channel: NotRequired[str | None]
    told_at: NotRequired[str]
    corrected_at: NotRequired[str | None]
    revision: NotRequired[int]
    found_at: NotRequired[str]
    updated_at: NotRequired[str]


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


class CustomerRow(TypedDict):
    id: str
    first: str | None
    last: str | None
    conflicts: OpenConflicts


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


class ConflictPage(TypedDict):
    items: list[Conflict]
    next: str | None


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
    merged_into: str | None
    senders: Senders
    values: Values
    customers: int
    conflicts: int
    first_seen: str
    last_seen: str
    reason: str
    confidence: float
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


class ChannelProgress(TypedDict):
    """`channel` is null for messages from before it was kept."""

    channel: str | None
    customers: int
    corrected: int


class Correction(TypedDict):
    """Customers who heard the statement of `side`, and those of them who were corrected since."""

    side: Side
    sender: Sender
    customers: int
    corrected: int
    by_channel: list[ChannelProgress]


class WrongMessage(TypedDict):
    """What a correction's `corrects` names is its `id`."""

    source: str
    id: str
    channel: str | None
    time: str | None
    corrected: bool


class HeardIt(TypedDict):
    customer: str
    corrected: bool
    corrected_at: str | None
    messages: list[WrongMessage]


class HeardItPage(TypedDict):
    """May hold fewer than `limit` where `corrected` is asked for; `next` says whether there is more."""

    items: list[HeardIt]
    next: str | None


class AlertPage(TypedDict):
    items: list[Alert]
    next: str | None


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


class Preflight(TypedDict):
    """Where a planned message clashes with what the customer has been told; empty: nowhere."""

    conflicts: list[Clash]


class CampaignExample(TypedDict):
    customer: str
    conflict: Clash


class CampaignCause(TypedDict):
    """Clashes that would belong to one alert, whose id is `alert`, with a few examples; `b` is the planned message's
    side unless the customer was told something of a later time."""

    alert: str
    kind: Kind
    attribute: str
    subject: str
    departments: Departments
    customers: int
    examples: list[CampaignExample]


class CampaignProgress(TypedDict):
    """`customers`: so many of those checked would be told something that conflicts with what they were told."""

    checked: int
    total: int
    customers: int


class CampaignResult(CampaignProgress):
    """`complete` is false where the time ran out: those checked are a fair sample then. `unknown`: customers of whom
    nothing is stored; `by_kind`: customers by the kind of clash; `more_causes` are not listed."""

    complete: bool
    unknown: int
    by_kind: dict[Kind, int]
    causes: list[CampaignCause]
    more_causes: int


class CampaignLine(TypedDict, total=False):
    """How far it is (`checked`, `total`, `customers`), or what ends it: `result` or `problem`."""

    checked: int
    total: int
    customers: int
    result: CampaignResult
    problem: str


class ConsumerState(TypedDict):
    group: str
    topic: str
    assigned: list[int]
    lag_records: int
    lag_seconds: float
    consumed: int
    dead_letters: int


class JourneyStats(TypedDict):
    touchpoints: int
    customers: int
    messages: NotRequired[Messages]
    consumers: list[ConsumerState]


class ConflictCounts(TypedDict):
    by_kind: dict[str, int]
    by_state: dict[str, int]


class AlertCounts(TypedDict):
    by_state: dict[str, int]


class Consumers(TypedDict):
    consumers: list[ConsumerState]


class ConsistencyStats(TypedDict):
    messages: int
    conflicts: ConflictCounts
    alerts: AlertCounts
    policies: int
    consumers: list[ConsumerState]


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


class MessagePage(TypedDict):
    """CloudEvents, the newest first."""

    items: list[TimelineItem]
    next: str | None


class ServiceHealth(TypedDict):
    """`state` is `ok` or what is wrong; rates are records a second over the last minute."""

    name: str
    state: str
    parts: dict[str, str]
    rates: dict[str, float]
    totals: dict[str, float]
    consumers: list[ConsumerState]


class CanaryRun(TypedDict):
    """One canary event; `timeline` and `conflict` are the seconds until it was there, null while it is not.

    `refused`: the door did not take it.
    """

    at: str
    state: Literal["under way", "overdue", "ok", "late", "lost", "refused"]
    timeline: float | None
    conflict: float | None


class CanaryHealth(TypedDict):
    """`state` is what the newest events say, `since` when it became late or lost; `runs`, the newest first.
    `late` and `lost` (with those refused) count since the gateway started."""

    state: Literal["waiting", "ok", "late", "lost"]
    since: str | None
    late: int
    lost: int
    runs: list[CanaryRun]


class Health(TypedDict):
    """`impaired` where a service does not do its work, or the canary is late or lost; `canary` is null in a gateway
    that has none."""

    status: Literal["ok", "impaired"]
    at: str
    services: list[ServiceHealth]
    dead_letters: DeadLetterCounts
    canary: CanaryHealth | None
