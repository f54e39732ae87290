"""Columns of numbers that grow, and of things of which there are few kinds, each kept as the number of its kind."""

import os
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

# Several threads for what is small wait for each other longer than they work; numpy reads this when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

Kind = TypeVar("Kind", bound=Hashable)
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]
Numbers = NDArray[np.int64]

FIRST_ROOM = 1_024


class Column:
    """Whole numbers, by row; as many as were put there."""

    def __init__(self) -> None:
        self._room: Numbers = np.zeros(FIRST_ROOM, np.int64)
        self._count = 0

    @property
    def numbers(self) -> Numbers:
        return self._room[: self._count]

    def put(self, row: int, number: int) -> None:
        """`row` is one that is there, or the next."""
        if row == len(self._room):
            self._room = np.concatenate((self._room, np.zeros(len(self._room), np.int64)))
        self._room[row] = number
        self._count = max(self._count, row + 1)

    def drop_last(self) -> None:
        self._count -= 1


class Kinds(Column, Generic[Kind]):
    """`known`: kinds in the order of their numbers; others follow as they come."""

    def __init__(self, known: tuple[Kind, ...] = ()) -> None:
        super().__init__()
        self.kinds: list[Kind] = list(known)
        self._number = {kind: number for number, kind in enumerate(self.kinds)}

    def put_kind(self, row: int, kind: Kind) -> None:
        number = self._number.setdefault(kind, len(self.kinds))
        if number == len(self.kinds):
            self.kinds.append(kind)
        self.put(row, number)

    def where(self, wanted: Callable[[Kind], bool]) -> Mask:
        """Each kind is asked about once, however many rows have it."""
        chosen: Mask = np.fromiter((wanted(kind) for kind in self.kinds), np.bool_, len(self.kinds))
        found: Mask = chosen[self.numbers]
        return found


def every(count: int) -> Mask:
    return np.ones(count, np.bool_)


def rows_of(mask: Mask) -> Rows:
    return np.flatnonzero(mask)


def after(rows: Rows, columns: tuple[Numbers, ...], ids: list[str], key: Sequence[int | str]) -> Rows:
    """Of these rows those that come later than `key`, a number for each column and an id, when all of them fall."""
    later: Mask = np.zeros(len(rows), np.bool_)
    level = every(len(rows))
    for column, value in zip(columns, key, strict=False):
        values = column[rows]
        later |= level & (values < int(value))
        level &= values == int(value)
    for place in np.flatnonzero(level):
        later[place] = ids[rows[place]] < str(key[-1])
    return rows[later]


def counted(mask: Mask, columns: tuple[Kinds[Any], ...]) -> list[tuple[tuple[Any, ...], int]]:
    """How many of the rows there are of each combination of kinds that there is."""
    combined: Numbers = np.zeros(int(np.count_nonzero(mask)), np.int64)
    for column in columns:
        combined = combined * max(1, len(column.kinds)) + column.numbers[mask]
    found, counts = np.unique(combined, return_counts=True)
    combinations = []
    for number, count in zip(found.tolist(), counts.tolist(), strict=True):
        kinds: list[Any] = []
        for column in reversed(columns):
            number, place = divmod(number, max(1, len(column.kinds)))
            kinds.append(column.kinds[place])
        combinations.append((tuple(reversed(kinds)), count))
    return combinations


def highest(rows: Rows, columns: tuple[Numbers, ...], ids: list[str], limit: int) -> list[int]:
    """Of these rows those that come first when the columns fall, and then the ids; in no order. Takes time that grows
    with the rows, and does not sort them."""
    if len(rows) <= limit or limit == 0:
        return [int(row) for row in rows[:limit]]
    if not columns:
        return sorted((int(row) for row in rows), key=lambda row: ids[row], reverse=True)[:limit]
    values = columns[0][rows]
    least = np.partition(values, len(values) - limit)[len(values) - limit]
    above = rows[values > least]
    return [*map(int, above), *highest(rows[values == least], columns[1:], ids, limit - len(above))]
