"""The dates that documents carry, and the one index a collection by which MongoDB deletes them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ASCENDING, IndexModel

from shared.mongo import Collection, ensure_indexes

KEPT_FROM, EXPIRES = "kept_from", "expires"
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""The end of what is kept for ever: each document has a date, so that one without is known to be older than this."""


async def expire(collection: Collection) -> None:
    """Has MongoDB delete each document when its date has passed; it looks about once a minute."""
    await ensure_indexes(collection, [IndexModel([(EXPIRES, ASCENDING)], name=EXPIRES, expireAfterSeconds=0)])


def ends(kept_from: datetime, days: int | None) -> datetime:
    return NEVER if days is None else kept_from + timedelta(days=days)


def kept(kept_from: datetime, days: int | None) -> dict[str, Any]:
    """The fields to write; `kept_from` is there so that changed days can be applied later."""
    return {KEPT_FROM: kept_from, EXPIRES: ends(kept_from, days)}


def later_of(event_time: datetime, arrived: int) -> datetime:
    """From when an event is kept: its own time, or when Kafka took it (milliseconds), the later of both.

    By its own time alone, one that comes late would be gone at once; by the time of storing, a rebuild would keep
    everything anew and differ from what runs beside it.
    """
    return max(event_time.astimezone(UTC), datetime.fromtimestamp(arrived / 1000, UTC))
