"""A conflict and an alert as the service keeps and publishes them. Moments are microseconds since 1970 (UTC)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from services.consistency.domain.conflict import Kind, Span
from shared.events import timestamp

PairState = Literal["open", "settled", "withdrawn"]
ConflictState = Literal["open", "settled", "withdrawn", "resolved", "dismissed"]
AlertState = Literal["open", "acknowledged", "resolved", "dismissed", "merged"]
Severity = Literal["critical", "high", "medium", "low"]
Dismissal = Literal["not_a_conflict", "tolerated", "duplicate"]
Happening = Literal["found", "withdrawn", "regressed", "lapsed"]
"""What Onevoice itself notes in an alert's history; `lapsed`: an acknowledgement ended."""
Deed = Literal[
    "acknowledge",
    "unacknowledge",
    "assign",
    "unassign",
    "comment",
    "resolve",
    "dismiss",
    "reopen",
    "merge",
    "split",
    "take_in",
    "give_back",
]
"""What people do; `take_in` and `give_back` are noted by the alert that another one is merged into."""
Did = Happening | Deed
Verdict = Literal["right", "wrong", "undecided"]
CONFLICT_STATES: tuple[ConflictState, ...] = ("open", "settled", "withdrawn", "resolved", "dismissed")

ONEVOICE = "onevoice"
"""Who did what nobody decided."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def moment_of(moment: int) -> datetime:
    return EPOCH + timedelta(microseconds=moment)


def written(moment: int) -> str:
    """RFC 3339 in UTC."""
    return timestamp(moment_of(moment))


@dataclass(frozen=True, slots=True)
class Ref:
    """An event. `channel` is None where it is no message; that and `time` also in what was stored before they were."""

    source: str
    id: str
    channel: str | None = None
    time: int | None = None

    def to_json(self) -> dict[str, str]:
        return {"source": self.source, "id": self.id}


@dataclass(frozen=True, slots=True)
class Sender:
    """Who or what said one side; `policy` is the embargo's identity, `department` None for the customer."""

    department: str | None = None
    campaign: str | None = None
    template: str | None = None
    policy: str | None = None

    @property
    def key(self) -> str:
        """The most telling of them: equal for messages of one make."""
        what = self.policy or self.campaign or self.template or ""
        return f"{self.department or 'customer'}/{what}"

    def to_json(self) -> dict[str, str | None]:
        return {"department": self.department, "campaign": self.campaign, "template": self.template}


@dataclass(frozen=True, slots=True)
class StoredConflict:
    """`pair` is what the events say, `state` what people see of it: an open pair of a resolved or dismissed
    alert shows that. `fresh`: came open since its alert was last counted; `left`: alerts it belonged to before
    and that are to be counted again. `b_time`: when the later event was. `trace`: of what changed it last.
    `channel`: of the later message. `corrected_at`: when the company last corrected one of a settled pair.
    `languages`: codes of those that its messages are written in; none in what was stored before they were."""

    id: str
    customer: str
    kind: Kind
    attribute: str
    subject: str
    a: Ref
    b: Ref
    reason: str
    spans: tuple[Span, ...]
    confidence: float
    rule: str
    values: tuple[str, str]
    senders: tuple[Sender, Sender]
    b_time: int
    alert: str
    pair: PairState
    state: ConflictState
    fresh: bool
    left: tuple[str, ...]
    revision: int
    found_at: int
    updated_at: int
    trace: str | None
    channel: str | None = None
    corrected_at: int | None = None
    languages: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "customer": self.customer,
            "kind": self.kind,
            "attribute": self.attribute,
            "subject": self.subject,
            "a": self.a.to_json(),
            "b": self.b.to_json(),
            "reason": self.reason,
            "spans": spans_to_json(self.spans),
            "confidence": self.confidence,
            "rule": self.rule,
            "languages": list(self.languages),
            "state": self.state,
            "alert": self.alert or None,
            "departments": {"a": self.senders[0].department, "b": self.senders[1].department},
            "channel": self.channel,
            "told_at": written(self.b_time),
            "corrected_at": None if self.corrected_at is None else written(self.corrected_at),
            "revision": self.revision,
            "found_at": written(self.found_at),
            "updated_at": written(self.updated_at),
        }


@dataclass(frozen=True, slots=True)
class Step:
    """What was done to an alert: by whom, when, why in their words, and the state after it.

    `did` is None in steps that were stored before it was written down. `detail` says until when, to whom, of which
    sort, or with which other alert.
    """

    state: AlertState
    by: str
    at: int
    reason: str | None
    did: Did | None = None
    detail: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "by": self.by,
            "at": written(self.at),
            "reason": self.reason,
            "did": self.did,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class Assignee:
    """A person or a department."""

    kind: Literal["person", "department"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    def to_json(self) -> dict[str, str]:
        return {"kind": self.kind, "name": self.name}


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether an alert was right to be raised, known since when and by whom: a person, or Onevoice by a correction.

    An undecided alert has none.
    """

    verdict: Verdict
    at: int
    by: str


@dataclass(frozen=True, slots=True)
class Alert:
    """All conflicts with one cause. `conflicts` and `customers` count pairs neither withdrawn nor settled;
    `examples` are (conflict, customer); `spreading`: its conflicts do not all show its state yet.

    `until`: when an acknowledgement ends; `merged_into`: the alert that its conflicts count on while it is merged;
    `confidence`: the highest of the newest pairs. `severity` is by the scale with the digest `scale`, and time alone
    may change it from `severity_until` on. `rules` found its newest pairs, whose messages are in `languages`; None
    where it was stored before it kept them. `judgement`: as `feedback` has it, for as long as its state holds.
    """

    id: str
    kind: Kind
    attribute: str
    subject: str
    state: AlertState
    senders: tuple[Sender, Sender]
    values: tuple[str, str]
    customers: int
    conflicts: int
    first_seen: int
    last_seen: int
    reason: str
    examples: tuple[tuple[str, str], ...]
    history: tuple[Step, ...]
    revision: int
    spreading: bool
    updated_at: int
    trace: str | None
    until: int | None = None
    assignee: Assignee | None = None
    dismissal: Dismissal | None = None
    merged_into: str | None = None
    confidence: float = 1.0
    severity: Severity = "medium"
    severity_until: int | None = None
    scale: str | None = None
    rules: tuple[str, ...] | None = None
    languages: tuple[str, ...] = ()
    judgement: Judgement | None = None

    @property
    def verdict(self) -> Verdict:
        return "undecided" if self.judgement is None else self.judgement.verdict

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "attribute": self.attribute,
            "subject": self.subject,
            "state": self.state,
            "severity": self.severity,
            "until": None if self.until is None else written(self.until),
            "assignee": None if self.assignee is None else self.assignee.to_json(),
            "dismissal": self.dismissal,
            "verdict": self.verdict,
            "judged_at": None if self.judgement is None else written(self.judgement.at),
            "merged_into": self.merged_into,
            "senders": {"a": self.senders[0].to_json(), "b": self.senders[1].to_json()},
            "values": {"a": self.values[0], "b": self.values[1]},
            "customers": self.customers,
            "conflicts": self.conflicts,
            "first_seen": written(self.first_seen),
            "last_seen": written(self.last_seen),
            "reason": self.reason,
            "confidence": self.confidence,
            "rules": list(self.rules or ()),
            "languages": list(self.languages),
            "examples": [{"conflict": conflict, "customer": customer} for conflict, customer in self.examples],
            "history": [step.to_json() for step in self.history],
            "revision": self.revision,
        }


def spans_to_json(spans: Sequence[Span]) -> list[dict[str, Any]]:
    return [{"event": span.event, "start": span.start, "end": span.end, "text": span.text} for span in spans]
