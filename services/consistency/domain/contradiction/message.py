"""A message with what it states; each text is read once, however many customers it went to."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import orjson

from services.consistency.domain.bounds import CLAIMS, readable
from services.consistency.domain.contradiction.claim import Claim, Reading
from services.consistency.domain.contradiction.languages import language_of
from services.consistency.domain.contradiction.lexicon import Lexicon
from services.consistency.domain.contradiction.reading import read
from services.consistency.domain.contradiction.structured import holds, structured_claims
from shared.events import MessageEvent, digest, identity_of

CHARACTERS = 2_000_000
"""Of the texts whose readings are kept, a hundred at least for each; a reading takes some 200 bytes a character."""
LEAST = 100


@dataclass(frozen=True, slots=True)
class Message:
    """One message with what it states; `own` are the names, and their stems, of the company that sends it, `sorts`
    what its assertions may clash with, `key` its event's identity.

    `content` is the same for messages of which the same is made, whoever they were sent to and, but for those that are
    `dated`, whenever.
    """

    event: MessageEvent
    reading: Reading
    claims: tuple[Claim, ...]
    own: frozenset[str] = frozenset()
    sorts: frozenset[tuple[str, str]] = frozenset()
    key: str = ""
    content: str = ""
    dated: bool = True
    until: datetime | None = None


class Reader:
    """Reads each text once and keeps the readings of the last texts seen."""

    def __init__(self, lexicon: Lexicon, limit: int = CHARACTERS) -> None:
        self._lexicon = lexicon
        self._limit = limit
        self._readings: OrderedDict[tuple[str, str], Reading] = OrderedDict()
        self._size = 0

    def reading(self, whole: str, declared: str | None) -> Reading:
        text = readable(whole)
        language = language_of(text, declared, self._lexicon)
        key = (language.code, text)
        known = self._readings.get(key)
        if known is not None:
            self._readings.move_to_end(key)
            return known
        found = read(text, language, self._lexicon)
        self._readings[key] = found
        self._size += max(LEAST, len(text))
        while self._size > self._limit and len(self._readings) > 1:
            (_, oldest), _ = self._readings.popitem(last=False)
            self._size -= max(LEAST, len(oldest))
        return found

    def message(self, event: MessageEvent) -> Message:
        data = event.data
        reading = self.reading(data.text, data.language)
        heading = " . ".join(part for part in (data.title, (data.topic or "").replace("-", " ")) if part)
        about = self.reading(heading, data.language) if heading else None
        claims = list(reading.claims)
        holding: list[int] = []
        for at, statement in enumerate(data.claims):
            start, end = holds(statement)
            if (start is None or start <= event.time) and (end is None or end >= event.time):
                claims.extend(structured_claims(statement, data.text, lambda text: self.reading(text, data.language)))
                holding.append(at)
        if about is not None:
            reading = replace(
                reading,
                topic=reading.topic | about.topic,
                names=reading.names | about.names,
                refs=reading.refs | about.refs,
                periods=about.periods or reading.periods,
            )
        kept = tuple(claims[:CLAIMS])
        sorts = frozenset(sort_of(claim) for claim in kept if claim.mode == "asserted")
        dated = bool(reading.periods) or any(claim.moment or claim.until or claim.when for claim in kept)
        own = self.own(event.source, reading)
        return Message(
            event, reading, kept, own, sorts, identity_of(event), content_of(event, holding), dated, data.valid_until
        )

    def own(self, source: str, reading: Reading) -> frozenset[str]:
        """Names that the address of the sending system contains: they stand in every message and tell nothing."""
        sender = "".join(c for c in source.lower() if c.isalnum())
        own: set[str] = set()
        for name in reading.names:
            first, *more = name.split()
            if len(first) > 2 and first in sender and sum(not word.isdigit() for word in more) < 2:
                spell = self._lexicon.languages[reading.language].speller.norm
                own |= {name, first, spell(first), *more, *map(spell, more)}
        return frozenset(own)


PERSONAL = frozenset({"customer", "thread", "corrects"})


def content_of(event: MessageEvent, holding: Sequence[int]) -> str:
    """A digest of what the event says, without whom it was said to and in answer to what. `holding`: places of the
    structured claims that hold when it is sent."""
    said = event.data.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=set(PERSONAL))
    return digest(orjson.dumps([event.source, said, list(holding)]))


def sort_of(claim: Claim) -> tuple[str, str]:
    """Claims of different sorts never clash."""
    return claim.kind, claim.dimension if claim.kind in ("axis", "status") else ""
