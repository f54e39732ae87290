"""Dead letters that a rebuild meets again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson
from aiokafka import AIOKafkaConsumer

from shared.generations.offsets import Offsets
from shared.kafka.records import DeadLetter, Record
from shared.kafka.subscription import Handle, Subscription
from shared.kafka.topics import DEAD_LETTERS
from shared.settings import KafkaSettings

Letters = Mapping[tuple[str, str], str]
"""Reasons, by consumer (its group without the generation) and the record's place."""


async def letters_so_far(settings: KafkaSettings, offsets: Offsets) -> Letters:
    """What the topic of dead letters has by now."""
    ends = await offsets.ends(DEAD_LETTERS)
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap_servers, enable_auto_commit=False)
    await consumer.start()
    found: dict[tuple[str, str], str] = {}
    try:
        consumer.assign(list(ends))
        await consumer.seek_to_beginning(*ends)
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found |= dict(one for raw in records if (one := _read(raw.value)) is not None)
    finally:
        await consumer.stop()
    return found


def _read(value: bytes | None) -> tuple[tuple[str, str], str] | None:
    """None for a record that is no dead letter: nothing can be told from it, and it does no harm."""
    try:
        plain = orjson.loads(value or b"")
        place = f"{plain['topic']}/{plain['partition']}/{plain['offset']}"
        return (str(plain["consumer"]).split(".")[0], place), str(plain["reason"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None


def without_known(subscription: Subscription, group: str, letters: Letters) -> Subscription:
    """The subscription, but a record that is among the dead letters of its `group` (that of the first
    generation) is not put there a second time."""
    return replace(subscription, handle=_only_new(subscription.handle, group, letters))


def _only_new(handle: Handle, group: str, letters: Letters) -> Handle:
    async def handled(records: Sequence[Record]) -> list[DeadLetter]:
        return [one for one in await handle(records) if (group, one.record.place) not in letters]

    return handled
