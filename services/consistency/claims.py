"""What a customer was told and still holds, in the form of the API."""

from datetime import datetime
from typing import Any

from services.consistency.domain.history import History


def standing(history: History, now: datetime) -> list[dict[str, Any]]:
    return []
