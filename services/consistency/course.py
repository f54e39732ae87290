"""How an alert came about and how it ends, over time, and how fast it grows."""

import asyncio
from typing import Any

from services.consistency.domain.course import course
from services.consistency.domain.stored import written
from services.consistency.store import Store
from shared.web.window import DAY, HOUR


async def course_of(store: Store, alert: str, now: int) -> dict[str, Any]:
    """With what is merged into the alert. `lately`: conflicts found in the last hour, and in the last 24."""
    family = (alert, *(await store.alerts.members([alert])).get(alert, ()))
    told, corrected, in_hour, in_day = await asyncio.gather(
        store.courses.told(family),
        store.courses.corrected(family),
        store.courses.found_since(family, now - HOUR),
        store.courses.found_since(family, now - DAY),
    )
    hours, spans = course(told, corrected)
    return {
        "hours": hours,
        "spans": [
            {
                "from": written(span.first * HOUR),
                "told": span.told,
                "corrected": span.corrected,
                "open": span.open,
            }
            for span in spans
        ],
        "lately": {"hour": in_hour, "day": in_day},
    }
