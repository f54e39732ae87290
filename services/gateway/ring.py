"""The newest records of a topic's one partition, bounded, for any number of readers at their own pace.

A reader is only a position: a slow one costs nothing and holds nobody up; one that fell out is told so.
"""

import asyncio
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    offset: int
    value: bytes


class FellBehind(Exception):
    """Records between the reader's position and the ring's oldest are no longer here."""


class Ring:
    """Answers for all records from offset `floor` up to `position` (exclusive)."""

    def __init__(self, capacity: int) -> None:
        self._entries: deque[Entry] = deque()
        self._capacity = capacity
        self._floor = 0
        self._position = 0
        self._changed = asyncio.Event()

    @property
    def position(self) -> int:
        """The offset that the next record will have at least."""
        return self._position

    def start(self, floor: int) -> None:
        """The first record that will be added has offset `floor` or a later one."""
        self._entries.clear()
        self._floor = self._position = floor

    def add(self, entry: Entry) -> None:
        """Adds a record; the same or an earlier one again changes nothing."""
        if entry.offset < self._position:
            return
        self._entries.append(entry)
        self._position = entry.offset + 1
        if len(self._entries) > self._capacity:
            self._floor = self._entries.popleft().offset + 1
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def since(self, position: int) -> list[Entry]:
        """Records at `position` and after it, oldest first; raises `FellBehind`.

        A position beyond the end comes from another life of the topic, so nothing is known of what it missed.
        """
        if position < self._floor or position > self._position:
            raise FellBehind
        found: list[Entry] = []
        for entry in reversed(self._entries):
            if entry.offset < position:
                break
            found.append(entry)
        return found[::-1]

    async def changed(self) -> None:
        """Waits for the next record."""
        await self._changed.wait()

    def __len__(self) -> int:
        return len(self._entries)
