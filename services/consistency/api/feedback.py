"""Feedback: how right the alerts were that were judged on some days, and which rules are proposed for muting."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, Depends

from services.consistency.api.alerts import Judged, Narrowed
from services.consistency.api.desk import AtSpeakingDesk, days_of
from services.consistency.domain.precision import Tally, by_day, by_language, by_pair, by_rule, in_all
from services.consistency.domain.stored import moment_of, written
from services.consistency.domain.wanted import WantedAlerts
from services.consistency.notify.api import AtDesk as AtNotifyDesk
from services.consistency.notify.silence import Silence
from services.consistency.notify.silencing import muted_rules
from shared.web.keys import allow
from shared.web.problems import problem
from shared.web.window import Window, date_of

router = APIRouter(prefix="/v1", tags=["feedback"], dependencies=[Depends(allow("service"))])


@router.get("/feedback")
async def feedback(
    desk: AtSpeakingDesk, notify_desk: AtNotifyDesk, asked: Narrowed, judged: Judged = None
) -> dict[str, Any]:
    """Alerts judged on these days, and those that are undecided now; which rules are muted is as of now."""
    if judged is None:
        raise problem(422, "Judged on which days? Send `from` and `to`.")
    lately = WantedAlerts(judged=days_of(Window.ending(moment_of(desk.clock()).date(), desk.muting.days)))
    counts, all_lately, muted = await asyncio.gather(
        desk.feedback.answer(asked, partial(desk.store.alerts.judged, asked)),
        desk.feedback.answer(lately, partial(desk.store.alerts.judged, lately)),
        muted_rules(notify_desk.store, desk.clock()),
    )
    pairs, languages = by_pair(counts.cells), by_language(counts.cells)
    return {
        **judged.to_json(),
        "total": in_all(counts.cells).to_json(),
        "by_rule": rules_to_json(by_rule(counts.cells), muted),
        "by_pair": [{"departments": list(pair), **tally.to_json()} for pair, tally in pairs.items()],
        "by_language": [{"language": language, **tally.to_json()} for language, tally in languages.items()],
        "by_day": [
            {"day": date_of(day), "right": tally.right, "wrong": tally.wrong}
            for day, tally in by_day(counts.days).items()
        ],
        "muting": desk.muting.model_dump(),
        "proposals": rules_to_json(desk.muting.proposals(by_rule(all_lately.cells)), muted),
    }


def rules_to_json(rules: Mapping[str, Tally], muted: Mapping[str, Silence]) -> list[dict[str, Any]]:
    return [
        {"rule": rule, **tally.to_json(), "muted": muted_to_json(muted[rule]) if rule in muted else None}
        for rule, tally in rules.items()
    ]


def muted_to_json(silence: Silence) -> dict[str, str]:
    return {"silence": silence.id, "by": silence.by, "reason": silence.reason, "ends_at": written(silence.ends_at)}
