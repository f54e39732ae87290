"""How right the alerts are: by rule, departments and language, over time, and which rules are proposed for muting."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from services.gateway.api.answers import FromConsistency, chosen
from services.gateway.api.feedback import feedback_of
from services.gateway.api.overview import DAYS
from services.gateway.console.alerts import departments_in
from services.gateway.console.home import CHOICES, Days
from services.gateway.console.rendering import render
from services.gateway.console.session import Viewer
from services.gateway.console.trends import judged_spans
from services.gateway.shapes.feedback import Feedback
from services.gateway.upstream import Consistency
from shared.web.window import Last, Window, today

router = APIRouter(include_in_schema=False)

Name = Annotated[str, Query(max_length=256)]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which judgements a page or a chart shows; `between` is two departments."""

    days: int
    last: date | None
    rule: str
    language: str
    between: str

    @property
    def window(self) -> Window:
        return Window.ending(self.last or today(), self.days)

    @property
    def filters(self) -> dict[str, str]:
        return {"rule": self.rule, "language": self.language, "between": self.between}

    @property
    def query(self) -> dict[str, str | int | None]:
        """As addresses have it."""
        return {"days": self.days, "to": self.last.isoformat() if self.last else None, **self.filters}

    async def answer(self, consistency: Consistency) -> Feedback:
        filters = chosen(rule=self.rule, language=self.language, department=departments_in(self.between))
        return await feedback_of(consistency, self.days, self.last, filters)


def asked_in(
    days: Days = DAYS,
    last: Last = None,
    rule: Name = "",
    language: Annotated[str, Query(max_length=8)] = "",
    between: Annotated[str, Query(max_length=80)] = "",
) -> Asked:
    return Asked(days, last, rule, language if len(language) > 1 else "", between if departments_in(between) else "")


FeedbackAsked = Annotated[Asked, Depends(asked_in)]


@router.get("/feedback")
async def feedback(request: Request, viewer: Viewer, consistency: FromConsistency, asked: FeedbackAsked) -> Response:
    found = await asked.answer(consistency)
    return render(
        request,
        "feedback.html",
        found=found,
        asked=asked.query,
        filters=asked.filters,
        window=asked.window.to_json(),
        choices=CHOICES,
        spans=judged_spans(asked.window, found["by_day"]),
    )
