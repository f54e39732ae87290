"""`/healthz` (alive), `/readyz` (can do its work) and `/metrics` (Prometheus)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Check = Callable[[], Awaitable[None]]
"""Raises where the part it looks at does not do its work; the message is shown to operators."""


def health_routes(checks: Mapping[str, Check], seconds: float = 6.0) -> APIRouter:
    """Each check may take `seconds`; `/readyz` answers 503 where any fails, with each part's state."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="Is the process alive?")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz", summary="Can it do its work?", responses={503: {"description": "A part is not ready"}})
    async def readyz() -> Response:
        states = await asyncio.gather(*(_state(check, seconds) for check in checks.values()))
        parts = dict(zip(checks, states, strict=True))
        ready = all(state == "ok" for state in parts.values())
        return JSONResponse({"status": "ok" if ready else "not ready", "parts": parts}, 200 if ready else 503)

    @router.get("/metrics", summary="Metrics in Prometheus form", response_class=Response)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _state(check: Check, seconds: float) -> str:
    try:
        async with asyncio.timeout(seconds):
            await check()
    except TimeoutError:
        return f"no answer within {seconds:g} s"
    except Exception as error:  # noqa: BLE001 - whatever a part says is its state
        return f"{type(error).__name__}: {error}"[:500]
    return "ok"
