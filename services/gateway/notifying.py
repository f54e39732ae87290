"""A client of the consistency service for silences and notifications."""

from collections.abc import Iterable
from typing import Any, cast

from services.gateway.shapes.notifications import (
    NotificationDetail,
    NotificationPage,
    Receivers,
    Retried,
    Silence,
    SilencePage,
)
from services.gateway.upstream import Params, Upstream, segment


class Notifying:
    """Asks the consistency service, which tells receivers."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def silences(self, params: Params) -> SilencePage:
        return cast(SilencePage, await self._upstream.get("/v1/silences", params))

    async def silence(self, silence: str) -> Silence:
        return cast(Silence, await self._upstream.get(f"/v1/silences/{segment(silence)}"))

    async def silenced(self, alerts: Iterable[str]) -> frozenset[str]:
        """Those of the alerts, a page of them at the most, that a silence hides now."""
        found = await self._upstream.get("/v1/silenced", [("alert", alert) for alert in alerts])
        return frozenset(found["items"])

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
