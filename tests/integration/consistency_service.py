"""A consistency service in the test's own process, on the real servers, and what tests ask of it."""

import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson

from deploy.local.stack import Stack
from services.consistency.api.desk import Desk
from services.consistency.app import Settings, create_app
from services.consistency.examination import Examination
from services.consistency.publish import Outbox
from services.consistency.store import Store
from shared.events import CustomerEvent, EmbargoEvent, parse_event, record_key, timestamp, to_json
from shared.generations.naming import group_of
from shared.kafka.publisher import Outgoing, Publisher, open_publisher
from shared.kafka.topics import POLICIES, TOUCHPOINTS
from shared.settings import KafkaSettings, KeySettings, MongoSettings
from tests.feed import until
from tests.topics import lag, records_of

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
Answer = dict[str, Any]


@dataclass
class Service:
    """A running instance and the means to talk to it."""

    desk: Desk
    http: httpx.AsyncClient
    publisher: Publisher
    kafka: str
    group: str = "consistency"

    @property
    def store(self) -> Store:
        return self.desk.store

    @property
    def outbox(self) -> Outbox:
        return self.desk.outbox

    @property
    def examination(self) -> Examination:
        return self.desk.examination

    async def publish(self, *events: CustomerEvent | EmbargoEvent) -> None:
        """In this order; embargoes go where they belong."""
        for event in events:
            topic = POLICIES if isinstance(event, EmbargoEvent) else TOUCHPOINTS
            await self.publisher.publish_all([Outgoing(topic, record_key(event), to_json(event))])

    async def raw(self, key: bytes, value: bytes | None) -> None:
        await self.publisher.publish_all([Outgoing(TOUCHPOINTS, key, value)])

    async def get(self, path: str, **params: Any) -> Answer:
        response = await self.http.get(path, params=params)
        assert response.status_code == 200, response.text
        answer: Answer = response.json()
        return answer

    async def conflicts(self, customer: str, **params: Any) -> list[Answer]:
        items: list[Answer] = (await self.get("/v1/conflicts", customer=customer, **params))["items"]
        return items

    async def withdrawn(self, customer: str) -> list[Answer]:
        return await self.conflicts(customer, state="withdrawn")

    async def stored(self, customer: str, count: int) -> None:
        """Waits until so many events of the customer are stored and the consumer has nothing left to do."""

        async def done() -> bool:
            return len((await self.store.events.identities([customer]))[customer]) == count

        await until(done)
        await self.idle()

    async def idle(self) -> None:
        """Waits until every record on the topic was handled."""

        async def done() -> bool:
            return await lag(self.kafka, self.group, TOUCHPOINTS) == 0

        await until(done)

    async def records(self, topic: str, key: str) -> list[Answer]:
        return [orjson.loads(value) for found, value in await records_of(self.kafka, topic) if found == key.encode()]


@asynccontextmanager
async def running(servers: Stack, database: str, generation: str = "") -> AsyncIterator[Service]:
    """An instance of its own; its lifespan runs in this process."""
    settings = Settings(
        kafka=KafkaSettings(bootstrap_servers=servers.at.kafka),
        mongo=MongoSettings(uri=servers.at.mongodb, database=database),
        keys=KeySettings(file=servers.keys.file),
        generation=generation,
    )
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        open_publisher(settings.kafka, "test") as publisher,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://consistency",
            headers={"Authorization": f"Bearer {servers.keys.service}"},
            timeout=30,
        ) as http,
    ):

        async def ready() -> bool:
            return (await http.get("/readyz")).status_code == 200

        await until(ready)
        yield Service(app.state.desk, http, publisher, servers.at.kafka, group_of("consistency", generation))


@dataclass
class Customer:
    """Makes events of one customer, each an hour after the one before."""

    id: str = field(default_factory=lambda: f"c-{uuid.uuid4().hex[:12]}")
    hours: int = 0

    def event(self, kind: str, data: Answer) -> CustomerEvent:
        self.hours += 1
        event = parse_event(
            orjson.dumps(
                {
                    "specversion": "1.0",
                    "id": f"{self.id}-{self.hours}",
                    "source": "//tests.example.com/consistency",
                    "type": f"touchpoint.{kind}.v1",
                    "time": timestamp(START + timedelta(hours=self.hours)),
                    "data": {"customer": {"id": self.id}, **data},
                }
            )
        )
        assert not isinstance(event, EmbargoEvent)
        return event

    def message(self, text: str, department: str = "sales", **data: Any) -> CustomerEvent:
        fields = {"department": department, "channel": "email", "direction": "outbound", "text": text}
        return self.event("message", fields | data)

    def quote(self, percent: int, department: str, **data: Any) -> CustomerEvent:
        claim = {"subject": "Pro plan", "attribute": "discount", "value": percent, "unit": "%"}
        return self.message(f"You get {percent}% off the Pro plan.", department, claims=[claim], **data)

    def delivery(self, of: CustomerEvent, status: str) -> CustomerEvent:
        return self.event("delivery", {"message": of.id, "status": status})


def embargo(matter: str, terms: Iterable[str], days: int = 30) -> EmbargoEvent:
    event = parse_event(
        orjson.dumps(
            {
                "specversion": "1.0",
                "id": f"embargo-{uuid.uuid4().hex[:12]}",
                "source": "//tests.example.com/policies",
                "type": "touchpoint.embargo.v1",
                "time": timestamp(START),
                "data": {
                    "department": "investor-relations",
                    "matter": matter,
                    "terms": list(terms),
                    "until": timestamp(START + timedelta(days=days)),
                },
            }
        )
    )
    assert isinstance(event, EmbargoEvent)
    return event
