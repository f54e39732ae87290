"""A process that dies at a chosen point: between any two calls of the database's driver or the publisher.

The calls themselves go to the real servers. Once it died, whatever still runs of it reaches nothing any more.
"""

from collections.abc import Sequence
from typing import Any

from shared.kafka.publisher import BrokerAway, Outgoing, Publisher
from shared.mongo import Database

OPENS_A_CURSOR = frozenset({"find", "aggregate"})


class Crash(Exception):
    """The process is gone."""


class Life:
    """Ends with the call number `calls` from now: before it reaches the server, or `after` it was done there."""

    def __init__(self) -> None:
        self._left: int | None = None
        self._after = False
        self.over = False
        self.kafka_away = False

    def ends(self, calls: int, *, after: bool) -> None:
        self._left, self._after = calls, after

    def goes_on(self) -> None:
        self._left = None

    def before(self) -> None:
        if self._left is not None:
            self._left -= 1
            self.over = self.over or (self._left <= 0 and not self._after)
        self._raise_if_over()

    def after(self) -> None:
        self.over = self.over or (self._left is not None and self._left <= 0)
        self._raise_if_over()

    def _raise_if_over(self) -> None:
        if self.over:
            raise Crash


class MortalCollection:
    def __init__(self, collection: Any, life: Life) -> None:
        self._collection = collection
        self._life = life

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._collection, name)

        def opened(*args: Any, **options: Any) -> Any:
            self._life.before()
            return method(*args, **options)

        async def called(*args: Any, **options: Any) -> Any:
            self._life.before()
            answer = await method(*args, **options)
            self._life.after()
            return answer

        return opened if name in OPENS_A_CURSOR else called


class MortalDatabase:
    def __init__(self, database: Database, life: Life) -> None:
        self._database = database
        self._life = life

    def __getitem__(self, name: str) -> MortalCollection:
        return MortalCollection(self._database[name], self._life)


class MortalPublisher:
    """Publishes for real, and keeps what the broker acknowledged; may die with half of a batch published."""

    def __init__(self, publisher: Publisher, life: Life, published: list[Outgoing]) -> None:
        self._publisher = publisher
        self._life = life
        self._published = published

    async def publish(self, records: Sequence[Outgoing]) -> list[BrokerAway | None]:
        half = len(records) // 2
        return [outcome for part in (records[:half], records[half:]) if part for outcome in await self._publish(part)]

    async def publish_all(self, records: Sequence[Outgoing]) -> None:
        for failure in await self.publish(records):
            if failure is not None:
                raise failure

    async def _publish(self, records: Sequence[Outgoing]) -> list[BrokerAway | None]:
        self._life.before()
        if self._life.kafka_away:
            return [BrokerAway("nobody answers") for _ in records]
        outcomes = await self._publisher.publish(records)
        self._published += [record for record, failure in zip(records, outcomes, strict=True) if failure is None]
        self._life.after()
        return outcomes
