"""Written pairs of messages as examples for training: two texts, and 1 where they contradict each other."""

import hashlib
import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ENDS = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？；!?])|\n+")
ORDERED = frozenset({"status", "progress", "change", "expiry", "condition", "exception"})
"""Types whose label may depend on which message came first."""
HELD = 0.15


@dataclass(frozen=True, slots=True)
class Pair:
    id: str
    language: str
    trade: str
    texts: tuple[str, str]
    keys: tuple[str, str]
    times: tuple[datetime, datetime]
    label: int
    type: str


@dataclass(frozen=True, slots=True)
class Example:
    texts: tuple[str, str]
    label: int
    weight: float = 1.0


def read_pairs(paths: Iterable[Path]) -> list[Pair]:
    return [pair(json.loads(line)) for path in paths for line in path.read_text("utf-8").splitlines() if line.strip()]


def pair(plain: dict[str, Any]) -> Pair:
    return Pair(
        id=plain["id"],
        language=plain["lang"],
        trade=plain["trade"],
        texts=(plain["a"]["text"], plain["b"]["text"]),
        keys=(plain["key_a"], plain["key_b"]),
        times=(moment(plain["a"]["time"]), moment(plain["b"]["time"])),
        label=int(plain["label"] == "contradiction"),
        type=plain["type"],
    )


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(hour=found.hour or 10, tzinfo=UTC)


def held(found: Pair) -> bool:
    """Whole trades are kept apart, chosen by a digest of their name, so that more pairs change no earlier choice."""
    digest = hashlib.sha256(found.trade.strip().lower().encode()).digest()
    return digest[0] / 256 < HELD


def sentences(text: str) -> list[str]:
    return [part.strip() for part in ENDS.split(text) if len(part.strip()) > 3] or [text]


def examples(pairs: Sequence[Pair], chance: random.Random) -> list[Example]:
    """One epoch's examples, drawn anew each time: the keys, and sentences that do not clash.

    Whole messages as examples were tried: they take most of the time, and on scenarios the judge did no better on
    them than nearness in meaning does.
    """
    return [example for found in pairs for example in of_pair(found, pairs, chance)]


def of_pair(found: Pair, pairs: Sequence[Pair], chance: random.Random) -> Iterator[Example]:
    yield turned(found, found.keys, found.label, chance)
    others = [
        (one, other)
        for one in sentences(found.texts[0])
        for other in sentences(found.texts[1])
        if not (overlaps(one, found.keys[0]) and overlaps(other, found.keys[1]))
    ]
    if others and chance.random() < 0.8:
        yield turned(found, chance.choice(others), 0, chance)
    if chance.random() < 0.05:
        text = chance.choice(found.keys)
        yield Example((text, text), 0)
    # Most messages to one customer speak of different matters of one trade.
    near = [other for other in pairs if other.trade == found.trade and other.language == found.language]
    stranger = chance.choice(near if chance.random() < 0.7 else pairs)
    if stranger is not found:
        yield Example((found.keys[0], chance.choice(stranger.keys)), 0)


def overlaps(sentence: str, key: str) -> bool:
    return sentence in key or key in sentence or any(part in key for part in sentences(sentence))


def turned(found: Pair, texts: tuple[str, str], label: int, chance: random.Random) -> Example:
    if found.type not in ORDERED and chance.random() < 0.5:
        texts = (texts[1], texts[0])
    return Example(texts, label)
