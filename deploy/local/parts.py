"""What the stack consists of: two embedded servers, unless others are named, and the four services."""

import importlib.util
import signal
import socket
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pymongo
from pymongo.errors import PyMongoError

from deploy.local.keys import Keys
from deploy.local.ports import LOOPBACK
from deploy.local.processes import Part

SERVERS: dict[str, str] = {"kafka": "KAFKA_BOOTSTRAP_SERVERS", "mongodb": "MONGODB_URI"}
"""Embedded server -> the setting that names another one to use in its place."""
SERVICES: tuple[str, ...] = ("ingest", "journey", "consistency", "gateway")


class MissingServerError(Exception):
    """An embedded server's program is not installed."""


@dataclass(frozen=True)
class Endpoints:
    """Where everything listens; what the services are told and what the screen shows."""

    host: str
    kafka: str
    mongodb: str
    ports: Mapping[str, int]

    def url(self, service: str) -> str:
        host = LOOPBACK if self.host in ("0.0.0.0", "") else self.host  # noqa: S104 - compared, not bound
        return f"http://{host}:{self.ports[service]}"


def endpoints(ports: Mapping[str, int], environ: Mapping[str, str]) -> Endpoints:
    kafka = environ.get("KAFKA_BOOTSTRAP_SERVERS") or f"{LOOPBACK}:{ports['kafka']}"
    mongodb = environ.get("MONGODB_URI") or f"mongodb://{LOOPBACK}:{ports['mongodb']}/?directConnection=true"
    return Endpoints(environ.get("ONEVOICE_HOST") or LOOPBACK, kafka, mongodb, dict(ports))


def settings_for_services(at: Endpoints, keys: Keys) -> dict[str, str]:
    """The environment of every service; each reads what it needs."""
    return {
        "PYTHONUNBUFFERED": "1",
        "KAFKA_BOOTSTRAP_SERVERS": at.kafka,
        "MONGODB_URI": at.mongodb,
        "ONEVOICE_HOST": at.host,
        "ONEVOICE_INSTANCE": "local",
        **{f"ONEVOICE_{service.upper()}_PORT": str(at.ports[service]) for service in SERVICES},
        **{f"ONEVOICE_{service.upper()}_URL": at.url(service) for service in ("ingest", "journey", "consistency")},
        "ONEVOICE_KEYS_FILE": str(keys.file.resolve()),
        "ONEVOICE_SERVICE_KEY": keys.service,
        "ONEVOICE_SESSION_SECRET": keys.session_secret,
    }


def accepts_connections(host: str, port: int) -> Callable[[], bool]:
    def is_ready() -> bool:
        try:
            with socket.create_connection((host, port), timeout=1):
                return True
        except OSError:
            return False

    return is_ready


def answers_ping(uri: str) -> Callable[[], bool]:
    def is_ready() -> bool:
        try:
            with pymongo.MongoClient[dict[str, object]](uri, serverSelectionTimeoutMS=1_000) as client:
                client.admin.command("ping")
        except PyMongoError:
            return False
        return True

    return is_ready


def answers_ready(url: str) -> Callable[[], bool]:
    def is_ready() -> bool:
        try:
            return httpx.get(f"{url}/readyz", timeout=10).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    return is_ready


def kafka_part(port: int, state_dir: Path) -> Part:
    """noida-db saves its topics, records and group offsets when it is asked to end, and every few seconds."""
    found = importlib.util.find_spec("noida_db")
    if found is None or found.origin is None:
        raise MissingServerError("noida-db is not installed; run `make env`, or set KAFKA_BOOTSTRAP_SERVERS")
    program = Path(found.origin).with_name("noida-db")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    data = ("--data-dir", str((state_dir / "kafka").resolve()))
    command = (str(program), "start", "--only", "kafka", "--host", LOOPBACK, "--kafka-port", str(port), *data)
    return Part("kafka", command, accepts_connections(LOOPBACK, port), {}, signal.SIGTERM, seconds_to_stop=30)


def mongodb_part(port: int, uri: str, state_dir: Path) -> Part:
    """SecantusDB keeps a WiredTiger log, so that it opens with every document also after a kill."""
    program = Path(sys.executable).with_name("secantusd-py")
    if not program.exists():
        raise MissingServerError("SecantusDB is not installed; run `make env`, or set MONGODB_URI")
    data = ("--storage-path", str((state_dir / "mongo").resolve()), "--log-level", "WARNING")
    command = (str(program), "--host", LOOPBACK, "--port", str(port), *data)
    return Part("mongodb", command, answers_ping(uri), {}, signal.SIGTERM, seconds_to_stop=30)


def service_part(name: str, at: Endpoints, settings: Mapping[str, str]) -> Part:
    return Part(name, (sys.executable, "-m", f"services.{name}"), answers_ready(at.url(name)), settings)


def topics_part(at: Endpoints) -> Part:
    """Not a server: it creates the topics and ends."""
    settings = {"KAFKA_BOOTSTRAP_SERVERS": at.kafka}
    return Part("topics", (sys.executable, "-m", "shared.kafka"), lambda: True, settings, seconds_to_stop=5)
