"""A message with what it states; each text is read once, however many customers it went to."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

import orjson

from services.consistency.domain.bounds import CLAIMS, readable
from services.consistency.domain.contradiction.claim import Claim, Reading
from services.consistency.domain.contradiction.languages import language_of
from services.consistency.domain.contradiction.lexicon import Lexicon
from services.consistency.domain.contradiction.reading import read
from services.consistency.domain.contradiction.structured import holds, structured_claims
from services.consistency.domain.recent import Recent
from shared.events import Claim as Statement
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

    def of(self, event: MessageEvent) -> "Message":
        """The same said to another customer, or at another time."""
        return Message(
            event,
            self.reading,
            self.claims,
            self.own,
            self.sorts,
            identity_of(event),
            self.content,
            self.dated,
            self.until,
        )


class Reader:
    """Reads each text once and keeps what it made of the last texts seen."""

    def __init__(self, lexicon: Lexicon, limit: int = CHARACTERS) -> None:
        self._lexicon = lexicon
        self._readings: Recent[tuple[str, str], Reading] = Recent(limit)
        self._messages: Recent[Said, Message] = Recent(limit)

    def reading(self, whole: str, declared: str | None) -> Reading:
        text = readable(whole)
        language = language_of(text, declared, self._lexicon)
        key = (language.code, text)
        known = self._readings.get(key)
        if known is None:
            known = read(text, language, self._lexicon)
            self._readings.put(key, known, max(LEAST, len(text)))
        return known

    def message(self, event: MessageEvent) -> Message:
        said = said_in(event)
        known = self._messages.get(said)
        if known is None:
            known = self._read(event, said)
            self._messages.put(said, known, max(LEAST, len(event.data.text)))
        return known.of(event)

    def _read(self, event: MessageEvent, said: "Said") -> Message:
        data = event.data
        reading = self.reading(data.text, data.language)
        heading = " . ".join(part for part in (data.title, (data.topic or "").replace("-", " ")) if part)
        about = self.reading(heading, data.language) if heading else None
        claims = list(reading.claims)
        for statement in said.claims:
            claims.extend(structured_claims(statement, data.text, lambda text: self.reading(text, data.language)))
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
        return Message(event, reading, kept, own, sorts, "", content_of(said), dated, data.valid_until)

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


class Said(NamedTuple):
    """What an event says, whomever it is said to and in answer to what; `claims` are those that hold when it is sent.
    Two of the same are read alike."""

    source: str
    text: str
    title: str | None
    topic: str | None
    language: str | None
    campaign: str | None
    department: str
    valid_until: datetime | None
    claims: tuple[Statement, ...]


def said_in(event: MessageEvent) -> Said:
    data = event.data
    return Said(
        event.source,
        data.text,
        data.title,
        data.topic,
        data.language,
        data.campaign,
        data.department,
        data.valid_until,
        tuple(statement for statement in data.claims if is_held(statement, event.time)) if data.claims else (),
    )


def is_held(statement: Statement, time: datetime) -> bool:
    start, end = holds(statement)
    return (start is None or start <= time) and (end is None or end >= time)


def content_of(said: Said) -> str:
    plain = [statement.model_dump(mode="json", by_alias=True) for statement in said.claims]
    return digest(orjson.dumps([*said[:-1], plain]))


def sort_of(claim: Claim) -> tuple[str, str]:
    """Claims of different sorts never clash."""
    return claim.kind, claim.dimension if claim.kind in ("axis", "status") else ""
