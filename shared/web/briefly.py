"""Answers kept for some seconds, so that many who ask the same ask the database once."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Briefly(Generic[Answer]):
    """Who asks while the answer is worked out waits for that one. What failed is not kept."""

    def __init__(self, seconds: float, most: int = 64, clock: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[Hashable, tuple[float, asyncio.Future[Answer]]] = OrderedDict()

    async def answer(self, question: Hashable, work_out: Callable[[], Awaitable[Answer]]) -> Answer:
        asked, future = self._kept.get(question, (0.0, None))
        if future is None or _failed(future) or (future.done() and self._clock() - asked > self._seconds):
            future = asyncio.ensure_future(work_out())
            self._kept[question] = (self._clock(), future)
            self._kept.move_to_end(question)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return await asyncio.shield(future)  # whoever leaves does not take it from the others


def _failed(future: "asyncio.Future[Answer]") -> bool:
    return future.done() and (future.cancelled() or future.exception() is not None)
