"""Dead letters: listed, shown, replayed."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.gateway.api.answers import Limit, problems
from services.gateway.dead_letters import views
from services.gateway.dead_letters.index import Index, Wanted
from services.gateway.dead_letters.letters import Letter, Original
from services.gateway.dead_letters.reader import Gone, Reader
from services.gateway.dead_letters.replay import MOST, Replayer
from services.gateway.dead_letters.shapes import DeadLetterDetail, DeadLetterPage, LetterState, Replay
from shared.events.models import Moment
from shared.web.body import body_as
from shared.web.keys import Caller, allow
from shared.web.problems import problem

router = APIRouter(prefix="/v1/dead-letters", tags=["dead letters"])

Ops = Annotated[Caller, Depends(allow("ops"))]
MAX_OFFSET = 2**63 - 1
MAX_BODY = 64 * 1024
Number = Annotated[int, Field(ge=0, le=MAX_OFFSET, strict=True)]
Offset = Annotated[int, Path(ge=0, le=MAX_OFFSET, description="The letter's place on `dead-letters`.")]
Text = Annotated[str, Field(max_length=256)]
EXAMPLES: dict[str, Any] = {
    "examples": [{"filter": {"reason": "identity reused"}, "dry_run": True}, {"offsets": [17], "dry_run": False}],
    "oneOf": [{"required": ["offsets"]}, {"required": ["filter"]}],
}


class Filter(BaseModel):
    """What is left out takes everything; of what matches, the letters that wait are meant."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    consumer: Text = Field("", description="The consumer that could not process it.")
    topic: Text = Field("", description="The topic it came from.")
    reason: Text = Field("", description="Part of the reason, in upper or lower case.")
    since: Moment | None = Field(None, alias="from", description="Not before; RFC 3339.")
    until: Moment | None = Field(None, alias="to", description="Before; RFC 3339.")

    def wanted(self) -> Wanted:
        return Wanted(self.consumer, self.topic, self.reason, None, self.since, self.until)


class Replaying(BaseModel):
    """Which letters: `offsets` or a `filter`. Nothing is done but said, unless `dry_run` is false."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=EXAMPLES)

    offsets: list[Number] | None = Field(None, min_length=1, max_length=MOST)
    filter: Filter | None = None
    dry_run: bool = Field(True, strict=True)

    @model_validator(mode="after")
    def one_of_both(self) -> "Replaying":
        if (self.offsets is None) is (self.filter is None):
            raise ValueError("give either offsets or a filter")
        return self

    def wanted(self) -> Wanted | list[int]:
        return self.filter.wanted() if self.filter is not None else self.offsets or []


def index_of(request: Request) -> Index:
    """Raises 503 while the topic is not read yet: half of it would be taken for the whole."""
    index: Index = request.app.state.dead_letters
    if not index.caught_up:
        raise problem(503, "The dead letters are being read.", retry_after=5)
    return index


Letters = Annotated[Index, Depends(index_of)]


def known(index: Index, offset: int) -> Letter:
    letter = index.get(offset)
    if letter is None:
        raise problem(404, f"No dead letter at offset {offset} is known here; the newest are.")
    return letter


async def original_of(request: Request, letter: Letter) -> Original | None:
    """None where it is no longer kept; raises 503."""
    reader: Reader = request.app.state.dead_letter_reader
    try:
        return await reader.original(letter.offset)
    except Gone:
        return None


def attachment(letter: Letter, original: Original | None) -> Response:
    """The original bytes as a file that no browser opens by itself; raises 404."""
    if original is None or original.value is None:
        raise problem(404, "There are no bytes: the record had none, or they are no longer kept.")
    place = f"{letter.origin.topic or 'dead-letters'}-{letter.origin.partition}-{letter.origin.offset}"
    name = "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "_" for char in place)
    headers = {"Content-Disposition": f'attachment; filename="{name}.bin"', "X-Content-Type-Options": "nosniff"}
    return Response(original.value, media_type="application/octet-stream", headers=headers)


@router.get("", summary="Records that could not be processed", response_model=DeadLetterPage, responses=problems())
async def letters(
    _: Ops,
    index: Letters,
    consumer: Annotated[str, Query(max_length=256, description="That could not process it.")] = "",
    topic: Annotated[str, Query(max_length=256, description="That it came from.")] = "",
    reason: Annotated[str, Query(max_length=256, description="Part of the reason, in upper or lower case.")] = "",
    state: Annotated[LetterState | None, Query()] = None,
    since: Annotated[Moment | None, Query(alias="from", description="Not before; RFC 3339.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Before; RFC 3339.")] = None,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(pattern=r"^\d{1,18}$", description="`next` of the page before.")] = None,
) -> JSONResponse:
    """The newest first, each with the reason, where the record stood, and what became of it."""
    wanted = Wanted(consumer, topic, reason, state, since, until)
    return JSONResponse(views.page(index, wanted, limit, int(cursor) if cursor else None))


@router.get("/{offset}", summary="One dead letter", response_model=DeadLetterDetail, responses=problems(404))
async def letter(request: Request, _: Ops, index: Letters, offset: Offset) -> JSONResponse:
    """With the original bytes made fit to be shown, and what the record went through before."""
    found = known(index, offset)
    return JSONResponse(views.detail(index, found, await original_of(request, found)))


@router.get(
    "/{offset}/value",
    summary="The original bytes",
    response_class=Response,
    responses={
        200: {
            "description": "The record's value as it was.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        },
        **problems(404),
    },
)
async def value(request: Request, _: Ops, index: Letters, offset: Offset) -> Response:
    """As an attachment, whatever they are."""
    found = known(index, offset)
    return attachment(found, await original_of(request, found))


async def replaying(request: Request, _: Ops) -> Replaying:
    asked = await body_as(Replaying, request, MAX_BODY)
    if asked is None:
        raise problem(422, "Say which letters: offsets or a filter.")
    return asked


BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Replaying"}}},
    }
}


@router.post(
    "/replay",
    summary="Replay dead letters",
    response_model=Replay,
    responses=problems(413, 415),
    openapi_extra=BODY,
)
async def replay(
    request: Request, caller: Ops, index: Letters, asked: Annotated[Replaying, Depends(replaying)]
) -> JSONResponse:
    """Publishes each original record onto the topic it came from, and marks its letters as replayed. What fails again
    comes back as a new letter with its history. Without `"dry_run": false` it only says what it would do. A record
    that several consumers could not process is published once and settles all of its letters."""
    replayer: Replayer = request.app.state.replayer
    wanted = asked.wanted()
    plan = await replayer.plan(wanted) if asked.dry_run else await replayer.replay(wanted, caller.name)
    return JSONResponse(views.replay(index, plan, asked.dry_run))
