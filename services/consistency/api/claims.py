"""Claims: what a customer was told, by subject."""

from functools import partial
from typing import Any

from fastapi import APIRouter, Depends

from services.consistency.api.desk import AtDesk
from services.consistency.domain.stored import moment_of
from shared.web.keys import allow

router = APIRouter(prefix="/v1", tags=["consistency"], dependencies=[Depends(allow("service"))])


@router.get("/customers/{customer:path}/claims")
async def claims(desk: AtDesk, customer: str) -> dict[str, Any]:
    history = await desk.examination.history(customer)
    return {"items": await desk.examination.work_out(partial(desk.standing, history, moment_of(desk.clock())))}
