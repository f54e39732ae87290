"""The room of the system's health: services, lag, rates, dead letters."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from services.gateway import dead_letters
from services.gateway.console.rendering import render
from services.gateway.console.session import Viewer
from services.gateway.ring import Ring
from services.gateway.watch import Watch

router = APIRouter(include_in_schema=False)

LETTERS = 20


@router.get("/health")
async def health(
    request: Request, viewer: Viewer, before: Annotated[str | None, Query(pattern=r"^\d{1,18}$")] = None
) -> Response:
    watch: Watch = request.app.state.watch
    ring: Ring = request.app.state.dead_letters
    letters = dead_letters.page(ring, LETTERS, int(before) if before else None) if viewer.role == "ops" else None
    return render(request, "health.html", health=watch.health(), letters=letters, paged=before is not None)
