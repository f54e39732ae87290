"""`/healthz` (alive), `/readyz` (can do its work) and `/metrics` (Prometheus)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Check = Callable[[], Awaitable[None]]
"""Raises where the part it looks at does not do its work; the message is shown to operators."""


def health_routes(checks: Mapping[str, Check], aids: Mapping[str, Check], seconds: float = 6.0) -> APIRouter:
    """Each check may take `seconds`; `/readyz` answers 503 where any of `checks` fails, with each part's state.

    `aids` are parts that the service does its work without: their state is told, nothing more.
    """
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="Is the process alive?")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz", summary="Can it do its work?", responses={503: {"description": "A part is not ready"}})
    async def readyz() -> Response:
        asked = {**checks, **aids}
        states = await asyncio.gather(*(_state(check, seconds) for check in asked.values()))
        parts = dict(zip(asked, states, strict=True))
        ready = all(parts[name] == "ok" for name in checks)
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
