"""Records as ingest publishes them, put on the topic directly, so that a consumer can be measured by itself."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.events import parse_event, record_key, to_json
from shared.kafka.topics import TOUCHPOINTS
from shared.settings import KafkaSettings

HEADERS = [
    ("content-type", b"application/cloudevents+json"),
    ("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
]
START, APART = datetime(2026, 3, 1, 9, tzinfo=UTC), timedelta(minutes=10)
"""When the first message of a customer is sent, and how long after it the next: in order, as most of them come."""
Text = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Told:
    """`messages` to each of so many `customers`, in turns, behind the first `told` of them; `text` of the number of the
    message."""

    name: str
    customers: int
    messages: int
    text: Text
    told: int = 0

    @property
    def count(self) -> int:
        return self.customers * self.messages

    def records(self) -> Iterator[tuple[bytes, bytes]]:
        for number in range(self.customers * self.told, self.customers * self.told + self.count):
            turn, customer = divmod(number, self.customers)
            name, text, sent = f"{self.name}-{number}", self.text(number), START + turn * APART
            told = event(f"{self.name}-{customer}", name, text, sent, purpose="transactional")
            parsed = parse_event(orjson.dumps(told))
            yield record_key(parsed), to_json(parsed)


def event(customer: str, name: str, text: str, sent: datetime = START, **data: object) -> dict[str, Any]:
    """A message of operations by email; `data` is added to it."""
    return {
        "specversion": "1.0",
        "id": name,
        "source": "//bench.example.com",
        "type": "touchpoint.message.v1",
        "time": sent.isoformat(),
        "data": {
            "customer": {"id": customer},
            "department": "operations",
            "channel": "email",
            "direction": "outbound",
            "text": text,
            **data,
        },
    }


async def publish(kafka: str, told: Told) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka, acks="all", enable_idempotence=True, linger_ms=5, max_batch_size=512 * 1024
    )
    await producer.start()
    try:
        sent = [await producer.send(TOUCHPOINTS, value, key=key, headers=HEADERS) for key, value in told.records()]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def ends(kafka: str) -> dict[TopicPartition, int]:
    """The offset behind the last record of each partition of the topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka)
    await consumer.start()
    try:
        places = [TopicPartition(TOUCHPOINTS, number) for number in range(KafkaSettings().partitions)]
        return dict(await consumer.end_offsets(places))
    finally:
        await consumer.stop()


async def bare_consumption(kafka: str, since: dict[TopicPartition, int], count: int) -> float:
    """Records a second that a consumer takes which does nothing with them."""
    loop = asyncio.get_running_loop()
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, fetch_max_wait_ms=100)
    await consumer.start()
    try:
        consumer.assign(list(since))
        for place, offset in since.items():
            consumer.seek(place, offset)
        seen, began = 0, loop.time()
        while seen < count:
            polled = await consumer.getmany(timeout_ms=1_000, max_records=500)
            seen += sum(map(len, polled.values()))
        return seen / (loop.time() - began)
    finally:
        await consumer.stop()


TEXTS = (
    "Thank you for your visit. Your order is on its way and should be with you on Friday.",
    "Your meter was read this morning. There is nothing that you have to do.",
    "Our shop in Bath is open until 8 p.m. on weekdays from 4 May.",
    "Your statement for March is ready; you find it under My documents.",
    "The engineer will ring ten minutes before he arrives.",
    "We have received your letter and answer within five working days.",
    "Harbour Pro is £30 a month, whatever you download.",
    "Your parcel was handed to your neighbour at number 12.",
    "The new brochure is out: bikes, helmets and lights for the spring.",
    "Your password was changed. If that was not you, ring us.",
)


def seen_before(number: int) -> str:
    """One of ten texts, as campaigns and notices are."""
    return TEXTS[number % len(TEXTS)]


def always_new(name: str) -> Text:
    """Texts in which a name and numbers differ, with the same to tell."""

    def text(number: int) -> str:
        return f"Order {name}{number}: {number % 7 + 2} boxes left our warehouse and come on 14 April, carriage paid."

    return text
