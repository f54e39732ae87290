"""Receivers as the routes file names them. Their secrets stand in the environment or in files, never in that file."""

import ipaddress
import os
import re
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PositiveInt, model_validator
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
DURATION = re.compile(r"(\d{1,6})([smhd])")
MICROSECONDS = 1_000_000
LONGEST_TIMEOUT = 60
"""Seconds that one try may take at the most."""
MOST = 90 * SECONDS["d"] * MICROSECONDS


def duration_in(value: Any) -> Any:
    found = DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("write a length of time as 30s, 5m, 4h or 2d")
    length = int(found[1]) * SECONDS[found[2]] * MICROSECONDS
    if length > MOST:
        raise ValueError("90d at the most")
    return length


Duration = Annotated[int, BeforeValidator(duration_in)]
"""Microseconds."""


def address(text: str) -> str:
    """An address of a receiver; raises `ValueError` for what no receiver can have."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"is no address: {error}") from error
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("must begin with https:// or http:// and a host")
    if parts.username or parts.password:
        raise ValueError("must not have a user or password in it")
    if parts.fragment or not text.isprintable() or " " in text:
        raise ValueError("must not have blanks or a fragment (#)")
    if is_forbidden(host):
        raise ValueError(f"{host} is link-local, multicast or unspecified: no receiver is there")
    return text


def is_forbidden(host: str) -> bool:
    """Is it the number of a place where no receiver can be, such as a cloud's own metadata (169.254.169.254)?"""
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return found.is_link_local or found.is_multicast or found.is_unspecified


def mailbox(text: str) -> str:
    _, found = parseaddr(text)
    if not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", found) or not text.isprintable():
        raise ValueError(f"{text!r} is no mail address")
    return text


Mailbox = Annotated[str, AfterValidator(mailbox)]


class Unset(ValueError):
    """A secret is not where the routes file says; the message names the place."""


def secret(name: str, variable: str | None, file: Path | None) -> str:
    """The text of an environment variable or a file, without surrounding blanks; raises `Unset`."""
    if variable is not None:
        found = os.environ.get(variable, "").strip()
        place = f"the environment variable {variable}"
    else:
        place = f"the file {file}"
        try:
            found = "" if file is None else file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Unset(f"{name}: {place} cannot be read: {error}") from error
    if not found:
        raise Unset(f"{name}: {place} is not set or empty")
    return found


def one_of(receiver: BaseModel, *names: str, needed: bool) -> None:
    given = [name for name in names if getattr(receiver, name) is not None]
    if len(given) > 1 or (needed and not given):
        raise ValueError(f"give {'one' if needed else 'at most one'} of {', '.join(names)}")


class Receiver(BaseModel):
    """`closed`: told as well when what it was told of is resolved or dismissed."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    timeout: Duration = Field(default=10 * MICROSECONDS, gt=0, le=LONGEST_TIMEOUT * MICROSECONDS)
    attempts: Annotated[PositiveInt, Field(le=30, strict=True)] = 10
    closed: Annotated[bool, Field(strict=True)] = True


class Hook(Receiver):
    url: Annotated[str, AfterValidator(address)] | None = None
    url_env: str | None = None
    url_file: Path | None = None

    @model_validator(mode="after")
    def has_an_address(self) -> Self:
        one_of(self, "url", "url_env", "url_file", needed=True)
        return self

    @property
    def target(self) -> str:
        """Raises `Unset` or `ValueError`."""
        return self.url or address(secret("url", self.url_env, self.url_file))

    @property
    def where(self) -> str:
        """The host alone: a path may be a secret."""
        return urlsplit(self.target).hostname or ""


class WebhookReceiver(Hook):
    """A Standard Webhook; signed where there is a secret (`whsec_` and base64)."""

    type: Literal["webhook"]
    secret_env: str | None = None
    secret_file: Path | None = None

    @model_validator(mode="after")
    def has_one_secret(self) -> Self:
        one_of(self, "secret_env", "secret_file", needed=True)
        return self

    @property
    def signer(self) -> Webhook:
        """Raises `Unset` or `ValueError`."""
        key = secret("secret", self.secret_env, self.secret_file)
        try:
            return Webhook(key)
        except (ValueError, EmptyWebhookSecretError) as error:  # its text may show the key
            raise Unset(f"secret: not a key of Standard Webhooks (whsec_ and base64): {type(error).__name__}") from None


class SlackReceiver(Hook):
    """An incoming webhook of Slack, or of what takes the same (Mattermost, Rocket.Chat)."""

    type: Literal["slack"]


class EmailReceiver(Receiver):
    type: Literal["email"]
    to: Annotated[tuple[Mailbox, ...], Field(min_length=1, max_length=50)]
    sender: Mailbox = Field(alias="from")
    host: Annotated[str, Field(min_length=1, max_length=253)]
    port: Annotated[PositiveInt, Field(le=65_535, strict=True)] = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password_env: str | None = None
    password_file: Path | None = None

    @model_validator(mode="after")
    def is_complete(self) -> Self:
        one_of(self, "password_env", "password_file", needed=self.user is not None)
        if self.user is not None and self.tls == "none":
            raise ValueError('a password is not sent in the clear: tls must be "starttls" or "tls"')
        if is_forbidden(self.host):
            raise ValueError(f"host: {self.host} is link-local, multicast or unspecified")
        return self

    @property
    def password(self) -> str | None:
        """Raises `Unset`."""
        return None if self.user is None else secret("password", self.password_env, self.password_file)

    @property
    def where(self) -> str:
        return ", ".join(self.to)


AnyReceiver = Annotated[WebhookReceiver | SlackReceiver | EmailReceiver, Field(discriminator="type")]


def check_secrets(receiver: AnyReceiver) -> None:
    """Raises `ValueError` where a secret is missing or no good, so that it is known at the start."""
    if isinstance(receiver, EmailReceiver):
        _ = receiver.password
        return
    _ = receiver.target
    if isinstance(receiver, WebhookReceiver):
        _ = receiver.signer
