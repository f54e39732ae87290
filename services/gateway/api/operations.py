"""How the system is: health of every service."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from services.gateway.api.answers import problems
from services.gateway.shapes.health import Health
from services.gateway.watch import Watch
from shared.web.keys import allow

router = APIRouter(prefix="/v1", tags=["operations"])


@router.get(
    "/health",
    summary="How the system is",
    response_model=Health,
    responses=problems(),
    dependencies=[Depends(allow("agent", "ops"))],
)
async def health(request: Request) -> JSONResponse:
    """Each service's state, its consumers' lag, and rates in records a second over the last minute. The
    services are asked every few seconds; `at` says when they were last."""
    watch: Watch = request.app.state.watch
    return JSONResponse(watch.health())
