"""What the detector finds: two events that cannot both be relied on, and why."""

import hashlib
from dataclasses import dataclass
from typing import Literal

from shared.events import CustomerEvent, EmbargoEvent, identity_of

Kind = Literal["contradiction", "consent", "open_case", "embargo", "pressure"]
KINDS: tuple[Kind, ...] = ("contradiction", "consent", "open_case", "embargo", "pressure")


@dataclass(frozen=True, slots=True)
class Span:
    """Words that clash: code points `start` to `end` (exclusive) of the `text` of event `event`."""

    event: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """One pair. `a` is the earlier event; `values` are what each side says, in a form that is equal
    for equal statements, so that conflicts with one cause can be told by them.

    `rule` names what decided, `confidence` is from 0 to 1.
    """

    kind: Kind
    a: CustomerEvent | EmbargoEvent
    b: CustomerEvent | EmbargoEvent
    attribute: str
    reason: str
    spans: tuple[Span, ...]
    confidence: float
    rule: str
    subject: str = ""
    values: tuple[str, str] = ("", "")

    @property
    def id(self) -> str:
        """Equal for the same pair and kind, whatever the order of arrival."""
        pair = f"{self.kind}:{identity_of(self.a)}:{identity_of(self.b)}"
        return hashlib.sha256(pair.encode()).hexdigest()[:32]
