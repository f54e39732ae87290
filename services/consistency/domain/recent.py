"""What was used last, within a bound on all of it together."""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """`limit`: of the sizes of all values, in whatever unit they are put with. Where they come to more, those used
    longest ago go; the last one stays, however large."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._size = 0

    def get(self, key: Key) -> Value | None:
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key][0]

    def put(self, key: Key, value: Value, size: int) -> None:
        """In place of what stood under the key."""
        self.drop([key])
        self._values[key] = (value, size)
        self._size += size
        while self._size > self._limit and len(self._values) > 1:
            _, (_, gone) = self._values.popitem(last=False)
            self._size -= gone

    def drop(self, keys: Iterable[Key]) -> None:
        for key in keys:
            _, size = self._values.pop(key, (None, 0))
            self._size -= size

    def clear(self) -> None:
        self._values.clear()
        self._size = 0
