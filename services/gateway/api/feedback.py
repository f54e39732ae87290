"""How right the alerts were, by what people did with them."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse

from services.gateway.api.alerts import Departments, OfLanguage, OfRule
from services.gateway.api.answers import FromConsistency, chosen, problems
from services.gateway.api.overview import DAYS
from services.gateway.shapes.feedback import Feedback
from services.gateway.upstream import Consistency, Params
from shared.web.keys import allow
from shared.web.window import MAX_DAYS, Last, Window, today

router = APIRouter(prefix="/v1", tags=["overview"], dependencies=[Depends(allow("agent", "ops"))])


async def feedback_of(consistency: Consistency, days: int, last: date | None, filters: Params) -> Feedback:
    """Without `last`, the days end today."""
    window = Window.ending(last or today(), days).to_json()
    return await consistency.feedback([*window.items(), *filters])


@router.get("/feedback", summary="How right the alerts were", response_model=Feedback, responses=problems())
async def feedback(
    consistency: FromConsistency,
    days: Annotated[int, Query(ge=1, le=MAX_DAYS, description="How many, the last one included.")] = DAYS,
    last: Last = None,
    rule: OfRule = None,
    language: OfLanguage = None,
    department: Departments = (),
) -> JSONResponse:
    """Counts alerts, one a cause, that were judged on these days: **right** where they were resolved by hand, by a
    correction, or dismissed as `tolerated`; **wrong** where they were dismissed as `not_a_conflict`. Others are
    **undecided**. By rule, by departments, by language and by day of the judgement.

    Without `to`, the days end today. `GET /v1/alerts` lists what is counted, by `rule`, `language`, `department` and
    `verdict`, with `from` and `to` for the days. What was counted is told again for some seconds.
    """
    filters = chosen(rule=rule, language=language, department=department)
    return JSONResponse(await feedback_of(consistency, days, last, filters))
