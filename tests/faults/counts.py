"""What became of the events: counted in MongoDB itself, past every service."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from pymongo import AsyncMongoClient

from tests.faults.counted import Counted
from tests.faults.load import Load

SETTLED = 300.0
"""Seconds without any progress after which what is not stored is taken to be lost."""


class Stored:
    """Reads both services' collections, by customers whose names begin with a prefix."""

    def __init__(self, mongodb: str) -> None:
        self._client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongodb)
        self._database = self._client["onevoice"]

    async def close(self) -> None:
        await self._client.close()

    async def timelines(self, prefix: str) -> list[str]:
        """Event ids on the timelines."""
        return [row["event_id"] async for row in self._touchpoints.find(between(prefix), {"event_id": 1})]

    async def compared(self, prefix: str) -> int:
        """How many events the detector has."""
        return int(await self._database["events"].count_documents(between(prefix)))

    async def count(self, prefix: str) -> int:
        return int(await self._touchpoints.count_documents(between(prefix)))

    async def conflicts(self, prefix: str) -> list[dict[str, Any]]:
        """Those that hold, of either sort of state."""
        found = self._database["conflicts"].find(between(prefix) | {"pair": {"$ne": "withdrawn"}})
        return [row async for row in found]

    async def marks(self, prefix: str) -> int:
        open_marks = between(prefix) | {"state": "open"}
        return int(await self._database["conflict_marks"].count_documents(open_marks))

    @property
    def _touchpoints(self) -> Any:
        return self._database["touchpoints"]


def between(prefix: str) -> dict[str, Any]:
    return {"customer": {"$gte": f"{prefix}-", "$lt": f"{prefix}."}}


async def outcome(
    fault: str, stored: Stored, prefix: str, load: Load, sent: int, expected: int, recovered: float | None
) -> Counted:
    """Waits until everything acknowledged is stored and compared, or nothing more comes."""
    count = len(load.accepted)
    whole = (count, count, expected, expected)

    async def so_far() -> tuple[int, int, int, int]:
        conflicts = len(await stored.conflicts(prefix))
        return await stored.count(prefix), await stored.compared(prefix), conflicts, await stored.marks(prefix)

    seen, since = (-1, -1, -1, -1), time.monotonic()
    while seen != whole and time.monotonic() - since < SETTLED:
        asked = time.monotonic()
        if (now := await so_far()) != seen:
            seen, since = now, time.monotonic()
        await leave_alone(asked)
    await asyncio.sleep(1.0)  # for what would be one too many
    timelines = await stored.timelines(prefix)
    compared = await stored.compared(prefix)
    conflicts = await stored.conflicts(prefix)
    marks = await stored.marks(prefix)
    return Counted(
        fault,
        events=sent,
        accepted=len(load.accepted),
        stored=len(set(timelines)),
        duplicated=len(timelines) - len(set(timelines)) + max(0, compared - len(load.accepted)),
        lost=max(len(load.accepted - set(timelines)), len(load.accepted) - compared),
        conflicts_expected=expected,
        conflicts_found=len(conflicts) if len(conflicts) != expected else marks,
        recovered_seconds=recovered,
    )


async def within(seconds: float, probe: Callable[[], Awaitable[bool]]) -> float | None:
    """Seconds until the probe was true; None where it never was."""
    began = time.monotonic()
    while (asked := time.monotonic()) - began < seconds:
        if await probe():
            return time.monotonic() - began
        await leave_alone(asked)
    return None


async def leave_alone(asked: float) -> None:
    """Waits for four times as long as the server was busy with what was asked: counting very many documents would
    otherwise hold up the work that is waited for."""
    await asyncio.sleep(max(0.2, 4 * (time.monotonic() - asked)))
