"""Silences, notifications and their receivers."""

from typing import Literal

from typing_extensions import TypedDict

from services.gateway.shapes.alerts import AlertState, Senders, Values
from services.gateway.shapes.conflicts import Kind

SilenceState = Literal["active", "ended"]
NotificationState = Literal["pending", "sent", "dead"]

NOTIFICATION_STATES: tuple[NotificationState, ...] = ("pending", "sent", "dead")


class HiddenAlert(TypedDict):
    """What is known of an alert that a silence hides."""

    id: str
    kind: Kind
    severity: str | None
    attribute: str
    subject: str
    state: AlertState
    senders: Senders
    values: Values
    customers: int
    conflicts: int
    first_seen: str
    last_seen: str
    reason: str


class Silence(TypedDict):
    """Alerts that match all `matchers` are told to nobody until `ends_at`. `hides`: how many alerts that are not closed
    it hides now, and of one that has ended, how many came up then; `alerts`: some of them, the oldest first."""

    id: str
    matchers: list[str]
    by: str
    reason: str
    state: SilenceState
    created_at: str
    ends_at: str
    ended_by: str | None
    hides: int
    alerts: list[HiddenAlert]


class SilencePage(TypedDict):
    items: list[Silence]
    next: str | None


class ToldAlert(TypedDict):
    id: str
    change: Literal["opened", "worsened", "closed"]


class Notification(TypedDict):
    """One message to one receiver; `id` is its `webhook-id` at each try. `covers`: how many alerts it tells of, of
    which `alerts` has some; `summary` says it in a line. `problem`: why the last try failed; `dead`: no more tries are
    made."""

    id: str
    purpose: Literal["alerts", "test"]
    summary: str
    state: NotificationState
    receiver: str
    route: str | None
    alerts: list[ToldAlert]
    covers: int
    attempts: int
    problem: str | None
    created_at: str
    next_at: str | None
    sent_at: str | None
    retried_by: str | None


class Try(TypedDict):
    at: str
    problem: str | None


class NotificationDetail(Notification):
    """`body`: what a webhook is sent, to the byte."""

    tries: list[Try]
    body: str


class NotificationPage(TypedDict):
    items: list[Notification]
    next: str | None


class Retried(TypedDict):
    retried: int


class Receiver(TypedDict):
    """As the routes file names it; `where` has the host or the mailboxes, never a secret. Counts of notifications."""

    name: str
    type: Literal["webhook", "slack", "email"]
    where: str
    routes: list[str]
    pending: int
    sent: int
    dead: int


class Receivers(TypedDict):
    items: list[Receiver]
