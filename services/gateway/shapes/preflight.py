"""Pre-flight: what a message would clash with, for one customer or for many."""

from typing_extensions import TypedDict

from services.gateway.shapes.conflicts import Clash, Departments, Kind


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
