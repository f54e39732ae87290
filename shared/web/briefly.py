"""Answers kept for some seconds, so that many who ask the same ask the database once."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


@dataclass(slots=True)
class Kept(Generic[Answer]):
    """`answered`: by the clock; None while it is worked out."""

    future: asyncio.Future[Answer]
    answered: float | None = None

    @property
    def failed(self) -> bool:
        return self.future.done() and (self.future.cancelled() or self.future.exception() is not None)


class Briefly(Generic[Answer]):
    """Who asks while the answer is worked out waits for that one; its time begins when it is there, so that one that
    took long is told to whoever asks again. What failed is not kept."""

    def __init__(self, seconds: float, most: int = 64, clock: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[Hashable, Kept[Answer]] = OrderedDict()

    async def answer(self, question: Hashable, work_out: Callable[[], Awaitable[Answer]]) -> Answer:
        kept = self._kept.get(question)
        if kept is None or kept.failed or self._is_old(kept):
            kept = self._begin(question, work_out)
        return await asyncio.shield(kept.future)  # whoever leaves does not take it from the others

    def _is_old(self, kept: Kept[Answer]) -> bool:
        return kept.answered is not None and self._clock() - kept.answered > self._seconds

    def _begin(self, question: Hashable, work_out: Callable[[], Awaitable[Answer]]) -> Kept[Answer]:
        kept = Kept(asyncio.ensure_future(work_out()))

        def note(_: asyncio.Future[Answer]) -> None:
            kept.answered = self._clock()

        kept.future.add_done_callback(note)
        self._kept[question] = kept
        self._kept.move_to_end(question)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return kept
