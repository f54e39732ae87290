"""A conflict and an alert as the service keeps and publishes them. Moments are microseconds since 1970 (UTC)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from services.consistency.domain.conflict import Kind, Span
from shared.events import timestamp

PairState = Literal["open", "settled", "withdrawn"]
ConflictState = Literal["open", "settled", "withdrawn", "resolved", "dismissed"]
AlertState = Literal["open", "acknowledged", "resolved", "dismissed"]
CONFLICT_STATES: tuple[ConflictState, ...] = ("open", "settled", "withdrawn", "resolved", "dismissed")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment_of(moment: int) -> datetime:
    return EPOCH + timedelta(microseconds=moment)


def written(moment: int) -> str:
    """RFC 3339 in UTC."""
    return timestamp(moment_of(moment))


@dataclass(frozen=True, slots=True)
class Ref:
    source: str
    id: str

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
    `channel`: of the later message. `corrected_at`: when the company last corrected one of a settled pair."""

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
    """A change of an alert's state: by whom, when, and why, in their words."""

    state: AlertState
    by: str
    at: int
    reason: str | None

    def to_json(self) -> dict[str, Any]:
        return {"state": self.state, "by": self.by, "at": written(self.at), "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Alert:
    """All conflicts with one cause. `conflicts` and `customers` count pairs neither withdrawn nor settled;
    `examples` are (conflict, customer); `spreading`: its conflicts do not all show its state yet."""

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

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "attribute": self.attribute,
            "subject": self.subject,
            "state": self.state,
            "senders": {"a": self.senders[0].to_json(), "b": self.senders[1].to_json()},
            "values": {"a": self.values[0], "b": self.values[1]},
            "customers": self.customers,
            "conflicts": self.conflicts,
            "first_seen": written(self.first_seen),
            "last_seen": written(self.last_seen),
            "reason": self.reason,
            "examples": [{"conflict": conflict, "customer": customer} for conflict, customer in self.examples],
            "history": [step.to_json() for step in self.history],
            "revision": self.revision,
        }


def spans_to_json(spans: Sequence[Span]) -> list[dict[str, Any]]:
    return [{"event": span.event, "start": span.start, "end": span.end, "text": span.text} for span in spans]
