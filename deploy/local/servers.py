"""Which servers the stack starts: the embedded ones, Apache Kafka or FerretDB, or none where others are named."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deploy.local import apache_kafka, ferretdb
from deploy.local.apache_kafka import Node
from deploy.local.parts import Endpoints, kafka_part, mongodb_part
from deploy.local.processes import Part

Kafka = Literal["embedded", "apache", "named"]
MongoDB = Literal["embedded", "ferretdb", "named"]
KAFKA: dict[str, Kafka] = {"embedded": "embedded", "apache": "apache"}
MONGODB: dict[str, MongoDB] = {"embedded": "embedded", "ferretdb": "ferretdb"}
"""What can be asked for."""


class ChoiceError(Exception):
    """A server that is not known; the text names the setting to change."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`brokers`: how many of them `kafka` has, where the stack starts it."""

    kafka: Kafka
    brokers: int
    mongodb: MongoDB

    @property
    def ports(self) -> list[str]:
        """The name of every port that a server needs."""
        return [*self.kafka_ports, *([] if self.mongodb == "named" else ["mongodb"])]

    @property
    def kafka_ports(self) -> list[str]:
        if self.kafka == "named":
            return []
        if self.kafka == "embedded":
            return ["kafka"]
        return ["kafka", *(f"kafka-{n}" for n in range(2, self.brokers + 1)), *map(controller, self.node_numbers)]

    @property
    def node_numbers(self) -> range:
        return range(1, self.brokers + 1)


def controller(number: int) -> str:
    return f"controller-{number}"


def chosen(environ: Mapping[str, str]) -> Choice:
    """Raises `ChoiceError`."""
    kafka = environ.get("ONEVOICE_KAFKA") or "embedded"
    if kafka not in KAFKA:
        raise ChoiceError(f"KAFKA={kafka}: say `embedded` or `apache`, or set KAFKA_BOOTSTRAP_SERVERS")
    brokers = environ.get("ONEVOICE_KAFKA_BROKERS") or "1"
    if brokers not in ("1", "3") or (kafka == "embedded" and brokers != "1"):
        raise ChoiceError(f"BROKERS={brokers}: Apache Kafka can have 1 or 3 here, the embedded broker is one")
    mongodb = environ.get("ONEVOICE_MONGODB") or "embedded"
    if mongodb not in MONGODB:
        raise ChoiceError(f"MONGODB={mongodb}: say `embedded` or `ferretdb`, or set MONGODB_URI")
    return Choice(
        "named" if environ.get("KAFKA_BOOTSTRAP_SERVERS") else KAFKA[kafka],
        int(brokers),
        "named" if environ.get("MONGODB_URI") else MONGODB[mongodb],
    )


def kafka_parts(choice: Choice, at: Endpoints, state_dir: Path, report: Callable[[str], None]) -> list[Part]:
    if choice.kafka == "named":
        return []
    if choice.kafka == "embedded":
        return [kafka_part(at.ports["kafka"], state_dir)]
    return apache_kafka.kafka_parts(nodes(choice, at.ports), state_dir, report)


def nodes(choice: Choice, ports: Mapping[str, int]) -> list[Node]:
    brokers = [ports["kafka" if number == 1 else f"kafka-{number}"] for number in choice.node_numbers]
    return [
        Node(number, port, ports[controller(number)]) for number, port in zip(choice.node_numbers, brokers, strict=True)
    ]


def mongodb_parts(choice: Choice, at: Endpoints, state_dir: Path, report: Callable[[str], None]) -> list[Part]:
    if choice.mongodb == "named":
        return []
    if choice.mongodb == "embedded":
        return [mongodb_part(at.ports["mongodb"], at.mongodb, state_dir)]
    return [ferretdb.mongodb_part(at.ports["mongodb"], at.mongodb, state_dir, report)]
