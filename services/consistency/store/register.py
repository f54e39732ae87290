"""The roll of all alerts, kept in step with the collection `alerts`, whichever instance writes there.

Whoever asks for the roll is given one with all that had been written when they asked; now and then all is read anew.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from time import monotonic

from services.consistency.clock import now
from services.consistency.domain.roll import Card, Roll
from services.consistency.store.documents import CUSTOMER, Row
from services.consistency.store.looking import LATE, LATER, Looks
from shared.mongo import Collection
from shared.web.window import DAY, HOUR, day_of

FAR = 1 << 62
FEW, MANY = 500, 2_000
"""Alerts of one stretch of time when all are read: the next is longer where there were fewer, shorter where there were
more. No server is asked for all at once, for some sort and copy in memory."""
FIELDS = (
    *("revision", "state", "severity", "kind", "senders", "last_seen", "customers"),
    *("assignee", "rules", "languages", "judgement", "scale"),
)


class Reading:
    """How far all have been read: one stretch of time after the other, the newest first. What moves on meanwhile is
    touched, and looked at."""

    def __init__(self) -> None:
        self.roll = Roll()
        self.looks = Looks()
        self.looks.begin()
        self.until, self.since, self._length = FAR, now(), HOUR

    def go_on(self, found: int) -> None:
        longer, shorter = self._length * 4, self._length // 4
        self._length = longer if found < FEW else shorter if found > MANY else self._length
        self.until, self.since = self.since, self.since - self._length if self.since > -DAY else -FAR


class Register:
    def __init__(self, alerts: Collection) -> None:
        self._alerts = alerts
        self._roll: Roll | None = None
        self._looks = Looks()
        self._reading: Reading | None = None
        self._one_at_a_time = asyncio.Lock()

    async def roll(self) -> Roll:
        """With all that had been written when this was called."""
        asked = monotonic()
        async with self._one_at_a_time:
            roll = self._roll or await self._read_all()
            if self._looks.is_due(asked):
                await self._look(roll, LATE)
            return roll

    def note(self, rows: Sequence[Row]) -> None:
        """What was just written from here; where the roll is not read yet, it will be with them."""
        if self._roll is not None:
            self._roll.put(card_of(row) for row in rows)

    async def look_far_back(self) -> None:
        """For what came later than any look expected."""
        async with self._one_at_a_time:
            await self._look(self._roll or await self._read_all(), LATER)

    async def read_anew(self) -> None:
        """Answers wait for it where nothing was read before; else they are given from that."""
        if self._roll is None:
            await self.roll()
        else:
            await self._read_all()

    async def _read_all(self) -> Roll:
        """Goes on where it broke off, when the database was away."""
        reading = self._reading = self._reading or Reading()
        while reading.until > -FAR:
            before = len(reading.roll)
            async for cards in self._found({"last_seen": {"$gte": reading.since, "$lt": reading.until}}):
                reading.roll.put(cards)
            reading.go_on(len(reading.roll) - before)
        self._roll, self._looks, self._reading = reading.roll, reading.looks, None
        return reading.roll

    async def _look(self, roll: Roll, reach: int) -> None:
        with self._looks.look(reach) as condition:
            async for cards in self._found(condition):
                roll.put(cards)

    async def _found(self, condition: Row) -> AsyncIterator[list[Card]]:
        cursor = self._alerts.find(condition, dict.fromkeys(FIELDS, 1), batch_size=1_000)
        while rows := await cursor.to_list(1_000):
            yield [card_of(row) for row in rows]


def card_of(row: Row) -> Card:
    """Documents that are older than a field do not have it."""
    judgement, assignee = row.get("judgement"), row.get("assignee")
    merged = row["state"] == "merged"
    return Card(
        id=row["_id"],
        revision=row["revision"],
        state=row["state"],
        severity=row.get("severity", "medium"),
        kind=row["kind"],
        departments=tuple(sorted(sender["department"] or CUSTOMER for sender in row["senders"])),
        last_seen=row["last_seen"],
        customers=row["customers"],
        assigned=f"{assignee['kind']}:{assignee['name']}" if assignee else None,
        rules=None if row.get("rules") is None else tuple(row["rules"]),
        languages=tuple(row.get("languages") or ()),
        verdict=None if merged else judgement["verdict"] if judgement else "undecided",
        judged_on=day_of(judgement["at"]) if judgement and not merged else None,
        scale=row.get("scale"),
    )
