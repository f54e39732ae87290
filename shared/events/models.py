"""The event contract: CloudEvents 1.0 carrying one of five touchpoint types, version 1.

Models are strict and frozen: a field of another type is an error, never a conversion, and an event
does not change once read. Attributes of the envelope that the contract does not name are
CloudEvents extensions and are kept as they came.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    model_validator,
)

MAX_TEXT = 100_000
"""Characters in the text of one message."""
MAX_EVENT_BYTES = 512 * 1024
"""Bytes of one event as JSON."""
MAX_BATCH_EVENTS = 1_000
MAX_BATCH_BYTES = 16 * 1024 * 1024
"""Bytes of one request body after decompression."""

Department = Literal[
    "sales",
    "support",
    "investor-relations",
    "marketing",
    "public-relations",
    "government-relations",
    "operations",
    "billing",
    "product",
    "it",
    "internal-communications",
    "executive",
]
Channel = Literal[
    "email",
    "sms",
    "phone",
    "chat",
    "push",
    "letter",
    "social",
    "web",
    "blog",
    "advertising",
    "event",
    "in-person",
    "press",
]
Purpose = Literal["promotional", "transactional", "service", "investor", "relationship"]
Direction = Literal["outbound", "inbound"]
DeliveryStatus = Literal["delivered", "bounced", "suppressed", "opened", "clicked"]

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f]+$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Frozen(BaseModel):
    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False, hide_input_in_errors=True
    )


EARLIEST, LATEST = 1970, 2999
"""Years of the moments that the contract takes: a clock far outside is broken, and stores have limits."""


def within_range(moment: datetime) -> datetime:
    if EARLIEST < moment.year < LATEST:
        return moment  # whatever the offset
    # Moments are compared, stored and written in UTC; near the ends of the calendar they cannot be brought there.
    if not (EARLIEST <= moment.year <= LATEST and EARLIEST <= moment.astimezone(UTC).year <= LATEST):
        raise ValueError(f"a year from {EARLIEST} to {LATEST} (UTC) is needed")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(within_range)]
Number = Annotated[int, Field(ge=-(2**53), le=2**53)] | float
Scalar = Annotated[str, StringConstraints(max_length=5_000)] | Number | bool
Values = Annotated[tuple[Scalar, ...], Field(max_length=20, strict=False)]


class Customer(Frozen):
    id: Identifier


class Claim(Frozen):
    """A statement as the sender's system holds it: of `subject`, `attribute` is `value` (in `unit`).

    A list of two numbers is a range from the one to the other. A bound may stand in place of the value
    (`min`, `max`); `from` and `to` are when it holds. Senders may add fields of their own, which are kept.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[
        Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")], Scalar | Values | None
    ]

    subject: Label
    attribute: Label
    value: Scalar | Values | None = None
    min: Number | None = None
    max: Number | None = None
    unit: Label | None = None
    from_: Moment | Day | None = Field(default=None, alias="from")
    to: Moment | Day | None = None

    @model_validator(mode="after")
    def states_something(self) -> "Claim":
        if len(self.model_extra or {}) > 20:
            raise ValueError("a claim takes 20 fields of the sender's own at the most")
        if self.value is None and self.min is None and self.max is None:
            raise ValueError("a claim needs a value, a min or a max")
        return self


class Message(Frozen):
    """Words between the company and a customer; notes of a call or a visit count as what was said."""

    customer: Customer
    department: Department
    channel: Channel
    direction: Direction
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT)]
    purpose: Purpose | None = None
    title: Label | None = None
    language: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")] | None = None
    topic: Label | None = None
    campaign: Label | None = None
    template: Label | None = None
    thread: Label | None = None
    author: Label | None = None
    audience: Label | None = None
    valid_until: Moment | None = None
    corrects: Identifier | None = None
    claims: Annotated[tuple[Claim, ...], Field(max_length=100, strict=False)] = ()


class Delivery(Frozen):
    """What became of a message on its way: `message` is the id of its event, `reason` why it did not arrive."""

    customer: Customer
    message: Identifier
    status: DeliveryStatus
    reason: Label | None = None


class Case(Frozen):
    """A case of the customer opened or closed; only the category `complaint` holds back promotion."""

    customer: Customer
    department: Department
    case: Identifier
    status: Literal["opened", "closed"]
    category: Label | None = None


class Consent(Frozen):
    """The customer withdrew or granted consent to promotion on a channel, or on all of them (`*`)."""

    customer: Customer
    channel: Channel | Literal["*"]
    status: Literal["withdrawn", "granted"]


class Embargo(Frozen):
    """Until `until`, nobody but `department` states `matter`; binds all customers."""

    department: Department
    matter: Annotated[str, StringConstraints(min_length=1, max_length=5_000)]
    terms: Annotated[tuple[Label, ...], Field(max_length=100, strict=False)] = ()
    until: Moment


def _is_extension_value(value: object) -> bool:
    """CloudEvents type system: String, Integer (32 bits, signed) or Boolean."""
    if isinstance(value, str):
        return len(value) <= 4_096
    return isinstance(value, bool) or (isinstance(value, int) and -(2**31) <= value < 2**31)


EXTENSION_NAME = re.compile(r"[a-z0-9]{1,64}")
JSON_MEDIA_TYPE = r'^[Aa]pplication/[Jj][Ss][Oo][Nn]( *; *charset="?[Uu][Tt][Ff]-8"?)?$'


class Envelope(BaseModel):
    """The CloudEvents 1.0 context attributes. Source: CloudEvents specification 1.0.2, section 3."""

    model_config = ConfigDict(strict=True, frozen=True, extra="allow", allow_inf_nan=False, hide_input_in_errors=True)

    specversion: Literal["1.0"]
    id: Identifier
    source: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\s\x00-\x1f\x7f]+$")]
    type: str
    time: Moment
    datacontenttype: Annotated[str, StringConstraints(pattern=JSON_MEDIA_TYPE)] | None = None
    dataschema: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    subject: Label | None = None

    @model_validator(mode="after")
    def extensions_are_named_and_scalar(self) -> "Envelope":
        for name, value in (self.model_extra or {}).items():
            if not EXTENSION_NAME.fullmatch(name):
                raise ValueError(f"extension attribute {name[:64]!r}: names are lower-case letters and digits")
            if not _is_extension_value(value):
                raise ValueError(f"extension attribute {name!r}: a string (to 4,096 characters), integer or boolean")
        return self

    @property
    def extensions(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class MessageEvent(Envelope):
    type: Literal["touchpoint.message.v1"]
    data: Message


class DeliveryEvent(Envelope):
    type: Literal["touchpoint.delivery.v1"]
    data: Delivery


class CaseEvent(Envelope):
    type: Literal["touchpoint.case.v1"]
    data: Case


class ConsentEvent(Envelope):
    type: Literal["touchpoint.consent.v1"]
    data: Consent


class EmbargoEvent(Envelope):
    type: Literal["touchpoint.embargo.v1"]
    data: Embargo


CustomerEvent = MessageEvent | DeliveryEvent | CaseEvent | ConsentEvent
Event = Annotated[CustomerEvent | EmbargoEvent, Field(discriminator="type")]

EVENT: TypeAdapter[CustomerEvent | EmbargoEvent] = TypeAdapter(Event, config=ConfigDict(hide_input_in_errors=True))
EVENT_TYPES: tuple[str, ...] = (
    "touchpoint.message.v1",
    "touchpoint.delivery.v1",
    "touchpoint.case.v1",
    "touchpoint.consent.v1",
    "touchpoint.embargo.v1",
)


def parse_event(raw: bytes | str) -> CustomerEvent | EmbargoEvent:
    """Reads one event in the CloudEvents JSON format; raises `pydantic.ValidationError`."""
    return EVENT.validate_json(raw)


def customer_of(event: CustomerEvent | EmbargoEvent) -> str | None:
    """The customer's id, or None for what binds every customer."""
    return None if isinstance(event, EmbargoEvent) else event.data.customer.id


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, with as many fractional digits as the moment has."""
    text = moment.astimezone(UTC).isoformat()
    return text.replace("+00:00", "Z")
