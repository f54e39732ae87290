"""What the routes work with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from services.consistency.alerting import Alerting
from services.consistency.campaign import Campaigns
from services.consistency.clock import Clock
from services.consistency.domain.history import History
from services.consistency.domain.precision import Counts, Muting
from services.consistency.examination import Examination
from services.consistency.publish import Outbox
from services.consistency.store import Store
from shared.kafka.consumer import Consumer
from shared.web.briefly import Briefly
from shared.web.problems import problem
from shared.web.window import Window, day_of

STATS_SECONDS = 1.0
TRENDS_SECONDS = 10.0
COURSE_SECONDS = 5.0
"""How long what was counted is told again."""

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=600)]
Identifier = Annotated[str | None, Query(min_length=1, max_length=256)]


@dataclass(frozen=True, slots=True)
class Desk:
    """What the routes work with."""

    store: Store
    alerting: Alerting
    outbox: Outbox
    examination: Examination
    consumer: Consumer
    alerts_consumer: Consumer
    clock: Clock
    standing: Callable[[History, datetime], list[dict[str, Any]]]
    campaigns: Campaigns
    muting: Muting
    feedback: Briefly[Counts] = field(default_factory=partial(Briefly, TRENDS_SECONDS))
    trends: Briefly[dict[str, Any]] = field(default_factory=partial(Briefly, TRENDS_SECONDS))
    courses: Briefly[dict[str, Any]] = field(default_factory=partial(Briefly, COURSE_SECONDS))
    messages: Briefly[int] = field(default_factory=partial(Briefly, STATS_SECONDS))


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(desk_of)]


def desk_that_speaks(desk: AtDesk) -> Desk:
    """What people did comes over from the generation before: until then, nothing is said of conflicts and alerts."""
    if desk.outbox.silent:
        raise problem(503, "This generation takes over from the one before; try again.", retry_after=5)
    return desk


AtSpeakingDesk = Annotated[Desk, Depends(desk_that_speaks)]


def days_of(window: Window) -> tuple[int, int]:
    """Days since 1970, both included."""
    return day_of(window.since), day_of(window.until - 1)
