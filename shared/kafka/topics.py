"""Every topic, in one table: key, what it carries, who writes and reads it, how long it is kept."""

from dataclasses import dataclass
from typing import Literal

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.settings import KafkaSettings

Cleanup = Literal["delete", "compact"]

TOUCHPOINTS = "touchpoints"
CONFLICTS = "conflicts"
ALERTS = "alerts"
POLICIES = "policies"
DEAD_LETTERS = "dead-letters"


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    key: str
    carries: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    cleanup: Cleanup
    retention_days: int | None
    """None: for ever (compacted topics keep the last record of each key)."""
    by_customer: bool
    """Keyed by customer, so as many partitions as the deployment asks for; otherwise one."""
    version: int = 1
    max_record_bytes: int | None = None
    """None: the broker's own bound, a MiB. A dead letter has the largest record of it in base64, and more."""


# The gateway writes what was a dead letter onto the topic it came from, when ops replay it.
TOPICS: tuple[Topic, ...] = (
    Topic(
        TOUCHPOINTS,
        "customer",
        "every accepted event of a customer",
        ("ingest", "gateway"),
        ("journey", "consistency"),
        "delete",
        365,
        by_customer=True,
    ),
    Topic(
        CONFLICTS,
        "customer",
        "a pair found, changed or withdrawn",
        ("consistency", "gateway"),
        ("journey",),
        "delete",
        365,
        by_customer=True,
    ),
    Topic(ALERTS, "alert", "the state of an alert", ("consistency",), ("gateway",), "compact", None, by_customer=False),
    Topic(
        POLICIES,
        "policy",
        "what binds every customer: embargoes",
        ("ingest", "gateway"),
        ("consistency",),
        "compact",
        None,
        by_customer=False,
    ),
    Topic(
        DEAD_LETTERS,
        "as the original",
        "what could not be processed: reason, origin, original bytes; and marks of what was replayed",
        ("journey", "consistency", "gateway"),
        ("gateway",),
        "delete",
        90,
        by_customer=False,
        max_record_bytes=2 * 1024 * 1024,
    ),
)


async def ensure_topics(settings: KafkaSettings) -> list[str]:
    """Creates the topics that are missing; answers their names. Raises `KafkaError` where the broker refuses."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    await admin.start()
    try:
        response = await admin.create_topics([new_topic(topic, settings) for topic in TOPICS])
    finally:
        await admin.close()
    created = []
    for name, code, *_ in response.topic_errors:
        error: type[KafkaError] = for_code(code)
        if code == 0:
            created.append(name)
        elif error is not TopicAlreadyExistsError:
            raise error(f"creating topic {name}")
    return created


def new_topic(topic: Topic, settings: KafkaSettings) -> NewTopic:
    retention = -1 if topic.retention_days is None else topic.retention_days * 86_400_000
    config = {"cleanup.policy": topic.cleanup, "retention.ms": str(retention)}
    if topic.max_record_bytes is not None:
        config["max.message.bytes"] = str(topic.max_record_bytes)
    if settings.replication >= 3:
        config["min.insync.replicas"] = "2"
    return NewTopic(
        name=topic.name,
        num_partitions=settings.partitions if topic.by_customer else 1,
        replication_factor=settings.replication,
        topic_configs=config,
    )
