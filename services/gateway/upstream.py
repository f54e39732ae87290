"""Asks the services that own the data, in bounded time, and tells their failures apart.

What another service refuses (404, 409, 413, 422) is the caller's to know and is passed on as it is; that one is
away, slow or broken is a 503 with `Retry-After`.
"""

import json
import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import quote

import httpx

from services.gateway.shapes.alerts import Alert, AlertFacets, AlertPage, Course
from services.gateway.shapes.claims import Claims
from services.gateway.shapes.conflicts import ConflictPage
from services.gateway.shapes.corrections import Correction, HeardItPage
from services.gateway.shapes.customers import Customer, CustomerPage, MessagePage, TimelineItems, TimelinePage
from services.gateway.shapes.feedback import Feedback
from services.gateway.shapes.overview import Activity, Trends, Window
from services.gateway.shapes.preflight import CampaignLine, Preflight
from services.gateway.shapes.stats import ConsistencyStats, Consumers, ConsumerState, JourneyStats
from shared.kafka.tracing import TRACEPARENT, current_trace
from shared.web.problems import problem

logger = logging.getLogger(__name__)

Params = Sequence[tuple[str, str]]

PASSED_ON = frozenset({404, 409, 413, 422})
RETRY_AFTER = 5
"""Seconds after which a caller may try again."""


class Upstream:
    """One service's HTTP API, spoken to with the gateway's own key."""

    def __init__(self, name: str, client: httpx.AsyncClient) -> None:
        self._name = name
        self._client = client

    async def get(self, path: str, params: Params = ()) -> Any:
        return await self._ask("GET", path, params=list(params))

    async def post(self, path: str, body: object) -> Any:
        return await self._ask("POST", path, json=body)

    async def ready(self) -> None:
        """Raises `httpx.HTTPError` where the service does not say that it can do its work."""
        (await self._client.get("/readyz")).raise_for_status()

    async def _ask(self, method: str, path: str, **request: Any) -> Any:
        with self._failures_told():
            answer = await self._client.request(method, path, headers=traced(), **request)
            answer.raise_for_status()
            return answer.json()

    async def lines(self, path: str, body: object) -> AsyncGenerator[Any, None]:
        """What the service tells line by line, as long as the next line comes in time."""
        with self._failures_told():
            async with self._client.stream("POST", path, headers=traced(), json=body) as answer:
                if answer.is_error:
                    await answer.aread()
                answer.raise_for_status()
                async for line in answer.aiter_lines():
                    yield json.loads(line)

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPStatusError as refusal:
            if refusal.response.status_code in PASSED_ON:
                raise _as_refused(refusal.response) from refusal
            raise self._away(f"HTTP {refusal.response.status_code}") from refusal
        except (httpx.HTTPError, ValueError) as error:
            raise self._away(f"{type(error).__name__}: {error}") from error

    def _away(self, reason: str) -> Exception:
        logger.warning("upstream failed", extra={"upstream": self._name, "reason": reason})
        return problem(503, f"The {self._name} service does not answer as it should.", retry_after=RETRY_AFTER)


def traced() -> dict[str, str]:
    trace = current_trace()
    return {TRACEPARENT: trace} if trace else {}


def _as_refused(response: httpx.Response) -> Exception:
    try:
        body = response.json()
    except ValueError:
        body = {}
    detail = body.get("detail") if isinstance(body, dict) else None
    extras = {"errors": body["errors"]} if isinstance(body, dict) and "errors" in body else {}
    return problem(response.status_code, str(detail or response.reason_phrase), **extras)


def segment(identifier: str) -> str:
    """An id as one segment of a path, whatever characters it has; `.` and `..` would be steps in the path."""
    return identifier.replace(".", "%2E") if identifier in {".", ".."} else quote(identifier, safe="")


class Journey:
    """Timelines and summaries of customers."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def customers(self, params: Params) -> CustomerPage:
        return cast(CustomerPage, await self._upstream.get("/v1/customers", params))

    async def customer(self, customer: str) -> Customer:
        return cast(Customer, await self._upstream.get(f"/v1/customers/{segment(customer)}"))

    async def timeline(self, customer: str, params: Params) -> TimelinePage:
        path = f"/v1/customers/{segment(customer)}/timeline"
        return cast(TimelinePage, await self._upstream.get(path, params))

    async def events(self, customer: str, ids: Sequence[str]) -> TimelineItems:
        """The customer's events of these ids; senders may use the same id, so compare `source` too."""
        path = f"/v1/customers/{segment(customer)}/events"
        return cast(TimelineItems, await self._upstream.get(path, [("id", item) for item in ids]))

    async def activity(self, params: Params) -> tuple[Window, Activity]:
        """The days that were asked for, and the messages sent on them."""
        plain = await self._upstream.get("/v1/activity", params)
        window = {"from": plain.pop("from"), "to": plain.pop("to")}
        return cast(Window, window), cast(Activity, plain)

    async def messages(self, params: Params) -> MessagePage:
        return cast(MessagePage, await self._upstream.get("/v1/messages", params))

    async def stats(self) -> JourneyStats:
        return cast(JourneyStats, await self._upstream.get("/v1/stats"))

    async def consumers(self) -> list[ConsumerState]:
        return cast(Consumers, await self._upstream.get("/v1/consumers"))["consumers"]

    async def ready(self) -> None:
        await self._upstream.ready()


class Consistency:
    """Claims, conflicts and alerts."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def conflicts(self, params: Params) -> ConflictPage:
        return cast(ConflictPage, await self._upstream.get("/v1/conflicts", params))

    async def alerts(self, params: Params) -> AlertPage:
        return cast(AlertPage, await self._upstream.get("/v1/alerts", params))

    async def alert(self, alert: str) -> Alert:
        return cast(Alert, await self._upstream.get(f"/v1/alerts/{segment(alert)}"))

    async def course(self, alert: str) -> Course:
        return cast(Course, await self._upstream.get(f"/v1/alerts/{segment(alert)}/course"))

    async def alert_facets(self, params: Params) -> AlertFacets:
        return cast(AlertFacets, await self._upstream.get("/v1/alerts/counts", params))

    async def act(self, alert: str, action: str, by: str, reason: str | None = None, **more: object) -> Alert:
        """`action` is a route of `api.decisions`, `more` what it needs beside a reason; 409 where the alert's state
        does not allow it."""
        path = f"/v1/alerts/{segment(alert)}/{action}"
        return cast(Alert, await self._upstream.post(path, {"by": by, "reason": reason, **more}))

    async def correction(self, alert: str, params: Params) -> Correction:
        return cast(Correction, await self._upstream.get(f"/v1/alerts/{segment(alert)}/correction", params))

    async def to_correct(self, alert: str, params: Params) -> HeardItPage:
        path = f"/v1/alerts/{segment(alert)}/correction/customers"
        return cast(HeardItPage, await self._upstream.get(path, params))

    async def claims(self, customer: str) -> Claims:
        return cast(Claims, await self._upstream.get(f"/v1/customers/{segment(customer)}/claims"))

    async def trends(self, window: Window) -> Trends:
        plain = await self._upstream.get("/v1/trends", list(cast(dict[str, str], window).items()))
        return cast(Trends, {name: given for name, given in plain.items() if name not in window})

    async def feedback(self, params: Params) -> Feedback:
        """`params` have the days, `from` and `to`."""
        return cast(Feedback, await self._upstream.get("/v1/feedback", params))

    async def preflight(self, event: object) -> Preflight:
        return cast(Preflight, await self._upstream.post("/v1/preflight", event))

    def campaign(self, event: object, customers: Sequence[str]) -> AsyncGenerator[CampaignLine, None]:
        """How far it is, and in the end the result or the problem that ended it."""
        return self._upstream.lines("/v1/preflight/campaign", {"event": event, "customers": list(customers)})

    async def stats(self) -> ConsistencyStats:
        return cast(ConsistencyStats, await self._upstream.get("/v1/stats"))

    async def consumers(self) -> list[ConsumerState]:
        return cast(Consumers, await self._upstream.get("/v1/consumers"))["consumers"]

    async def ready(self) -> None:
        await self._upstream.ready()


def open_client(url: str, key: str, seconds: float) -> httpx.AsyncClient:
    """A client of one service; `seconds` bound each answer, connecting is bounded to two."""
    return httpx.AsyncClient(
        base_url=url,
        headers={"Authorization": f"Bearer {key}"},
        timeout=httpx.Timeout(seconds, connect=min(2.0, seconds)),
        limits=httpx.Limits(max_connections=100, max_keepalive_connections=20),
        follow_redirects=False,
    )
