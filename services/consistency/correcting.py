"""Corrections: who heard the wrong statement of an alert, and how far telling them is."""

import asyncio
from dataclasses import dataclass
from typing import Any

from services.consistency.domain.causes import Side
from services.consistency.domain.correction import Heard, heard, places, sender_of, wrong_side
from services.consistency.domain.stored import Alert
from services.consistency.store import Store
from services.consistency.store.conflicts import Told

MOST_READ = 10


@dataclass(frozen=True, slots=True)
class Correction:
    """Of one alert, with those merged into it, where one side is the wrong one."""

    store: Store
    alert: Alert
    side: Side
    told: Told

    async def to_json(self) -> dict[str, Any]:
        """`by_channel` has None for messages whose channel was not kept yet when they were stored."""
        left_to_tell = Told(self.told.wrong, ("open",))
        customers, left, by_channel, left_by = await asyncio.gather(
            self.store.conflicts.customers(self.told),
            self.store.conflicts.customers(left_to_tell),
            self.store.conflicts.channels(self.told),
            self.store.conflicts.channels(left_to_tell),
        )
        channels = sorted(by_channel.items(), key=lambda item: (-item[1], item[0] or ""))
        return {
            "side": self.side,
            "sender": sender_of(self.alert, self.side).to_json(),
            "customers": customers,
            "corrected": customers - left,
            "by_channel": [
                {"channel": channel, "customers": count, "corrected": count - left_by.get(channel, 0)}
                for channel, count in channels
            ],
        }

    async def page(
        self, channel: str | None, corrected: bool | None, after: str | None, limit: int
    ) -> tuple[list[Heard], str | None]:
        """Customers in order, and the one to go on after. A page may hold fewer than `limit`, for no more than
        `MOST_READ` times as many are read for it."""
        told = Told(self.told.wrong, ("open",) if corrected is False else ("open", "settled"), channel)
        found: list[Heard] = []
        for _ in range(MOST_READ):
            rows = await self.store.conflicts.heard(told, after, limit + 1)
            for customer, conflicts in rows[:limit]:
                one = heard(customer, conflicts, told.wrong)
                if corrected in (None, one.corrected):
                    found.append(one)
                after = customer
                if len(found) == limit:
                    return found, after if customer != rows[-1][0] else None
            if len(rows) <= limit:
                return found, None
        return found, after


async def correction_of(store: Store, alert: Alert, side: Side | None, department: str | None) -> Correction:
    """Raises `NoChoice`."""
    chosen = wrong_side(alert, side, department)
    ids = (await store.alerts.members([alert.id])).get(alert.id, ())
    members = (await store.alerts.by_id(ids)).values()
    return Correction(store, alert, chosen, Told(places(alert, chosen, members)))
