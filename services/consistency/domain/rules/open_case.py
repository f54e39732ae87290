"""Open case: a promotional message while a complaint of the customer is open."""

from collections.abc import Collection, Iterable, Iterator

from services.consistency.domain import naming
from services.consistency.domain.conflict import Conflict
from services.consistency.domain.detector import Rule
from services.consistency.domain.history import History
from services.consistency.domain.promotional import IsPromotional
from shared.events import CaseEvent, MessageEvent


def open_case_rule(is_promotional: IsPromotional, categories: Collection[str]) -> Rule:
    """`categories` are those of cases that hold back promotion, in lower case."""

    def rule(history: History) -> Iterator[Conflict]:
        if not history.cases:
            return
        for message in history.new:
            opened = open_cases(message, history.cases, categories)
            if opened and is_promotional(message):
                yield from (open_case_conflict(case, message) for case in opened)

    return rule


def open_cases(message: MessageEvent, cases: Iterable[CaseEvent], categories: Collection[str]) -> list[CaseEvent]:
    """The events that opened the cases which are open when the message goes out, a case each.

    Opened again while open, a case keeps its first event, unless it is given a category that does not matter.
    """
    opened: dict[str, CaseEvent] = {}
    for case in (case for case in cases if case.time < message.time):
        category = (case.data.category or "").casefold()
        if case.data.status == "closed" or (category and category not in categories):
            opened.pop(case.data.case, None)
        elif category in categories:
            opened.setdefault(case.data.case, case)
    return list(opened.values())


def open_case_conflict(case: CaseEvent, message: MessageEvent) -> Conflict:
    category = (case.data.category or "").casefold()
    return Conflict(
        kind="open_case",
        a=case,
        b=message,
        attribute=f"open {category}",
        subject=case.data.case,
        reason=(
            f"{naming.department(message)} sent advertising by {naming.channel(message.data.channel)} on "
            f"{naming.day(message.time)} while the customer's {category} {case.data.case}, open since "
            f"{naming.day(case.time)}, was not closed."
        ),
        spans=(naming.opening(message),),
        confidence=1.0 if message.data.purpose else 0.8,
        rule="open_case",
        values=(f"{category} open", f"promotional {message.data.channel}"),
    )
