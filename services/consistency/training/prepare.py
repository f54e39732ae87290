"""Draws the examples to train on out of the written families and pairs, rendered as the detector would.

python -m services.consistency.training.prepare --out examples.jsonl
"""

import argparse
import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.consistency.domain.comparer.nearness import nearness_by
from services.consistency.domain.comparer.rendering import OTHER, marked_values, rendered, weight
from services.consistency.domain.contradiction.lexicon import load_lexicon
from services.consistency.domain.contradiction.message import Message, Reader
from services.consistency.domain.similarity import best_similarity
from services.consistency.training.embargoes import Told, read_embargoes
from services.consistency.training.families import Family, Label, Line, label, read_families
from services.consistency.training.pairs import Pair, read_pairs
from shared.events import Customer, MessageEvent
from shared.events import Message as MessageData

HERE = Path(__file__).parent
HELD = 0.06
WITHIN = {"conflict": 5, "change": 3, "same": 2, "apart": 6}
FAR = 1
"""Examples drawn of a family at the most: of its own lines by label, and with other matters of the company."""
QUIET = 4
"""How many times as many of a family in which nothing conflicts: such is most of what is sent."""
TURNED, REPEATED = 0.8, 0.7
"""Shares of conflicts that are drawn with their sides changed too, and of changes after which the old is said again."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """`first` and `second` as rendered; `origin` is where they come from: "family", "company", "pair", "embargo"."""

    first: str
    second: str
    label: Label
    language: str
    trade: str
    origin: str
    held: bool


class Draw:
    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - draws examples, keeps nothing secret
        self._lexicon = load_lexicon()
        self._reader = Reader(self._lexicon, limit=10**6)
        self._nearness = nearness_by(best_similarity())

    def families(self, families: Sequence[Family]) -> Iterator[Drawn]:
        companies: dict[tuple[str, str], list[Family]] = defaultdict(list)
        for family in families:
            companies[family.company, family.language].append(family)
        for family in families:
            yield from self.within(family)
            others = [
                line
                for other in companies[family.company, family.language]
                if other is not family
                for line in other.lines
            ]
            yield from self.across(family, others, FAR, "company")

    def within(self, family: Family) -> Iterator[Drawn]:
        lines = sorted(family.lines, key=lambda line: line.time)
        pairs = [(one, other) for at, other in enumerate(lines) for one in lines[:at]]
        self._chance.shuffle(pairs)
        left = dict(WITHIN)
        if all(line.role == "n" for line in lines):
            left["apart"] *= QUIET
        # Of what is consistent, pairs whose values differ come first: those are mistaken for conflicts.
        pairs.sort(key=lambda pair: not self.differ(*pair) if label(*pair) == "apart" else False)
        for one, other in pairs:
            found = label(one, other)
            left[found] -= 1
            if left[found] < 0:
                continue
            yield self.drawn(family, one, other, found, "family")
            if found == "conflict" and self._chance.random() < TURNED:
                turned = replace(other, time=one.time), replace(one, time=other.time)
                yield self.drawn(family, *turned, found, "family")
            if found == "change" and self._chance.random() < REPEATED:
                # What was changed with an announcement, and is said again as it was.
                yield self.drawn(family, other, replace(one, time=other.time + timedelta(days=7)), "conflict", "family")

    def across(self, family: Family, others: Sequence[Line], count: int, origin: str) -> Iterator[Drawn]:
        for other in self._chance.sample(list(others), min(count, len(others))):
            one = self._chance.choice(family.lines)
            first, second = sorted((one, other), key=lambda line: line.time)
            yield self.drawn(family, first, second, "apart", origin)

    def differ(self, one: Line, other: Line) -> bool:
        marks = marked_values(self.message(one), self.message(other), self._lexicon)
        return any(OTHER in of_text.values() for of_text in marks)

    def drawn(self, family: Family, one: Line, other: Line, found: Label, origin: str) -> Drawn:
        first, second = rendered(self.message(one), self.message(other), self._lexicon, self._nearness)
        return Drawn(first, second, found, family.language, family.trade, origin, held(family.company))

    def message(self, line: Line) -> Message:
        return self._reader.message(event(line.text, line.time, line.department, line.channel))

    def pairs(self, pairs: Iterable[Pair]) -> Iterator[Drawn]:
        for pair in pairs:
            found: Label = "conflict" if pair.label else "change" if pair.type == "change" else "apart"
            for texts in (pair.texts, pair.keys):
                messages = [
                    self._reader.message(event(text, time, "support", "email"))
                    for text, time in zip(texts, pair.times, strict=True)
                ]
                first, second = rendered(messages[0], messages[1], self._lexicon, self._nearness)
                yield Drawn(first, second, found, pair.language, pair.trade, "pair", held(pair.trade))


def embargoes(told: Iterable[Told]) -> Iterator[Drawn]:
    for one in told:
        found: Label = "same" if one.states else "apart"
        yield Drawn(*one.texts, found, one.language, one.trade, "embargo", held(one.company))


def event(text: str, time: datetime, department: str, channel: str) -> MessageEvent:
    data = MessageData.model_validate(
        {
            "customer": Customer(id="-"),
            "department": department,
            "channel": channel,
            "direction": "outbound",
            "text": text,
        }
    )
    return MessageEvent(
        specversion="1.0",
        id="-",
        source="//training",
        type="touchpoint.message.v1",
        time=time.astimezone(UTC),
        data=data,
    )


def held(name: str) -> bool:
    """Whole companies are kept apart, by a digest of their name, so that more of them change no earlier choice."""
    return hashlib.sha256(name.strip().lower().encode()).digest()[0] / 256 < HELD


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--families", type=Path, nargs="*", default=sorted(HERE.glob("families.*.txt")))
    parser.add_argument("--pairs", type=Path, nargs="*", default=sorted(HERE.glob("pairs.*.jsonl")))
    parser.add_argument("--embargoes", type=Path, nargs="*", default=sorted(HERE.glob("embargoes.*.txt")))
    parser.add_argument("--longest", type=int, help="leave out pairs of more letters than this, for a first round")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    draw = Draw(given.seed)
    count = 0
    with given.out.open("w", encoding="utf-8") as out:
        for found in (
            *draw.families(read_families(given.families)),
            *draw.pairs(read_pairs(given.pairs)),
            *embargoes(read_embargoes(given.embargoes)),
        ):
            if given.longest and weight(found.first) + weight(found.second) > given.longest:
                continue
            out.write(json.dumps(asdict(found), ensure_ascii=False) + "\n")
            count += 1
    print(f"{count} examples in {given.out}")


if __name__ == "__main__":
    main()
