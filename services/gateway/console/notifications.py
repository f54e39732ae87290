"""Rooms of the notifications, for ops: who is told, what was not taken, retrying and testing."""

import asyncio
import json
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from services.gateway.api.answers import FromNotifying, page
from services.gateway.api.notifications import NotificationId, ReceiverName
from services.gateway.console.customers import Cursor
from services.gateway.console.languages import N_, counted, gettext
from services.gateway.console.rendering import render
from services.gateway.console.session import CheckedForm, Viewer, local, ops_only
from services.gateway.shapes.notifications import NOTIFICATION_STATES
from shared.web.keys import Caller

router = APIRouter(prefix="/notifications", include_in_schema=False)

ROOM = "/notifications"


Ops = Annotated[Caller, Depends(ops_only(N_("Notifications are for ops.")))]


@router.get("")
async def notifications(
    request: Request,
    _: Ops,
    viewer: Viewer,
    notifying: FromNotifying,
    state: Annotated[str, Query(max_length=40)] = "",
    receiver: Annotated[str, Query(max_length=40)] = "",
    cursor: Cursor = None,
) -> Response:
    """A state or receiver that does not exist shows none."""
    state = state if state in NOTIFICATION_STATES else ""
    found, receivers = await asyncio.gather(
        notifying.notifications(page(40, cursor, state=state, receiver=receiver)), notifying.receivers()
    )
    return render(
        request,
        "notifications.html",
        notifications=found["items"],
        next=found["next"],
        receivers=receivers["items"],
        state=state,
        receiver=receiver,
        states=NOTIFICATION_STATES,
    )


@router.get("/{id}")
async def notification(
    request: Request, _: Ops, viewer: Viewer, notifying: FromNotifying, id: NotificationId
) -> Response:
    found = await notifying.notification(id)
    content = json.dumps(json.loads(found["body"]), indent=2, ensure_ascii=False)
    return render(request, "notification.html", notification=found, content=content)


@router.post("/retry")
async def retry_all(request: Request, caller: Ops, notifying: FromNotifying, form: CheckedForm) -> Response:
    done = await notifying.retry_all(form.get("receiver") or None, caller.name)
    request.session["flash"] = counted(
        "%(count)s notification goes out again.", "%(count)s notifications go out again.", done["retried"]
    )
    return RedirectResponse(local(form.get("back") or ROOM), 303)


@router.post("/{id}/retry")
async def retry(
    request: Request, caller: Ops, notifying: FromNotifying, id: NotificationId, form: CheckedForm
) -> Response:
    await notifying.retry(id, caller.name)
    request.session["flash"] = gettext("It goes out again, under the same id.")
    return RedirectResponse(local(form.get("back") or ROOM), 303)


@router.post("/receivers/{name}/test")
async def test(
    request: Request, caller: Ops, notifying: FromNotifying, name: ReceiverName, form: CheckedForm
) -> Response:
    done = await notifying.test(name, caller.name)
    said = {
        "sent": gettext("%(name)s took the test.", name=name),
        "dead": gettext("%(name)s did not take the test: %(problem)s.", name=name, problem=done["problem"]),
        "pending": gettext("%(name)s has not answered yet; the list says how it ends.", name=name),
    }
    request.session["flash"] = said[done["state"]]
    return RedirectResponse(local(form.get("back") or ROOM), 303)
