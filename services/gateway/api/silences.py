"""Silences: what is told to nobody for now, by whom, why and until when."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.gateway.api.answers import Cursor, FromNotifying, Limit, page, problems
from services.gateway.shapes.notifications import Silence, SilencePage, SilenceState
from shared.events import timestamp
from shared.events.models import Moment
from shared.web.body import body_as
from shared.web.keys import Caller, allow
from shared.web.paths import decoded
from shared.web.problems import problem

router = APIRouter(prefix="/v1/silences", tags=["silences"])

Ops = Annotated[Caller, Depends(allow("ops"))]
SilenceId = Annotated[
    str, Path(description="The silence's id.", examples=["5f0c2a9be1d34c77"], min_length=1), AfterValidator(decoded)
]
MAX_BODY = 64 * 1024
EXAMPLE: dict[str, Any] = {
    "matchers": ["kind = contradiction", "department = sales", "campaign =~ spring-.*"],
    "reason": "Sales corrects the spring offers by Monday.",
    "ends_at": "2026-03-09T09:00:00Z",
}


class NewSilence(BaseModel):
    """Alerts that match all `matchers` are told to nobody until `ends_at`, 90 days from now at the most.

    A matcher is a label, `=`, `!=`, `=~` or `!~` (a regular expression for the whole value), and a value. Labels are
    `kind`, `department`, `attribute`, `subject`, `rule`, `language`, `campaign` and `severity`; what an alert does not
    have is the empty text.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    matchers: list[Annotated[str, Field(max_length=400)]] = Field(min_length=1, max_length=20)
    reason: str = Field(min_length=1, max_length=1_000)
    ends_at: Moment


async def new_silence(request: Request, _: Ops) -> NewSilence:
    asked = await body_as(NewSilence, request, MAX_BODY)
    if asked is None:
        raise problem(422, "Say what is silenced, why, and until when.")
    return asked


BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewSilence"}}},
    }
}


@router.get("", summary="Silences", response_model=SilencePage, responses=problems())
async def silences(
    _: Ops,
    notifying: FromNotifying,
    state: Annotated[SilenceState | None, Query()] = None,
    alert: Annotated[str | None, Query(min_length=1, max_length=256, description="Those that hide it now.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """The oldest first, each with the alerts that it hides, the oldest first."""
    return JSONResponse(await notifying.silences(page(limit, cursor, state=state, alert=alert)))


@router.post(
    "",
    summary="Silence alerts",
    status_code=201,
    response_model=Silence,
    responses=problems(409, 413, 415),
    openapi_extra=BODY,
)
async def silence(
    notifying: FromNotifying, caller: Ops, asked: Annotated[NewSilence, Depends(new_silence)]
) -> JSONResponse:
    """From now on. Alerts go on being found, counted and listed; receivers are not told of them. When the silence
    ends, they are told at once of what it hid and what is still open."""
    made = await notifying.make_silence(asked.matchers, caller.name, asked.reason, timestamp(asked.ends_at))
    return JSONResponse(made, 201)


@router.get("/{id}", summary="One silence", response_model=Silence, responses=problems(404))
async def one_silence(_: Ops, notifying: FromNotifying, id: SilenceId) -> JSONResponse:
    """With the alerts that it hides."""
    return JSONResponse(await notifying.silence(id))


@router.post("/{id}/end", summary="End a silence", response_model=Silence, responses=problems(404, 409))
async def end(notifying: FromNotifying, caller: Ops, id: SilenceId) -> JSONResponse:
    """Before its time; what it hid and what is still open is told at once."""
    return JSONResponse(await notifying.end_silence(id, caller.name))
