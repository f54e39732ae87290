"""What a customer was told and still holds, in the form of the API."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from services.consistency.domain.contradiction.lexicon import Lexicon, load_lexicon
from services.consistency.domain.contradiction.standing import standing_claims
from services.consistency.domain.history import History
from shared.events import MessageEvent, timestamp

read_lexicon = lru_cache(maxsize=1)(load_lexicon)


def standing(history: History, now: datetime) -> list[dict[str, Any]]:
    """The latest told first; `superseded_by` is the later message that says otherwise, None while it stands."""
    lexicon: Lexicon = read_lexicon()
    sources = {message.id: message.source for message in history.messages}
    return [
        {
            "subject": claim.subject,
            "attribute": claim.attribute,
            "value": claim.value,
            "event": _reference(claim.event),
            "department": claim.event.data.department,
            "channel": claim.event.data.channel,
            "time": timestamp(claim.event.time),
            "span": {"start": claim.span.start, "end": claim.span.end, "text": claim.span.text},
            "valid_until": None if claim.valid_until is None else timestamp(claim.valid_until),
            "superseded_by": None
            if claim.superseded_by is None
            else {"source": sources.get(claim.superseded_by, claim.event.source), "id": claim.superseded_by},
        }
        for claim in reversed(standing_claims(history, now, lexicon))
    ]


def _reference(event: MessageEvent) -> dict[str, str]:
    return {"source": event.source, "id": event.id}
