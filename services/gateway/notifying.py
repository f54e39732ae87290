"""Silences and notifications, as their owner answers them: shapes, and a client of the owner."""

from typing import Any, Literal, cast

from typing_extensions import TypedDict

from services.gateway.shapes import AlertState, Kind, Senders, Values
from services.gateway.upstream import Params, Upstream, segment

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


class Notifying:
    """Asks the consistency service, which tells receivers."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def silences(self, params: Params) -> SilencePage:
        return cast(SilencePage, await self._upstream.get("/v1/silences", params))

    async def silence(self, silence: str) -> Silence:
        return cast(Silence, await self._upstream.get(f"/v1/silences/{segment(silence)}"))

    async def make_silence(self, matchers: list[str], by: str, reason: str, ends_at: str) -> Silence:
        """422 where the matchers or the end cannot be, 409 where there are too many silences."""
        body: dict[str, Any] = {"matchers": matchers, "by": by, "reason": reason, "ends_at": ends_at}
        return cast(Silence, await self._upstream.post("/v1/silences", body))

    async def end_silence(self, silence: str, by: str) -> Silence:
        return cast(Silence, await self._upstream.post(f"/v1/silences/{segment(silence)}/end", {"by": by}))

    async def notifications(self, params: Params) -> NotificationPage:
        return cast(NotificationPage, await self._upstream.get("/v1/notifications", params))

    async def notification(self, notification: str) -> NotificationDetail:
        path = f"/v1/notifications/{segment(notification)}"
        return cast(NotificationDetail, await self._upstream.get(path))

    async def retry(self, notification: str, by: str) -> NotificationDetail:
        path = f"/v1/notifications/{segment(notification)}/retry"
        return cast(NotificationDetail, await self._upstream.post(path, {"by": by}))

    async def retry_all(self, receiver: str | None, by: str) -> Retried:
        return cast(Retried, await self._upstream.post("/v1/notifications/retry", {"by": by, "receiver": receiver}))

    async def receivers(self) -> Receivers:
        return cast(Receivers, await self._upstream.get("/v1/receivers"))

    async def test(self, receiver: str, by: str) -> NotificationDetail:
        path = f"/v1/receivers/{segment(receiver)}/test"
        return cast(NotificationDetail, await self._upstream.post(path, {"by": by}))
