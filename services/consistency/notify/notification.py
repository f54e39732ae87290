"""A notification: one message to one receiver, under an id that stays the same however often it is sent."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from services.consistency.domain.stored import written
from services.consistency.notify.matchers import Labels

NEVER_DUE = 2**62
NotificationState = Literal["pending", "sent", "dead"]
STATES: tuple[NotificationState, ...] = ("pending", "sent", "dead")
Purpose = Literal["alerts", "test"]
Change = Literal["opened", "worsened", "closed"]
MAX_TRIES = 20
"""Tries that are kept, the newest."""


@dataclass(frozen=True, slots=True)
class Group:
    """The alerts that go to a receiver together. `sequence` counts its notifications; `due`: when it is looked at
    next; `last_at`: when it was told last. Moments are microseconds."""

    id: str
    route: str
    receiver: str
    by: Labels | Mapping[str, str]
    version: int = 0
    sequence: int = 0
    due: int = NEVER_DUE
    last_at: int | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """What a notification says of one alert."""

    alert: str
    change: Change
    severity: str


@dataclass(frozen=True, slots=True)
class Try:
    """`problem`: why it was not taken; None where it was."""

    at: int
    problem: str | None

    def to_json(self) -> dict[str, Any]:
        return {"at": written(self.at), "problem": self.problem}


@dataclass(frozen=True, slots=True)
class Notification:
    """`body` is what a webhook is sent, byte by byte; `attempts` counts since it was made or last retried by hand;
    `due`: when it is sent next. `group` is empty in a test."""

    id: str
    purpose: Purpose
    group: str
    sequence: int
    route: str
    receiver: str
    body: str
    covers: tuple[Cover, ...]
    created_at: int
    state: NotificationState = "pending"
    version: int = 0
    due: int = 0
    attempts: int = 0
    tries: tuple[Try, ...] = ()
    sent_at: int | None = None
    retried_by: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "purpose": self.purpose,
            "state": self.state,
            "receiver": self.receiver,
            "route": self.route or None,
            "alerts": [{"id": cover.alert, "change": cover.change} for cover in self.covers[:20]],
            "covers": len(self.covers),
            "attempts": self.attempts,
            "problem": self.tries[-1].problem if self.tries else None,
            "created_at": written(self.created_at),
            "next_at": written(self.due) if self.state == "pending" else None,
            "sent_at": None if self.sent_at is None else written(self.sent_at),
            "retried_by": self.retried_by,
        }


def notification_id(group: str, sequence: int) -> str:
    """The same for the same step of the same group, whoever makes it and however often."""
    return "msg_" + hashlib.sha256(f"{group}:{sequence}".encode()).hexdigest()[:32]
