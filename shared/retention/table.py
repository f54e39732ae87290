"""Reads `retention.toml`, the one place that says how long everything is kept."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveInt, model_validator

from shared.events import EVENT_TYPES
from shared.kafka.topics import TOPICS
from shared.reserved import is_reserved
from shared.toml_file import load_as

SHIPPED = Path(__file__).resolve().parents[1] / "retention.toml"
FOR_EVER = "for ever"
MOST_DAYS = 36_500
MESSAGE, EMBARGO = "touchpoint.message.v1", "touchpoint.embargo.v1"
READS_MESSAGES = ("touchpoint.delivery.v1", "touchpoint.case.v1", "touchpoint.consent.v1")
"""Types that say how a message is to be read, so that they must not end before it."""


class RetentionError(ValueError):
    """The file cannot be used; the text names it, the line's name and what is wrong."""


def days_in(value: Any) -> Any:
    return None if value == FOR_EVER else value


Days = Annotated[
    Annotated[PositiveInt, Field(le=MOST_DAYS, strict=True)] | None,
    BeforeValidator(days_in),
]
"""None: for ever."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Derived(Part):
    withdrawn_conflicts: Days = Field(alias="withdrawn-conflicts")
    identities: Annotated[PositiveInt, Field(le=MOST_DAYS, strict=True)]
    notifications: Annotated[PositiveInt, Field(le=MOST_DAYS, strict=True)]


class Canary(Part):
    days: Annotated[PositiveInt, Field(le=MOST_DAYS, strict=True)]


class Retention(Part):
    """Days by topic and by event type, and of what is derived from events."""

    topics: dict[str, Days]
    documents: dict[str, Days]
    derived: Derived
    canary: Canary

    @model_validator(mode="after")
    def complete_and_in_order(self) -> "Retention":
        names_are("topics", self.topics, [topic.name for topic in TOPICS])
        names_are("documents", self.documents, EVENT_TYPES)
        for topic in TOPICS:
            if topic.cleanup == "compact" and self.topics[topic.name] is not None:
                raise ValueError(f'[topics] {topic.name}: a compacted topic is kept "{FOR_EVER}"')
        if self.documents[EMBARGO] is not None:
            raise ValueError(f'[documents] {EMBARGO}: its topic is compacted, so it is kept "{FOR_EVER}"')
        for name in READS_MESSAGES:
            if shorter(self.documents[name], self.documents[MESSAGE]):
                raise ValueError(
                    f"[documents] {name}: must be kept at least as long as {MESSAGE}, which it is read with"
                )
        return self

    def of_event(self, event_type: str, customer: str) -> int | None:
        """Days for which an event is kept; None: for ever."""
        return self.canary.days if is_reserved(customer) else self.documents[event_type]

    def of_withdrawn(self, customer: str) -> int | None:
        """Days for which a conflict is kept after it was withdrawn."""
        return self.canary.days if is_reserved(customer) else self.derived.withdrawn_conflicts


def shorter(days: int | None, than: int | None) -> bool:
    return days is not None and (than is None or days < than)


def names_are(part: str, given: Mapping[str, Any], wanted: Any) -> None:
    for name in wanted:
        if name not in given:
            raise ValueError(f"[{part}] has no line for {name}")
    for name in given:
        if name not in wanted:
            raise ValueError(f"[{part}] {name}: not known; known are {', '.join(wanted)}")


def read(file: Path) -> Retention:
    """Raises `RetentionError`."""
    return load_as(Retention, file, RetentionError)


@lru_cache(maxsize=1)
def shipped() -> Retention:
    """What stands in the file that comes with the sources."""
    return read(SHIPPED)
