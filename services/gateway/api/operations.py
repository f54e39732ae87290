"""How the system is: health of every service, dead letters."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from services.gateway import dead_letters
from services.gateway.api.answers import Limit, problems
from services.gateway.ring import Ring
from services.gateway.shapes import DeadLetterPage, Health
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


@router.get(
    "/dead-letters",
    summary="Records that could not be processed",
    response_model=DeadLetterPage,
    responses=problems(),
    dependencies=[Depends(allow("ops"))],
)
async def letters(
    request: Request,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(pattern=r"^\d{1,18}$", description="`next` of the page before.")] = None,
) -> JSONResponse:
    """The newest first, each with the reason, where the record stood, and its bytes made fit to be shown."""
    ring: Ring = request.app.state.dead_letters
    return JSONResponse(dead_letters.page(ring, limit, int(cursor) if cursor else None))
