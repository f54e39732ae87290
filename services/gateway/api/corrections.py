"""Who heard the wrong statement of an alert: how many, who, on which channel, and who has been corrected since."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse

from services.gateway.api.answers import Cursor, FromConsistency, chosen, page, problems
from services.gateway.shapes.alerts import Side
from services.gateway.shapes.corrections import Correction, HeardItPage
from services.gateway.spreadsheet import MEDIA_TYPE, rows_as_csv
from services.gateway.upstream import Consistency, Params
from shared.events import Department
from shared.web.keys import allow
from shared.web.paths import AlertId

router = APIRouter(prefix="/v1/alerts/{id}/correction", tags=["alerts"], dependencies=[Depends(allow("agent", "ops"))])

AT_ONCE = 1_000
HEADINGS = ("customer", "channel", "said at (UTC)", "message source", "message id", "corrected", "corrected at (UTC)")

WrongSide = Annotated[Side | None, Query(description="The side of the alert that is the wrong statement.")]
WrongDepartment = Annotated[
    Department | None, Query(description="The same by its department, where the other side is another's.")
]
OnChannel = Annotated[str | None, Query(min_length=1, max_length=40, description="Told on this channel.")]
Corrected = Annotated[bool | None, Query(description="True: corrected since. False: still to be told.")]


@router.get("", summary="How far a correction is", response_model=Correction, responses=problems(404))
async def correction(
    consistency: FromConsistency, id: AlertId, side: WrongSide = None, department: WrongDepartment = None
) -> JSONResponse:
    """How many customers heard the wrong statement, and how many were corrected since; one of `side` and
    `department` says which statement that is. When all are corrected, the alert is resolved by itself."""
    return JSONResponse(await consistency.correction(id, chosen(side=side, department=department)))


@router.get("/customers", summary="Who is to be corrected", response_model=HeardItPage, responses=problems(404))
async def customers(
    consistency: FromConsistency,
    id: AlertId,
    side: WrongSide = None,
    department: WrongDepartment = None,
    channel: OnChannel = None,
    corrected: Corrected = None,
    limit: Annotated[int, Query(ge=1, le=AT_ONCE, description="Customers on a page.")] = 200,
    cursor: Cursor = None,
) -> JSONResponse:
    """Customers in the order of their ids, each with the wrong messages they got. A message that says in `corrects`
    which `id` it corrects, and that reaches the customer after both statements, makes them corrected."""
    asked = asked_for(side, department, channel, corrected)
    return JSONResponse(await consistency.to_correct(id, [*page(limit, cursor), *asked]))


@router.get(
    "/customers.csv",
    summary="The same as a spreadsheet",
    response_class=Response,
    responses={
        200: {"description": "One line a wrong message.", "content": {"text/csv": {"schema": {"type": "string"}}}},
        **problems(404),
    },
)
async def customers_as_csv(
    consistency: FromConsistency,
    id: AlertId,
    side: WrongSide = None,
    department: WrongDepartment = None,
    channel: OnChannel = None,
    corrected: Corrected = None,
) -> StreamingResponse:
    """For people: UTF-8 with a mark that spreadsheets know it by, and a `'` before what they would take for a
    formula. Programs read the JSON, whose ids are as they are."""
    return await spreadsheet(consistency, id, asked_for(side, department, channel, corrected))


async def spreadsheet(consistency: Consistency, alert: str, asked: Params) -> StreamingResponse:
    """What is wrong with the question is a problem before the first line is sent."""
    first = await consistency.to_correct(alert, [*page(AT_ONCE, None), *asked])

    async def lines() -> AsyncIterator[tuple[Any, ...]]:
        yield HEADINGS
        found = first
        while True:
            for one in found["items"]:
                for message in one["messages"]:
                    yield (
                        *(one["customer"], message["channel"], message["time"], message["source"], message["id"]),
                        *("yes" if message["corrected"] else "no", one["corrected_at"]),
                    )
            if found["next"] is None:
                return
            found = await consistency.to_correct(alert, [*page(AT_ONCE, found["next"]), *asked])

    headers = {"Content-Disposition": 'attachment; filename="correction.csv"'}
    return StreamingResponse(rows_as_csv(lines()), media_type=MEDIA_TYPE, headers=headers)


def asked_for(side: str | None, department: str | None, channel: str | None, corrected: bool | None) -> Params:
    wanted = None if corrected is None else str(corrected).lower()
    return chosen(side=side, department=department, channel=channel, corrected=wanted)
