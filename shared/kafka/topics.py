"""Every topic, in one table: key, what it carries, who writes and reads it. How long it is kept: `retention.toml`."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import stamina
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.settings import KafkaSettings

Cleanup = Literal["delete", "compact"]

TOUCHPOINTS = "touchpoints"
CONFLICTS = "conflicts"
ALERTS = "alerts"
POLICIES = "policies"
DEAD_LETTERS = "dead-letters"

MAX_RECORD_BYTES = 1_048_588
"""What a broker takes by default (Kafka's `message.max.bytes`)."""
MAX_LETTER_BYTES = 2 * MAX_RECORD_BYTES
"""A dead letter has the original record in base64, a third longer, and says why: it must fit whatever came."""
RETENTION = "retention.ms"
SET_FOR_TOPIC = 1
"""Of a value's sources, the topic itself. Source: Kafka protocol, DescribeConfigs, `config_source`."""


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    key: str
    carries: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    cleanup: Cleanup
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
        by_customer=True,
    ),
    Topic(
        CONFLICTS,
        "customer",
        "a pair found, changed or withdrawn",
        ("consistency", "gateway"),
        ("journey",),
        "delete",
        by_customer=True,
    ),
    Topic(
        ALERTS,
        "alert",
        "the state of an alert",
        ("consistency",),
        ("consistency", "gateway"),
        "compact",
        by_customer=False,
    ),
    Topic(
        POLICIES,
        "policy",
        "what binds every customer: embargoes",
        ("ingest", "gateway"),
        ("consistency",),
        "compact",
        by_customer=False,
    ),
    Topic(
        DEAD_LETTERS,
        "as the original",
        "what could not be processed: reason, origin, original bytes; and marks of what was replayed",
        ("journey", "consistency", "gateway"),
        ("gateway",),
        "delete",
        by_customer=False,
        max_record_bytes=MAX_LETTER_BYTES,
    ),
)


@dataclass(frozen=True, slots=True)
class Ensured:
    """`created` and `altered` are names of topics; `refused` says which could not be altered, and why."""

    created: tuple[str, ...]
    altered: tuple[str, ...]
    refused: tuple[str, ...]


async def ensure_topics(settings: KafkaSettings, days: Mapping[str, int | None]) -> Ensured:
    """Creates the topics that are missing and gives those that are there the retention of `days` (None: for ever).

    Raises `KafkaError` where the broker does not create one; one that it does not alter is told in the answer, for
    everything works without.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    await admin.start()
    try:
        created = await create_topics(admin, settings, days)
        old = {topic.name: retention_ms(days[topic.name]) for topic in TOPICS if topic.name not in created}
        altered, refused = await alter_retention(admin, old) if old else ([], [])
    finally:
        await admin.close()
    return Ensured(tuple(created), tuple(altered), tuple(refused))


async def create_topics(
    admin: AIOKafkaAdminClient, settings: KafkaSettings, days: Mapping[str, int | None]
) -> list[str]:
    response = await admin.create_topics([new_topic(topic, settings, days[topic.name]) for topic in TOPICS])
    created = []
    for name, code, *_ in response.topic_errors:
        error: type[KafkaError] = for_code(code)
        if code == 0:
            created.append(name)
        elif error is not TopicAlreadyExistsError:
            raise error(f"creating topic {name}")
    return created


def new_topic(topic: Topic, settings: KafkaSettings, days: int | None) -> NewTopic:
    config = {"cleanup.policy": topic.cleanup, RETENTION: retention_ms(days)}
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


def retention_ms(days: int | None) -> str:
    return str(-1 if days is None else days * 86_400_000)


async def alter_retention(admin: AIOKafkaAdminClient, wanted: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Names of the topics whose retention was another, and what the broker refused of them."""
    altered, refused = [], []
    try:
        configured = await topic_configs(admin, wanted)
        others = {name: config for name, config in configured.items() if config.get(RETENTION) != wanted[name]}
        # The request replaces everything that was set for a topic, so what else was set is sent along.
        resources = [
            ConfigResource(ConfigResourceType.TOPIC, name, {**config, RETENTION: wanted[name]})
            for name, config in others.items()
        ]
        for response in await asked(partial(admin.alter_configs, resources)) if resources else ():
            for code, message, _, name in response.resources:
                if code == 0:
                    altered.append(name)
                else:
                    refused.append(f"{name}: {for_code(code).__name__} {message or ''}".strip())
    except KafkaError as error:
        refused.append(f"{', '.join(wanted)}: {type(error).__name__} {error}".strip())
    return altered, refused


async def asked(request: Callable[[], Awaitable[list[Any]]]) -> list[Any]:
    """A broker that has just started, or is very busy, names no broker for a while."""
    async for attempt in stamina.retry_context(on=may_pass, attempts=10, timeout=30.0, wait_max=5.0):
        with attempt:
            return await request()
    raise AssertionError("unreachable: the last attempt raises")


def may_pass(error: Exception) -> bool:
    return isinstance(error, KafkaError) and error.retriable is True


async def topic_configs(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """By topic, what was set for it itself. Raises `KafkaError`."""
    found: dict[str, dict[str, str]] = {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    for response in await asked(partial(admin.describe_configs, resources)):
        for code, message, _, name, entries in response.resources:
            if code != 0:
                raise for_code(code)(f"{name}: {message}")
            found[name] = {entry[0]: entry[1] for entry in entries if entry[3] == SET_FOR_TOPIC}
    return found
