"""The parts of the stack that are always the same: two embedded servers and the four services."""

import importlib.util
import signal
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.keys import Keys
from deploy.local.ports import LOOPBACK
from deploy.local.processes import Part
from deploy.local.readiness import accepts_connections, answers_ping, answers_ready

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
    brokers = [port for name, port in sorted(ports.items()) if name == "kafka" or name.startswith("kafka-")]
    kafka = environ.get("KAFKA_BOOTSTRAP_SERVERS") or ",".join(f"{LOOPBACK}:{port}" for port in brokers)
    mongodb = environ.get("MONGODB_URI") or f"mongodb://{LOOPBACK}:{ports['mongodb']}/?directConnection=true"
    return Endpoints(environ.get("ONEVOICE_HOST") or LOOPBACK, kafka, mongodb, dict(ports))


def settings_for_services(at: Endpoints, keys: Keys, replication: int = 1) -> dict[str, str]:
    """The environment of every service; each reads what it needs."""
    return {
        "PYTHONUNBUFFERED": "1",
        "KAFKA_BOOTSTRAP_SERVERS": at.kafka,
        "ONEVOICE_KAFKA_REPLICATION": str(replication),
        "MONGODB_URI": at.mongodb,
        "ONEVOICE_HOST": at.host,
        "ONEVOICE_INSTANCE": "local",
        **{f"ONEVOICE_{service.upper()}_PORT": str(at.ports[service]) for service in SERVICES},
        **{f"ONEVOICE_{service.upper()}_URL": at.url(service) for service in ("ingest", "journey", "consistency")},
        "ONEVOICE_KEYS_FILE": str(keys.file.resolve()),
        "ONEVOICE_SERVICE_KEY": keys.service,
        "ONEVOICE_SESSION_SECRET": keys.session_secret,
        "ONEVOICE_CANARY_KEY": keys.canary,
    }


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


SECONDS_UNTIL_DELETED = 3_600


def mongodb_part(port: int, uri: str, state_dir: Path) -> Part:
    """SecantusDB keeps a WiredTiger log, so that it opens with every document also after a kill.

    Looking for what has expired, it reads every document there is, and answers nobody meanwhile: it does so seldom.
    `secantusd.toml` in the state's folder is taken as it is where it is there.
    """
    program = Path(sys.executable).with_name("secantusd-py")
    if not program.exists():
        raise MissingServerError("SecantusDB is not installed; run `make env`, or set MONGODB_URI")
    data = ("--storage-path", str((state_dir / "mongo").resolve()), "--log-level", "WARNING")
    config = (state_dir / "secantusd.toml").resolve()
    if not config.exists():
        config.write_text(f"[storage]\nttl_sweep_seconds = {SECONDS_UNTIL_DELETED}\n")
    command = (str(program), "--config", str(config), "--host", LOOPBACK, "--port", str(port), *data)
    return Part("mongodb", command, answers_ping(uri), {}, signal.SIGTERM, seconds_to_stop=30)


def service_part(name: str, at: Endpoints, settings: Mapping[str, str]) -> Part:
    return Part(name, (sys.executable, "-m", f"services.{name}"), answers_ready(at.url(name)), settings)


def topics_part(at: Endpoints, replication: int = 1) -> Part:
    """Not a server: it creates the topics and ends."""
    settings = {"KAFKA_BOOTSTRAP_SERVERS": at.kafka, "ONEVOICE_KAFKA_REPLICATION": str(replication)}
    return Part("topics", (sys.executable, "-m", "shared.kafka"), lambda: True, settings, seconds_to_stop=5)
