"""How much there is, and how far the consumers are."""

from typing import NotRequired

from typing_extensions import TypedDict

from services.gateway.shapes.customers import Messages


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
