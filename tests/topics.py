"""What stands on a topic, for tests."""

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient


async def places_of(kafka: str, topic: str) -> list[TopicPartition]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        (described,) = await admin.describe_topics([topic])
    finally:
        await admin.close()
    return [TopicPartition(topic, number) for number in sorted(one["partition"] for one in described["partitions"])]


async def records_of(kafka: str, topic: str) -> list[tuple[bytes, bytes]]:
    """Key and value of every record that the topic has by now."""
    places = await places_of(kafka, topic)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        found: list[tuple[bytes, bytes]] = []
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [(record.key or b"", record.value or b"") for record in records]
        return found
    finally:
        await consumer.stop()


async def lag(kafka: str, group: str, topic: str) -> int:
    """Records of the topic that the group has not committed yet."""
    places = await places_of(kafka, topic)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        ends = await consumer.end_offsets(places)
        committed = [await consumer.committed(place) or 0 for place in places]
        return sum(ends[place] - offset for place, offset in zip(places, committed, strict=True))
    finally:
        await consumer.stop()
