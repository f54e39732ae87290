"""The room of the system's health: services, lag, rates, dead letters."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.gateway.console.rendering import render
from services.gateway.console.session import Viewer
from services.gateway.watch import Watch

router = APIRouter(include_in_schema=False)


@router.get("/health")
async def health(request: Request, viewer: Viewer) -> Response:
    watch: Watch = request.app.state.watch
    return render(request, "health.html", health=watch.health())
