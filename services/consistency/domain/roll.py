"""The roll of all alerts: what they are listed, sorted and counted by, in columns, so that any page and any count of
100,000 alerts is a matter of a few milliseconds, whatever it is narrowed to.

An alert takes some 300 bytes here. What else there is to an alert stays in the store.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from operator import eq
from typing import Any

from services.consistency.domain.columns import Column, Kinds, Mask, after, counted, every, highest, rows_of
from services.consistency.domain.precision import Cell, Counts, DayCount
from services.consistency.domain.severity import SEVERITIES
from services.consistency.domain.stored import Severity, Verdict
from services.consistency.domain.wanted import ORDERS, Key, Order, Tally, WantedAlerts

NOT_JUDGED = -1


@dataclass(frozen=True, slots=True)
class Card:
    """What the roll has of an alert. A merged one has no verdict; `judged_on` is a day since 1970. `rules` are None
    where it was stored before it kept them; `scale` is the digest of what its severity is by."""

    id: str
    revision: int
    state: str
    severity: Severity
    kind: str
    departments: tuple[str, ...]
    last_seen: int
    customers: int
    assigned: str | None = None
    rules: tuple[str, ...] | None = ()
    languages: tuple[str, ...] = ()
    verdict: Verdict | None = None
    judged_on: int | None = None
    scale: str | None = None


class Roll:
    def __init__(self) -> None:
        self._ids: list[str] = []
        self._rows: dict[str, int] = {}
        self._revision = Column()
        self._last_seen = Column()
        self._customers = Column()
        self._state = Kinds[str]()
        self._severity = Kinds[Severity](tuple(reversed(SEVERITIES)))  # so that its number is its rank
        self._kind = Kinds[str]()
        self._departments = Kinds[tuple[str, ...]]()
        self._assigned = Kinds[str | None]()
        self._rules = Kinds[tuple[str, ...] | None]()
        self._languages = Kinds[tuple[str, ...]]()
        self._verdict = Kinds[Verdict | None]()
        self._judged_on = Kinds[int]()
        self._scale = Kinds[str | None]()

    def __len__(self) -> int:
        return len(self._ids)

    def put(self, cards: Iterable[Card]) -> int:
        """Answers how many were not here in this revision. An older one than the one that is here changes nothing."""
        news = 0
        for card in cards:
            row = self._rows.setdefault(card.id, len(self._ids))
            if row == len(self._ids):
                self._ids.append(card.id)
            elif card.revision <= self._revision.numbers[row]:
                continue
            self._write(row, card)
            news += 1
        return news

    def _write(self, row: int, card: Card) -> None:
        self._revision.put(row, card.revision)
        self._last_seen.put(row, card.last_seen)
        self._customers.put(row, card.customers)
        self._state.put_kind(row, card.state)
        self._severity.put_kind(row, card.severity)
        self._kind.put_kind(row, card.kind)
        self._departments.put_kind(row, card.departments)
        self._assigned.put_kind(row, card.assigned)
        self._rules.put_kind(row, card.rules)
        self._languages.put_kind(row, card.languages)
        self._verdict.put_kind(row, card.verdict)
        self._judged_on.put_kind(row, NOT_JUDGED if card.judged_on is None else card.judged_on)
        self._scale.put_kind(row, card.scale)

    @property
    def _columns(self) -> tuple[Column, ...]:
        return tuple(column for column in vars(self).values() if isinstance(column, Column))

    def drop(self, ids: Iterable[str]) -> None:
        """The last one takes the place of each."""
        for one in ids:
            row = self._rows.pop(one, None)
            if row is None:
                continue
            last = self._ids.pop()
            for column in self._columns:
                column.put(row, int(column.numbers[-1]))
                column.drop_last()
            if last != one:
                self._ids[row] = last
                self._rows[last] = row

    def page(self, wanted: WantedAlerts, order: Order, key: Key | None, limit: int) -> list[str]:
        """Ids in falling order, after `key`, at most `limit`."""
        rows = rows_of(self._of(wanted) & self._in_state(wanted.state))
        by = {"last_seen": self._last_seen, "rank": self._severity, "customers": self._customers}
        columns = tuple(by[field].numbers for field in ORDERS[order][:-1])
        if key is not None:
            rows = after(rows, columns, self._ids, key)
        found = highest(rows, columns, self._ids, limit)
        found.sort(key=lambda row: (*(int(column[row]) for column in columns), self._ids[row]), reverse=True)
        return [self._ids[row] for row in found]

    def tallies(self, wanted: WantedAlerts) -> list[Tally]:
        """Of every combination that there is, in whatever state."""
        found = counted(self._of(wanted), (self._state, self._severity, self._departments))
        return [Tally(state, severity, departments, count) for (state, severity, departments), count in found]

    def totals(self) -> dict[str, int]:
        """Alerts by state."""
        return {state: count for (state,), count in counted(every(len(self)), (self._state,))}

    def counts(self, wanted: WantedAlerts) -> Counts:
        """Of the alerts judged on the days that are wanted, and of all that are undecided."""
        judged = self._of(wanted) & self._verdict.where(lambda verdict: verdict in ("right", "wrong"))
        undecided = self._of(wanted, days=False) & self._verdict.where(lambda verdict: verdict == "undecided")
        alike = counted(judged | undecided, (self._verdict, self._rules, self._departments, self._languages))
        days = counted(judged, (self._judged_on, self._verdict))
        return Counts(
            [Cell(rules or (), pair, languages, verdict, count) for (verdict, rules, pair, languages), count in alike],
            [DayCount(day, verdict, count) for (day, verdict), count in days],
        )

    def judged_otherwise(self, scale: str, limit: int) -> list[str]:
        """Alerts that were judged by another scale of severity, or by none."""
        return self._some(self._scale.where(lambda known: known != scale), limit)

    def without_rules(self, limit: int) -> list[str]:
        """Alerts that were stored before they kept what found them, without the merged."""
        return self._some(self._rules.where(lambda rules: rules is None) & self._in_state(None), limit)

    def _some(self, mask: Mask, limit: int) -> list[str]:
        return [self._ids[row] for row in rows_of(mask)[:limit]]

    def _in_state(self, wanted: str | None) -> Mask:
        return self._state.where(lambda state: state == wanted if wanted is not None else state != "merged")

    def _of(self, wanted: WantedAlerts, *, days: bool = True) -> Mask:
        """In whatever state."""
        mask = every(len(self))
        exactly: tuple[tuple[Kinds[Any], str | None], ...] = (
            (self._kind, wanted.kind),
            (self._severity, wanted.severity),
            (self._assigned, wanted.assigned),
            (self._verdict, wanted.verdict),
        )
        for column, value in exactly:
            if value is not None:
                mask &= column.where(partial(eq, value))
        if wanted.rule is not None:
            mask &= self._rules.where(lambda rules: wanted.rule in (rules or ()))
        if wanted.language is not None:
            mask &= self._languages.where(lambda languages: wanted.language in languages)
        if wanted.judged is not None and days:
            first, last = wanted.judged
            mask &= self._judged_on.where(lambda day: first <= day <= last)
        if len(wanted.departments) == 1:
            mask &= self._departments.where(lambda pair: wanted.departments[0] in pair)
        elif wanted.departments:
            mask &= self._departments.where(lambda pair: pair == tuple(sorted(wanted.departments)))
        return mask
