"""The stack as it is tested for faults: three brokers of Apache Kafka, links that can be cut, services that a
supervisor starts again."""

import signal
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from deploy.local import apache_kafka
from deploy.local.apache_kafka import Node
from deploy.local.parts import SERVICES, mongodb_part
from deploy.local.ports import choose_ports
from deploy.local.processes import Part, signal_group
from deploy.local.servers import chosen, nodes
from deploy.local.stack import PartFailedError, Stack
from tests.faults.proxy import Link
from tests.replicas import replica_part

BROKERS = 3
SETTINGS = {
    "ONEVOICE_KAFKA": "apache",
    "ONEVOICE_KAFKA_BROKERS": str(BROKERS),
    "ONEVOICE_COMPARER": "off",
    "ONEVOICE_KAFKA_TIMEOUT": "5",
    "ONEVOICE_KAFKA_SESSION_TIMEOUT": "6",
}
"""Conflicts come from structured claims, so that how many there must be is known; the comparer would be the load."""
NAMED = ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI", "ONEVOICE_MONGODB")
"""Servers of others are not for breaking."""


class FaultStack(Stack):
    """`links`: "kafka-1" to "kafka-3" and "mongodb", between the services and these servers."""

    link_names = ("kafka-1", "kafka-2", "kafka-3", "mongodb")

    def __init__(self, state_dir: Path, environ: Mapping[str, str]) -> None:
        named = {
            name: value for name, value in environ.items() if name not in ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI")
        }
        super().__init__(state_dir, named | SETTINGS)
        ends = [f"{name}-{end}" for name in self.link_names for end in ("front", "behind")]
        more = choose_ports({*ends, "journey-2", "consistency-2", "ingest-2"}, {})
        self.links = {name: Link(more[f"{name}-front"], more[f"{name}-behind"]) for name in self.link_names}
        self.links["mongodb"].target = self.at.ports["mongodb"]
        self.direct_mongodb = self.at.mongodb
        self.direct_kafka = self.at.kafka
        self.at = replace(
            self.at,
            kafka=",".join(f"127.0.0.1:{link.port}" for name, link in self.links.items() if name != "mongodb"),
            mongodb=f"mongodb://127.0.0.1:{self.links['mongodb'].port}/?directConnection=true",
            ports={**self.at.ports, **more},
        )
        self._open = ExitStack()
        self._ending = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self._kept: dict[str, Part] = {}
        self._lock = threading.Lock()

    def start_servers(self) -> None:
        for link in self.links.values():
            self._open.enter_context(link)
        choice = chosen(self.environ)
        brokers = [self.linked(node) for node in nodes(choice, self.at.ports)]
        parts = [
            *apache_kafka.kafka_parts(brokers, self.state_dir, self.report),
            mongodb_part(self.at.ports["mongodb"], self.direct_mongodb, self.state_dir),
        ]
        self.servers = {part.name: part for part in parts}
        for part in parts:
            self.launch(part)
        for part in parts:
            self.wait_until_ready(part.name)
        self.create_topics()

    def linked(self, node: Node) -> Node:
        link = self.links[f"kafka-{node.id}"]
        return replace(node, behind=link.target, front=link.port)

    def up(self) -> None:
        super().up()
        self._kept = {name: self.service(name) for name in SERVICES}
        self._supervisor.start()

    def replica(self, service: str) -> str:
        """Starts another instance of the service; answers its part's name."""
        name = f"{service}-2"
        part = replica_part(self, service, name, self.at.ports[name])
        self._kept[name] = part
        self.wait_for(name)
        return name

    def kill(self, name: str) -> None:
        with self._lock:
            super().kill(name)

    def end(self, name: str) -> int:
        with self._lock:
            return super().end(name)

    def remove(self, name: str) -> None:
        """Ends an instance for good."""
        self._kept.pop(name, None)
        self.end(name)

    def freeze(self, name: str) -> None:
        """The process hangs: it does nothing, and its connections stay."""
        signal_group(self.children[name], signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        signal_group(self.children[name], signal.SIGCONT)

    def heal(self) -> None:
        """Every link passes, every server and service is up and ready."""
        for link in self.links.values():
            link.heal()
        for name in self.servers:
            if name not in self.children:
                self.start(name)
        for name in list(self._kept):
            self.wait_for(name)

    def raise_if_any_ended(self) -> None:
        """Services may end, and are started again; servers may not."""
        for name in self.servers:
            child = self.children.get(name)
            if child is not None and child.exit_status is not None:
                raise PartFailedError(name, f"ended with status {child.exit_status}", child.log)

    def wait_for(self, name: str, seconds: float = 120) -> None:
        """Until the service, started again where it was gone, can do its work."""
        deadline = time.monotonic() + seconds
        while True:
            child = self.children.get(name)
            if child is not None and child.exit_status is None and child.part.is_ready():
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} was not ready again within {seconds:.0f} seconds")
            time.sleep(0.1)

    def _supervise(self) -> None:
        """Starts every service again that is gone, as a deployment does."""
        while not self._ending.wait(0.2):
            with self._lock:
                for name, part in list(self._kept.items()):
                    child = self.children.get(name)
                    if (child is None or child.exit_status is not None) and not self._ending.is_set():
                        self.launch(part)

    def stop(self) -> list[str]:
        self._ending.set()
        if self._supervisor.is_alive():
            self._supervisor.join()
        killed = super().stop()
        self._open.close()
        return killed
