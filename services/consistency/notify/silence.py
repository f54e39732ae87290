"""A silence: alerts that match are told to nobody until it ends. They go on being found, counted and shown."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from services.consistency.domain.stored import written
from services.consistency.notify.matchers import Labels, Matcher, match, matcher, names_something

SECOND = 1_000_000
MAX_DAYS = 90
MAX_LENGTH = MAX_DAYS * 86_400 * SECOND
MAX_MATCHERS = 20


class NoSilence(ValueError):
    """Such a silence is refused; the message says why."""


@dataclass(frozen=True, slots=True)
class Silence:
    """`ended_by`: who ended it before its time. `applied`: every alert that matched at its making is marked;
    `released`: those that it hid have come up again, `hid` of them."""

    id: str
    matchers: tuple[Matcher, ...]
    by: str
    reason: str
    created_at: int
    ends_at: int
    ended_by: str | None = None
    applied: bool = False
    released: bool = False
    hid: int = 0

    def is_active(self, now: int) -> bool:
        return now < self.ends_at

    def hides(self, labels: Labels) -> bool:
        return match(self.matchers, labels)

    @property
    def mutes(self) -> str | None:
        """The rule that it mutes: all that the rule finds is hidden, and nothing else is asked for."""
        match self.matchers:
            case (Matcher(label="rule", op="=", value=rule),):
                return rule
        return None

    def to_json(self, now: int) -> dict[str, Any]:
        return {
            "id": self.id,
            "matchers": [str(one) for one in self.matchers],
            "by": self.by,
            "reason": self.reason,
            "state": "active" if self.is_active(now) else "ended",
            "created_at": written(self.created_at),
            "ends_at": written(self.ends_at),
            "ended_by": self.ended_by,
        }


def new_silence(matchers: Sequence[str], by: str, reason: str, ends_at: int, now: int) -> Silence:
    """Raises `NoSilence` or `NoMatcher`."""
    read = tuple(dict.fromkeys(matcher(text) for text in matchers))
    if not names_something(read):
        raise NoSilence("The matchers would hide every alert; name a kind, a department or another label.")
    if ends_at <= now:
        raise NoSilence("The end is past; a silence ends at a time to come.")
    if ends_at - now > MAX_LENGTH:
        raise NoSilence(f"A silence lasts {MAX_DAYS} days at the most; make it anew then if it is still needed.")
    return Silence(secrets.token_hex(8), read, by, reason, now, ends_at)


def hiding(silences: Iterable[Silence], labels: Labels, now: int) -> list[str]:
    """The ids of those that hide an alert with these labels now."""
    return [silence.id for silence in silences if silence.is_active(now) and silence.hides(labels)]
