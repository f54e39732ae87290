"""Rooms of the dead letters, for ops: the list, one letter, and replaying in two steps: what would be done, then doing
it to exactly what was shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from services.gateway.api.dead_letters import MAX_OFFSET, Letters, Offset, attachment, known, original_of
from services.gateway.console.elsewhere import said
from services.gateway.console.languages import N_, counted, gettext, number
from services.gateway.console.rendering import query, render
from services.gateway.console.session import CheckedForm, Viewer, local, ops_only
from services.gateway.dead_letters import views
from services.gateway.dead_letters.index import STATES, Wanted
from services.gateway.dead_letters.replay import MOST, Plan, Replayer
from shared.web.keys import Caller
from shared.web.problems import problem

router = APIRouter(prefix="/health/dead-letters", include_in_schema=False)

PAGE = 40
SHOWN = 100
"""Letters that the page before a replay lists."""
Text = Annotated[str, Query(max_length=256)]


@dataclass(frozen=True, slots=True)
class Filters:
    """As the form has them; times are as `<input type="datetime-local">` writes them, in UTC."""

    consumer: str = ""
    topic: str = ""
    reason: str = ""
    state: str = ""
    since: str = ""
    until: str = ""

    @property
    def pairs(self) -> dict[str, str]:
        return {
            "state": self.state,
            "consumer": self.consumer,
            "topic": self.topic,
            "reason": self.reason,
            "from": self.since,
            "to": self.until,
        }

    def wanted(self) -> Wanted:
        """Raises 422 for a time that is none; a state that does not exist is every state."""
        state = next((one for one in STATES if one == self.state), None)
        since, until = moment(self.since), moment(self.until)
        return Wanted(self.consumer, self.topic, self.reason.strip(), state, since, until)


def moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise problem(422, gettext("The time cannot be read; write it as 2026-03-02T09:00.")) from error


def filters_of(
    consumer: Text = "",
    topic: Text = "",
    reason: Text = "",
    state: Annotated[str, Query(max_length=40)] = "",
    since: Annotated[str, Query(alias="from", max_length=40)] = "",
    until: Annotated[str, Query(alias="to", max_length=40)] = "",
) -> Filters:
    return Filters(consumer, topic, reason, state, since, until)


WHY_OPS = N_("Dead letters are for ops: they show what customers were told, and change what is stored.")
Ops = Annotated[Caller, Depends(ops_only(WHY_OPS))]
Asked = Annotated[Filters, Depends(filters_of)]
Before = Annotated[str | None, Query(pattern=r"^\d{1,18}$", alias="cursor")]


@router.get("")
async def letters(
    request: Request, _: Ops, viewer: Viewer, index: Letters, filters: Asked, before: Before = None
) -> Response:
    wanted = filters.wanted()
    waiting = sum(1 for letter in index.newest(wanted) if index.state(letter) == "waiting")
    return render(
        request,
        "dead_letters.html",
        letters=views.page(index, wanted, PAGE, int(before) if before else None),
        filters=filters.pairs,
        counts=index.counts(),
        older=index.older,
        consumers=index.consumers(),
        topics=index.topics(),
        waiting=waiting,
        paged=before is not None,
    )


@router.post("/replay/preview")
async def preview(request: Request, _: Ops, viewer: Viewer, index: Letters, form: CheckedForm) -> Response:
    """The dry run: of the letters that the form names, or of those that its filters take; the oldest `MOST` of them."""
    named = offsets_in(form.get("offsets", ""))
    filters = Filters(**{name: form.get(field, "") for name, field in FIELDS.items()})
    replayer: Replayer = request.app.state.replayer
    plan = await replayer.plan(named or filters.wanted())
    return show_plan(request, plan, index, local(form.get("back") or "/health/dead-letters"))


FIELDS = {"consumer": "consumer", "topic": "topic", "reason": "reason", "since": "from", "until": "to"}


def oldest(plan: Plan) -> Plan:
    """As many of its records as one request may replay."""
    kept, letters = [], 0
    for record in plan.records:
        letters += len(record)
        if letters > MOST:
            break
        kept.append(record)
    return Plan(kept, plan.skipped)


def show_plan(request: Request, plan: Plan, index: Letters, back: str) -> Response:
    matched = len(plan.letters)
    plan = oldest(plan)
    context: dict[str, Any] = {
        "planned": views.replay(index, plan, dry_run=True),
        "letters": [views.listed(index, letter) for letter in plan.letters[:SHOWN]],
        "offsets": ",".join(str(letter.offset) for letter in plan.letters),
        "matched": matched,
        "back": back,
    }
    return render(request, "dead_letters_replay.html", **context)


@router.post("/replay")
async def replay(request: Request, caller: Ops, form: CheckedForm) -> Response:
    """Of the letters that the page before showed, and no others that came meanwhile."""
    offsets = offsets_in(form.get("offsets", ""))
    if not offsets:
        raise problem(422, gettext("No letter was named."))
    replayer: Replayer = request.app.state.replayer
    done = await replayer.replay(offsets, caller.name)
    request.session["flash"] = " ".join(told_of(done))
    return RedirectResponse(local(form.get("back") or "/health/dead-letters"), 303)


def told_of(done: Plan) -> Iterator[str]:
    """What became of the letters, in sentences."""
    records = counted("%(count)s record", "%(count)s records", len(done.records))
    yield counted(
        "Replayed %(count)s letter as %(records)s.",
        "Replayed %(count)s letters as %(records)s.",
        len(done.letters),
        records=records,
    )
    if done.skipped:
        yield counted(
            "%(count)s letter left out: %(reason)s.",
            "%(count)s letters left out: %(reason)s.",
            len(done.skipped),
            reason=said(done.skipped[0][1]),
        )


def offsets_in(text: str) -> list[int]:
    """Numbers with commas between; raises 422."""
    parts = [part for part in text.split(",") if part]
    if len(parts) > MOST or not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts):
        raise problem(422, gettext("Name at most %(most)s letters, as numbers with commas between.", most=number(MOST)))
    return [offset for offset in map(int, parts) if offset <= MAX_OFFSET]


@router.get("/{offset}")
async def letter(request: Request, _: Ops, viewer: Viewer, index: Letters, offset: Offset) -> Response:
    found = known(index, offset)
    shown = views.detail(index, found, await original_of(request, found))
    return render(request, "dead_letter.html", letter=shown, back="/health/dead-letters" + query({"state": "waiting"}))


@router.get("/{offset}/value")
async def value(request: Request, _: Ops, index: Letters, offset: Offset) -> Response:
    found = known(index, offset)
    return attachment(found, await original_of(request, found))
