"""Notifications: what receivers were told, what they did not take, and a test of each."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.gateway.api.answers import Cursor, FromNotifying, Limit, page, problems
from services.gateway.shapes.notifications import (
    NotificationDetail,
    NotificationPage,
    NotificationState,
    Receivers,
    Retried,
)
from shared.web.body import body_as
from shared.web.keys import Caller, allow
from shared.web.paths import decoded

router = APIRouter(prefix="/v1", tags=["notifications"])

Ops = Annotated[Caller, Depends(allow("ops"))]
NotificationId = Annotated[
    str, Path(description="The notification's id.", examples=["msg_2c9e"], min_length=1), AfterValidator(decoded)
]
ReceiverName = Annotated[
    str, Path(description="As the routes file has it.", examples=["on-call"], min_length=1), AfterValidator(decoded)
]
MAX_BODY = 16 * 1024
NAME = Annotated[str | None, Query(min_length=1, max_length=40, description="To this receiver alone.")]


class Retrying(BaseModel):
    """Whose dead notifications; all of them without it."""

    model_config = ConfigDict(extra="forbid")

    receiver: str | None = Field(None, min_length=1, max_length=40, examples=["on-call"])


async def retrying(request: Request, _: Ops) -> Retrying:
    return await body_as(Retrying, request, MAX_BODY) or Retrying(receiver=None)


BODY: dict[str, Any] = {
    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Retrying"}}}}
}


@router.get("/notifications", summary="Notifications", response_model=NotificationPage, responses=problems())
async def notifications(
    _: Ops,
    notifying: FromNotifying,
    state: Annotated[NotificationState | None, Query(description="`dead`: given up, to be retried by hand.")] = None,
    receiver: NAME = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """The newest first; kept for 90 days."""
    return JSONResponse(await notifying.notifications(page(limit, cursor, state=state, receiver=receiver)))


@router.post(
    "/notifications/retry",
    summary="Retry what was given up",
    response_model=Retried,
    responses=problems(413, 415),
    openapi_extra=BODY,
)
async def retry_all(
    notifying: FromNotifying, caller: Ops, asked: Annotated[Retrying, Depends(retrying)]
) -> JSONResponse:
    """The dead notifications of one receiver or of all, the newest 1,000; each under its own id, so that a receiver can
    tell what it has."""
    return JSONResponse(await notifying.retry_all(asked.receiver, caller.name))


@router.get(
    "/notifications/{id}", summary="One notification", response_model=NotificationDetail, responses=problems(404)
)
async def notification(_: Ops, notifying: FromNotifying, id: NotificationId) -> JSONResponse:
    """With its body and its tries."""
    return JSONResponse(await notifying.notification(id))


@router.post(
    "/notifications/{id}/retry",
    summary="Retry a notification",
    response_model=NotificationDetail,
    responses=problems(404, 409),
)
async def retry(notifying: FromNotifying, caller: Ops, id: NotificationId) -> JSONResponse:
    """Of one that was given up (`dead`); it is sent again at once, under the same id."""
    return JSONResponse(await notifying.retry(id, caller.name))


@router.get("/receivers", summary="Receivers", response_model=Receivers, responses=problems())
async def receivers(_: Ops, notifying: FromNotifying) -> JSONResponse:
    """Those of the routes file, with how many notifications each has in each state."""
    return JSONResponse(await notifying.receivers())


@router.post(
    "/receivers/{name}/test",
    summary="Test a receiver",
    response_model=NotificationDetail,
    responses=problems(404),
)
async def test(notifying: FromNotifying, caller: Ops, name: ReceiverName) -> JSONResponse:
    """Sends it a test at once, and once; `state` and `problem` say what became of it."""
    return JSONResponse(await notifying.test(name, caller.name))
