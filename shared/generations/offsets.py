"""How far consumer groups are on their topics, and where a new group begins."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import GroupIdNotFound, for_code
from aiokafka.protocol.admin import DeleteGroupsRequest

from shared.settings import KafkaSettings

Read = Sequence[tuple[str, str]]
"""Topics, each with the group that reads it."""
Places = Mapping[tuple[str, TopicPartition], int]
"""Offsets, by group and partition."""


class Offsets:
    """Asks the broker; every method raises `KafkaError` where it does not answer."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
        self._asking = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap_servers, enable_auto_commit=False)

    async def start(self) -> None:
        await self._admin.start()
        await self._asking.start()
        await asyncio.sleep(0)  # stopped before its tasks took their first step, it would raise CancelledError

    async def stop(self) -> None:
        await self._asking.stop()
        await self._admin.close()

    async def partitions(self, topic: str) -> list[TopicPartition]:
        (described,) = await self._admin.describe_topics([topic])
        return [TopicPartition(topic, number) for number in sorted(one["partition"] for one in described["partitions"])]

    async def begins(self, topic: str) -> dict[TopicPartition, int]:
        """The first offset that the log still has, a partition."""
        return dict(await self._asking.beginning_offsets(await self.partitions(topic)))

    async def ends(self, topic: str) -> dict[TopicPartition, int]:
        return dict(await self._asking.end_offsets(await self.partitions(topic)))

    async def ends_of(self, read: Read) -> Places:
        return {(group, place): end for topic, group in read for place, end in (await self.ends(topic)).items()}

    async def committed_of(self, read: Read) -> Places:
        """Where each group goes on; where it committed nothing yet, the beginning of the log."""
        found: dict[tuple[str, TopicPartition], int] = {}
        for topic, group in read:
            committed = await self.committed(group)
            for place, begin in (await self.begins(topic)).items():
                found[group, place] = max(begin, committed.get(place, begin))
        return found

    async def committed(self, group: str) -> dict[TopicPartition, int]:
        """For the partitions of which the group has committed anything."""
        known = await self._admin.list_consumer_group_offsets(group)
        return {place: one.offset for place, one in known.items() if one.offset >= 0}

    async def has_members(self, group: str) -> bool:
        """Does anybody read for the group? A killed process counts until its session has timed out."""
        answers: list[Any] = await self._admin.describe_consumer_groups([group])
        return any(one["members"] for answer in answers for one in answer.to_object()["groups"])

    async def place(self, topic: str, group: str, since: int) -> None:
        """Lets the group begin with what came to the log from `since` on (milliseconds since 1970), in the
        partitions where it has not begun yet."""
        committed = await self.committed(group)
        new = [place for place in await self.partitions(topic) if place not in committed]
        if not new:
            return
        at = await self._asking.offsets_for_times(dict.fromkeys(new, since))
        ends = await self._asking.end_offsets(new)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.bootstrap_servers, group_id=group, enable_auto_commit=False
        )
        await consumer.start()
        try:
            consumer.assign(new)
            await consumer.commit({place: ends[place] if at[place] is None else at[place].offset for place in new})
        finally:
            await consumer.stop()

    async def forget(self, groups: Iterable[str]) -> None:
        """Deletes the groups with what they committed; one that is not there is no mistake."""
        client = AIOKafkaClient(bootstrap_servers=self._settings.bootstrap_servers)
        await client.bootstrap()
        try:
            for group in groups:
                coordinator = await self._admin.find_coordinator(group)
                answer = await client.send(coordinator, DeleteGroupsRequest([group]))
                for name, code in answer.results:
                    error = for_code(code)
                    if code != 0 and error is not GroupIdNotFound:
                        raise error(f"deleting the consumer group {name}")
        finally:
            await client.close()


@asynccontextmanager
async def open_offsets(settings: KafkaSettings) -> AsyncIterator[Offsets]:
    offsets = Offsets(settings)
    try:
        await offsets.start()
        yield offsets
    finally:
        await offsets.stop()


def behind(committed: Places, goal: Places) -> int:
    """Records between the two; 0 where the goal is reached."""
    return sum(max(0, end - committed.get(place, 0)) for place, end in goal.items())
