"""What the gateway is told by its environment."""

from typing import Literal, Self

from pydantic import Field, HttpUrl, PositiveFloat, PositiveInt, SecretStr, model_validator
from pydantic_settings import BaseSettings

from shared.settings import Group, HttpSettings, KafkaSettings, KeySettings


class GatewaySettings(Group):
    port: PositiveInt = Field(8080, validation_alias="ONEVOICE_GATEWAY_PORT")
    ingest_url: HttpUrl = Field(HttpUrl("http://127.0.0.1:8001"), validation_alias="ONEVOICE_INGEST_URL")
    journey_url: HttpUrl = Field(HttpUrl("http://127.0.0.1:8002"), validation_alias="ONEVOICE_JOURNEY_URL")
    consistency_url: HttpUrl = Field(HttpUrl("http://127.0.0.1:8003"), validation_alias="ONEVOICE_CONSISTENCY_URL")
    service_key: SecretStr = Field(validation_alias="ONEVOICE_SERVICE_KEY", min_length=1)
    """The key, in the role `service`, that the gateway shows to the other services."""
    session_secret: SecretStr = Field(validation_alias="ONEVOICE_SESSION_SECRET", min_length=32)
    """Signs the console's session cookie; the same in every replica, at least 32 characters."""
    secure_cookie: bool = Field(False, validation_alias="ONEVOICE_SECURE_COOKIE")
    """Whether the session cookie is sent over HTTPS alone; set it wherever the console is served over HTTPS."""
    upstream_seconds: PositiveFloat = Field(10.0, validation_alias="ONEVOICE_UPSTREAM_SECONDS")
    """Seconds another service may take to answer before the caller is told to try again."""
    recent_alerts: PositiveInt = Field(2_000, validation_alias="ONEVOICE_RECENT_ALERTS")
    """Changes of alerts kept in memory for streams that resume."""
    max_streams: PositiveInt = Field(500, validation_alias="ONEVOICE_MAX_STREAMS")
    """Live streams open at once in one process; further ones get 503."""
    dead_letters: PositiveInt = Field(50_000, validation_alias="ONEVOICE_DEAD_LETTERS")
    """The newest dead letters that the gateway knows; about a KiB of memory each."""


class CanarySettings(Group):
    canary: Literal["on", "off"] = Field("off", validation_alias="ONEVOICE_CANARY")
    """On in one instance of a deployment."""
    key: SecretStr | None = Field(None, validation_alias="ONEVOICE_CANARY_KEY")
    """The key, in the role `canary`, that it publishes with."""
    every_seconds: PositiveFloat = Field(60.0, validation_alias="ONEVOICE_CANARY_EVERY")
    late_seconds: PositiveFloat = Field(30.0, validation_alias="ONEVOICE_CANARY_LATE")
    """How long it may take until an event is on the timeline and its conflict found."""
    lost_seconds: PositiveFloat = Field(600.0, validation_alias="ONEVOICE_CANARY_LOST")
    """After which an event is given up."""

    @model_validator(mode="after")
    def complete(self) -> Self:
        if self.canary == "on" and (self.key is None or not self.key.get_secret_value()):
            raise ValueError("ONEVOICE_CANARY is on, so ONEVOICE_CANARY_KEY is needed: a key in the role canary")
        if self.lost_seconds <= self.late_seconds:
            raise ValueError("ONEVOICE_CANARY_LOST must be longer than ONEVOICE_CANARY_LATE")
        return self


class Settings(BaseSettings):
    gateway: GatewaySettings = Field(default_factory=lambda: GatewaySettings())
    canary: CanarySettings = Field(default_factory=lambda: CanarySettings())
    http: HttpSettings = Field(default_factory=lambda: HttpSettings())
    kafka: KafkaSettings = Field(default_factory=lambda: KafkaSettings())
    keys: KeySettings = Field(default_factory=lambda: KeySettings())
