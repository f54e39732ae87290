"""The newest dead letters, without their bytes: what became of each, and which come from one record."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.gateway.dead_letters.letters import Letter, Mark, Origin, number
from services.gateway.dead_letters.shapes import LetterState as State

STATES: tuple[State, ...] = ("waiting", "replayed", "failed_again")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to; None and "" mean all. `reason` is part of one, in upper or lower case."""

    consumer: str = ""
    topic: str = ""
    reason: str = ""
    state: State | None = None
    since: datetime | None = None
    """Not before."""
    until: datetime | None = None
    """Before."""

    def takes(self, letter: Letter, state: State) -> bool:
        return (
            (not self.consumer or letter.consumer == self.consumer)
            and (not self.topic or letter.origin.topic == self.topic)
            and (not self.reason or self.reason.casefold() in letter.reason.casefold())
            and (self.state is None or state == self.state)
            and (self.since is None or (letter.at is not None and letter.at >= self.since))
            and (self.until is None or (letter.at is not None and letter.at < self.until))
        )


class Index:
    """Knows the `capacity` newest letters; `older` counts those that it knew and let go."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._letters: dict[int, Letter] = {}
        self._marks: dict[int, Mark] = {}
        self._came_back: dict[int, int] = {}
        self._of_record: dict[Origin, list[int]] = defaultdict(list)
        self._counts: dict[State, int] | None = None
        self._changed = asyncio.Event()
        self.position = 0
        """The offset that the next record of the topic will have at least."""
        self.caught_up = False
        self.older = 0

    def add(self, letter: Letter) -> None:
        """One that a consumer wrote a second time, having ended between the letter and its commit, is dropped."""
        if letter.offset in self._letters:
            return
        of_record = self._of_record[letter.origin]
        if letter.is_letter and any(self._letters[one].consumer == letter.consumer for one in of_record):
            return
        self._letters[letter.offset] = letter
        of_record.append(letter.offset)
        for earlier in letter.history:
            before = self._letters.get(number(earlier.get("offset")))
            if before is not None and before.consumer == letter.consumer:
                self._came_back.setdefault(before.offset, letter.offset)
        self._counts = None
        while len(self._letters) > self._capacity:
            self._let_go(next(iter(self._letters)))

    def _let_go(self, offset: int) -> None:
        letter = self._letters.pop(offset)
        self._marks.pop(offset, None)
        self._came_back.pop(offset, None)
        of_record = self._of_record[letter.origin]
        of_record.remove(offset)
        if not of_record:
            del self._of_record[letter.origin]
        self.older += 1

    def mark(self, mark: Mark) -> None:
        for offset in mark.letters:
            if offset in self._letters:
                self._marks.setdefault(offset, mark)
        self._counts = None

    def reached(self, position: int) -> None:
        """Everything before `position` was read."""
        if position != self.position:
            self.position = position
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()

    async def changed(self) -> None:
        """Waits until more was read."""
        await self._changed.wait()

    def get(self, offset: int) -> Letter | None:
        return self._letters.get(offset)

    def state(self, letter: Letter) -> State:
        if letter.offset in self._came_back:
            return "failed_again"
        return "replayed" if letter.offset in self._marks else "waiting"

    def mark_of(self, letter: Letter) -> Mark | None:
        return self._marks.get(letter.offset)

    def came_back_as(self, letter: Letter) -> int | None:
        return self._came_back.get(letter.offset)

    def same_record(self, letter: Letter) -> list[Letter]:
        """The letters of the same record, this one among them: one from each consumer that could not process it."""
        return [self._letters[offset] for offset in self._of_record.get(letter.origin, [])]

    def newest(self, wanted: Wanted, before: int | None = None) -> Iterator[Letter]:
        """Those that are wanted, with an offset below `before`, newest first."""
        for letter in reversed(self._letters.values()):
            if (before is None or letter.offset < before) and wanted.takes(letter, self.state(letter)):
                yield letter

    def counts(self) -> dict[State, int]:
        if self._counts is None:
            found = Counter(self.state(letter) for letter in self._letters.values())
            self._counts = {state: found[state] for state in STATES}
        return self._counts

    def consumers(self) -> list[str]:
        return sorted({letter.consumer for letter in self._letters.values() if letter.consumer})

    def topics(self) -> list[str]:
        return sorted({letter.origin.topic for letter in self._letters.values() if letter.origin.topic})
