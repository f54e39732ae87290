"""What a judge said of two texts is kept: histories are looked at again with every message, campaigns repeat texts."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

from services.consistency.domain.contradiction.review import Reviewer, Texts
from shared.telemetry.metrics import METRICS

KEPT = 200_000


class Remembering:
    """Asks once about the same two texts; about those that got no answer, again."""

    def __init__(self, reviewer: Reviewer, limit: int = KEPT) -> None:
        self._reviewer = reviewer
        self._limit = limit
        self._known: OrderedDict[bytes, float] = OrderedDict()

    def opinions(self, pairs: Sequence[Texts]) -> list[float | None]:
        keys = [key_of(pair) for pair in pairs]
        new = {key: pair for key, pair in zip(keys, pairs, strict=True) if key not in self._known}
        fresh = dict(zip(new, self._reviewer.opinions(list(new.values())) if new else [], strict=True))
        answers = [fresh[key] if key in fresh else self._known[key] for key in keys]
        answered = {key: opinion for key, opinion in fresh.items() if opinion is not None}
        METRICS.judged("answered", len(answered))
        METRICS.judged("unanswered", len(fresh) - len(answered))
        self._keep(keys, answered)
        return answers

    def _keep(self, used: Sequence[bytes], answered: dict[bytes, float]) -> None:
        self._known.update(answered)
        for key in used:
            if key in self._known:
                self._known.move_to_end(key)
        while len(self._known) > self._limit:
            self._known.popitem(last=False)


def key_of(pair: Texts) -> bytes:
    earlier, later = (hashlib.sha256(text.encode()).digest() for text in pair)
    return earlier + later
