"""Is a message promotional? What its sender says; where it says nothing, what the text is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from services.consistency.domain.lexicon_files import read_languages, read_shared
from services.consistency.domain.wording import Found, Token, Wording, tokens_of
from shared.events import MessageEvent

IsPromotional = Callable[[MessageEvent], bool]
REMEMBERED = 20_000
"""Texts whose weight is kept: one text goes to many customers and is read once."""


@dataclass(frozen=True, slots=True)
class Sign:
    about: str
    weight: float
    wording: Wording


@dataclass(frozen=True, slots=True)
class Weighing:
    """What a text weighs, and the words of it that spoke for advertising, as code points."""

    weight: float
    words: tuple[tuple[int, int], ...]


class PromotionalClassifier:
    """The signs of every language are looked for in every text: people mix languages."""

    def __init__(self, signs: tuple[Sign, ...], settings: Mapping[str, Any]) -> None:
        self._signs = signs
        self._threshold = float(settings["threshold"])
        self._campaign = float(settings.get("campaign", 0))
        self._departments: Mapping[str, float] = settings.get("departments", {})
        self._channels: Mapping[str, float] = settings.get("channels", {})
        self.weigh = lru_cache(maxsize=REMEMBERED)(self._weigh)

    def __call__(self, message: MessageEvent) -> bool:
        purpose = message.data.purpose
        return purpose == "promotional" if purpose else self.score(message) >= self._threshold

    def score(self, message: MessageEvent) -> float:
        data = message.data
        sender = self._departments.get(data.department, 0) + self._channels.get(data.channel, 0)
        campaign = self._campaign if data.campaign else 0
        return sender + campaign + self.weigh(data.text).weight + max(0, self.weigh(data.title or "").weight)

    def _weigh(self, text: str) -> Weighing:
        tokens = tokens_of(text)
        found = [(sign, list(sign.wording.find(tokens))) for sign in self._signs]
        words = {place(hit, tokens) for sign, hits in found if sign.weight > 1 for hit in hits}
        return Weighing(sum(sign.weight for sign, hits in found if hits), tuple(sorted(words)))


def place(found: Found, tokens: list[Token]) -> tuple[int, int]:
    return tokens[found.first].start, tokens[found.last - 1].end


@lru_cache(maxsize=1)
def default_promotional() -> PromotionalClassifier:
    signs = tuple(
        Sign(str(sign["about"]), float(sign["weight"]), Wording(sign["words"]))
        for table in read_languages("promotional").values()
        for sign in table["signs"]
    )
    return PromotionalClassifier(signs, read_shared("policy")["promotional"])
