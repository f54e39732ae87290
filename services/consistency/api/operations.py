"""How much there is, and how far the consumers are."""

from typing import Any

from fastapi import APIRouter, Depends

from services.consistency.api.desk import AtDesk
from shared.web.keys import allow

router = APIRouter(prefix="/v1", tags=["consistency"], dependencies=[Depends(allow("service"))])


@router.get("/stats")
async def stats(desk: AtDesk) -> dict[str, Any]:
    by_kind, by_state = await desk.store.trends.totals()
    return {
        "messages": await desk.messages.answer((), desk.store.events.messages),
        "conflicts": {"by_kind": by_kind, "by_state": by_state},
        "alerts": {"by_state": await desk.store.alerts.totals()},
        "policies": await desk.store.policies.count(),
        **await consumers(desk),
    }


@router.get("/consumers")
async def consumers(desk: AtDesk) -> dict[str, Any]:
    """How far they are; asks no server, so that whoever watches may ask often."""
    return {"consumers": [consumer.report() for consumer in (desk.consumer, desk.alerts_consumer)]}
