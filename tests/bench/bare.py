"""The bare limits that the services are measured beside.

`python -m tests.bench.bare PORT`: a FastAPI route that validates one model and awaits the broker's
acknowledgement, and one that does nothing.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from fastapi import FastAPI
from pydantic import BaseModel

TOPIC = "bench"


class Posted(BaseModel):
    id: str
    source: str
    type: str
    data: dict[str, Any]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    producer = AIOKafkaProducer(
        bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"], acks="all", enable_idempotence=True, linger_ms=2
    )
    admin = AIOKafkaAdminClient(bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"])
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC, 6, 1)])
    await admin.close()
    await producer.start()
    app.state.producer = producer
    yield
    await producer.stop()


app = FastAPI(lifespan=lifespan)


@app.post("/nothing", status_code=202)
async def nothing() -> dict[str, str]:
    """Does not even read what is sent."""
    return {"verdict": "accepted"}


@app.post("/single", status_code=202)
async def single(event: Posted) -> dict[str, str]:
    await app.state.producer.send_and_wait(TOPIC, event.model_dump_json().encode(), key=event.id.encode())
    return {"verdict": "accepted"}


@app.post("/batch", status_code=202)
async def batch(events: list[Posted]) -> dict[str, int]:
    producer: AIOKafkaProducer = app.state.producer
    sent = [await producer.send(TOPIC, event.model_dump_json().encode(), key=event.id.encode()) for event in events]
    await asyncio.gather(*sent)
    return {"accepted": len(sent)}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
