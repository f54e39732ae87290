"""Conflicts: lists, and what they come to over days."""

import asyncio
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.consistency.api.desk import AtSpeakingDesk, Cursor, Identifier, Limit, days_of
from services.consistency.domain import trends
from services.consistency.domain.conflict import Kind
from services.consistency.domain.stored import ConflictState
from services.consistency.store import Trends
from services.consistency.store.conflicts import Wanted
from shared.web.cursor import encode, moment_and_id
from shared.web.keys import allow
from shared.web.problems import problem
from shared.web.window import Window, date_of, window_of

router = APIRouter(prefix="/v1", tags=["consistency"], dependencies=[Depends(allow("service"))])


@router.get("/conflicts")
async def conflicts(
    desk: AtSpeakingDesk,
    customer: Identifier = None,
    kind: Kind | None = None,
    state: ConflictState | None = None,
    alert: Identifier = None,
    earlier: Identifier = None,
    later: Identifier = None,
    channel: Identifier = None,
    subject: Annotated[str | None, Query(max_length=2_000)] = None,
    attribute: Identifier = None,
    window: Annotated[Window | None, Depends(window_of)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    alerts = None if alert is None else (alert, *(await desk.store.alerts.members([alert])).get(alert, ()))
    days = None if window is None else days_of(window)
    wanted = Wanted(customer, kind, state, alerts, days, earlier, later, channel, subject, attribute)
    rows = await desk.store.conflicts.page(wanted, moment_and_id(cursor), limit + 1)
    shown = rows[:limit]
    more = encode(shown[-1].found_at, shown[-1].id) if len(rows) > limit else None
    return {"items": [conflict.to_json() for conflict in shown], "next": more}


@router.get("/trends")
async def conflict_trends(
    desk: AtSpeakingDesk, window: Annotated[Window | None, Depends(window_of)] = None
) -> dict[str, Any]:
    """What the conflicts come to whose later event is of these days."""
    if window is None:
        raise problem(422, "Of which days? Send `from` and `to`.")
    return await desk.trends.answer(window, partial(counted, desk.store.trends, window))


MOST_CONTRADICTED = 10


async def counted(store: Trends, window: Window) -> dict[str, Any]:
    first, last = days_of(window)
    cells, subjects, corrections = await asyncio.gather(
        store.cells(first, last), store.subjects(first, last, MOST_CONTRADICTED), store.corrections(first, last)
    )
    return {
        **window.to_json(),
        "total": sum(cell.count for cell in cells),
        "corrected": sum(cell.count for cell in cells if cell.settled),
        "by_day": [{"day": date_of(day), "kinds": kinds} for day, kinds in trends.by_day(cells).items()],
        "by_pair": trends.by_pair(cells),
        "by_channel": trends.by_channel(cells),
        "subjects": [asdict(subject) for subject in subjects],
        "to_correction": trends.to_correction(corrections),
    }
