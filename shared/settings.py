"""Settings in small groups; a service composes the groups it uses and reads them once, at its start."""

from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings, SettingsConfigDict


class Group(BaseSettings):
    """A group of settings read from the environment alone."""

    model_config = SettingsConfigDict(frozen=True, populate_by_name=True, extra="ignore")


class KafkaSettings(Group):
    bootstrap_servers: str = Field("127.0.0.1:9092", validation_alias="KAFKA_BOOTSTRAP_SERVERS")
    """Comma-separated `host:port`."""
    replication: PositiveInt = Field(1, validation_alias="ONEVOICE_KAFKA_REPLICATION")
    """Replicas of each topic that is created."""
    partitions: PositiveInt = Field(6, validation_alias="ONEVOICE_KAFKA_PARTITIONS")
    """Partitions of each topic keyed by customer."""
    instance: str | None = Field(None, validation_alias="ONEVOICE_INSTANCE")
    """Name of this replica, stable over its restarts: static membership in the consumer group."""
    request_timeout: PositiveFloat = Field(10.0, validation_alias="ONEVOICE_KAFKA_TIMEOUT")
    """Seconds a record may take to be acknowledged before the publisher is told to try again."""
    session_timeout: PositiveFloat = Field(15.0, validation_alias="ONEVOICE_KAFKA_SESSION_TIMEOUT")
    """Seconds without a heartbeat after which the group gives a consumer's partitions to others."""
    poll_interval: PositiveFloat = Field(300.0, validation_alias="ONEVOICE_KAFKA_POLL_INTERVAL")
    """Seconds without a poll after which a consumer counts as hung."""
    dead_letter_cap: PositiveInt = Field(1_000, validation_alias="ONEVOICE_DEAD_LETTER_CAP")
    """Dead letters among the last 5,000 records of a consumer; with more of them it halts."""


class MongoSettings(Group):
    uri: str = Field("mongodb://127.0.0.1:27017", validation_alias="MONGODB_URI")
    database: str = Field("onevoice", validation_alias="ONEVOICE_MONGODB_DATABASE")


class RetentionSettings(Group):
    file: Path = Field(Path(__file__).with_name("retention.toml"), validation_alias="ONEVOICE_RETENTION_FILE")
    """How long topics and documents are kept."""


class KeySettings(Group):
    file: Path = Field(Path(".onevoice/keys.json"), validation_alias="ONEVOICE_KEYS_FILE")
    """JSON list of `{"name", "role", "departments", "sha256"}`; the keys themselves are not in it."""


class HttpSettings(Group):
    host: str = Field("127.0.0.1", validation_alias="ONEVOICE_HOST")
    max_connections: PositiveInt = Field(2_000, validation_alias="ONEVOICE_MAX_CONNECTIONS")
    """Requests under way at once in one process; further ones get 503."""
    shared_port: Literal["on", "off"] = Field("off", validation_alias="ONEVOICE_SHARED_PORT")
    """On: several processes of a service may listen on the same port, and the kernel shares connections out to them."""
    shutdown_seconds: PositiveInt = Field(10, validation_alias="ONEVOICE_SHUTDOWN_SECONDS")
    """How long a stop waits for requests under way."""
