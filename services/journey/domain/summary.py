"""What an agent needs at a glance, from a customer's touchpoints."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# What was opened reached the customer, whatever else is said; of the rest the last word counts.
DELIVERY_RANK = {"suppressed": 1, "bounced": 1, "delivered": 1, "opened": 2, "clicked": 3}


@dataclass(frozen=True, slots=True)
class Step:
    """A delivery, case or consent event, as far as folding needs it; `moment` in microseconds since 1970."""

    subject: str
    status: str
    moment: int
    id: str
    department: str | None = None
    category: str | None = None
    reason: str | None = None


LOST = frozenset({"suppressed", "bounced"})
DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotional message that was sent; `moment` in microseconds since 1970."""

    event_id: str
    moment: int


def pressure(sent: Iterable[Promotion], deliveries: Iterable[Step], now: int) -> dict[str, int]:
    """Promotional messages of the last day, week and month that are not known to be lost."""
    steps: dict[str, list[Step]] = {}
    for step in deliveries:
        steps.setdefault(step.subject, []).append(step)
    arrived = []
    for message in sent:
        state = delivery_state(steps.get(message.event_id, ()))
        if state is None or state.status not in LOST:
            arrived.append(message.moment)
    spans = {"day": DAY, "week": 7 * DAY, "month": 30 * DAY}
    return {name: sum(now - span < moment <= now for moment in arrived) for name, span in spans.items()}


def delivery_state(steps: Iterable[Step]) -> Step | None:
    """The furthest that a message got, whatever arrived first."""
    return max(steps, key=lambda step: (DELIVERY_RANK.get(step.status, 0), step.moment, step.id), default=None)


def open_cases(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """Cases whose last word is `opened`: `[{"case", "category", "department", "since"}]`, oldest first."""
    last = _last_by_subject(steps)
    still = sorted((step for step in last.values() if step.status == "opened"), key=lambda step: step.moment)
    return [
        {"case": step.subject, "category": step.category, "department": step.department, "since": step.moment}
        for step in still
    ]


def consent_by_channel(steps: Iterable[Step]) -> dict[str, str]:
    """The last word on each channel; `*` overrides what was said before it on any channel."""
    state: dict[str, str] = {}
    for step in sorted(steps, key=lambda step: (step.moment, step.id)):
        if step.subject == "*":
            state.clear()
        state[step.subject] = step.status
    return state


def _last_by_subject(steps: Iterable[Step]) -> Mapping[str, Step]:
    last: dict[str, Step] = {}
    for step in sorted(steps, key=lambda step: (step.moment, step.id)):
        last[step.subject] = step
    return last
