"""Apache Kafka for the local stack: one broker or three, in KRaft mode, each broker a controller too.

The jars come from Maven Central, once, by the coordinates of `deploy/kafka/pom.xml`; each is held against its digest
in `deploy/kafka/sha256sums` before it runs.
"""

import base64
import hashlib
import os
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.fetching import CACHE, FetchError, missing, run
from deploy.local.ports import LOOPBACK
from deploy.local.processes import Part
from deploy.local.readiness import accepts_connections

HERE = Path(__file__).resolve().parents[1] / "kafka"
POM, DIGESTS, LOGGING = HERE / "pom.xml", HERE / "sha256sums", HERE / "log4j2.properties"
PROGRAMS = ("java", "mvn")
HOME = CACHE / "apache-kafka"
SECONDS_TO_FETCH, SECONDS_TO_FORMAT = 900, 120
MAVEN = ("mvn", "-q", "-B", "-ntp", "dependency:copy-dependencies")
MEMORY = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC")
PROPERTIES = """\
node.id={id}
process.roles=broker,controller
controller.quorum.voters={voters}
listeners={listeners}
advertised.listeners={advertised}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,CLIENT:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor={replication}
min.insync.replicas={in_sync}
offsets.topic.replication.factor={replication}
offsets.topic.num.partitions=6
transaction.state.log.replication.factor={replication}
transaction.state.log.min.isr={in_sync}
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
"""
"""Source: Apache Kafka 4.1, configuration reference. Few threads and partitions, for a developer's machine."""


@dataclass(frozen=True, slots=True)
class Node:
    """Ports. Where something stands between it and its clients, it listens for them at `behind` and tells them to come
    to `front`."""

    id: int
    port: int
    controller: int
    behind: int | None = None
    front: int | None = None

    @property
    def listeners(self) -> dict[str, int]:
        clients = {} if self.behind is None else {"CLIENT": self.behind}
        return {"BROKER": self.port, "CONTROLLER": self.controller, **clients}

    @property
    def advertised(self) -> dict[str, int]:
        return {"BROKER": self.port, **({} if self.front is None else {"CLIENT": self.front})}


def jars(report: Callable[[str], None], cache: Path = HOME) -> Path:
    """The folder of the jars, fetched where they are not there yet. Raises `FetchError`."""
    digests = read_digests()
    place = cache / hashlib.sha256(DIGESTS.read_bytes()).hexdigest()[:16]
    if not place.is_dir():
        if lacking := missing(PROGRAMS):
            raise FetchError(
                f"Apache Kafka needs {' and '.join(lacking)}, not found here: install a JDK of version 17 or newer and "
                "Maven (on Debian: apt install openjdk-17-jdk-headless maven), or leave KAFKA=apache away"
            )
        report("Apache Kafka from Maven Central (once, some 45 MB)")
        fetching = cache / f"fetching-{os.getpid()}"
        run(
            (*MAVEN, "-f", str(POM), "-DincludeScope=runtime", f"-DoutputDirectory={fetching}"),
            SECONDS_TO_FETCH,
            "fetching Apache Kafka from Maven Central",
        )
        check(fetching, digests)
        try:
            fetching.rename(place)
        except OSError:  # another stack was first
            shutil.rmtree(fetching)
    check(place, digests)
    return place


def read_digests() -> dict[str, str]:
    lines = DIGESTS.read_text("utf-8").splitlines()
    return {name: digest for digest, name in (line.split(maxsplit=1) for line in lines)}


def check(folder: Path, digests: dict[str, str]) -> None:
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in sorted(folder.glob("*.jar"))}
    wrong = sorted(name for name in found.keys() | digests.keys() if found.get(name) != digests.get(name))
    if wrong:
        shutil.rmtree(folder)
        raise FetchError(
            f"{', '.join(wrong)} is not what {DIGESTS.name} says; the folder was removed: try again, and where it "
            "happens again, look where Maven fetches from"
        )


def kafka_parts(
    nodes: Sequence[Node], state_dir: Path, report: Callable[[str], None], cache: Path = HOME
) -> list[Part]:
    """A part a node, its storage formatted where it is new. Raises `FetchError`."""
    classpath = str(jars(report, cache) / "*")
    home = (state_dir / f"apache-kafka-{len(nodes)}").resolve()
    return [kafka_part(node, nodes, home, classpath) for node in nodes]


def kafka_part(node: Node, nodes: Sequence[Node], home: Path, classpath: str) -> Part:
    folder = home / f"node-{node.id}"
    folder.mkdir(parents=True, exist_ok=True)
    properties = folder / "server.properties"
    properties.write_text(properties_of(node, nodes, folder / "data"), "utf-8")
    java = (shutil.which("java") or "java", *MEMORY, f"-Dlog4j2.configurationFile={LOGGING}", "-cp", classpath)
    if not (folder / "data" / "meta.properties").exists():
        run(
            (*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id(home)}", "-c", str(properties)),
            SECONDS_TO_FORMAT,
            f"formatting the storage of node {node.id}",
        )
    name = "kafka" if len(nodes) == 1 else f"kafka-{node.id}"
    return Part(
        name, (*java, "kafka.Kafka", str(properties)), accepts_connections(LOOPBACK, node.port), seconds_to_stop=20
    )


def properties_of(node: Node, nodes: Sequence[Node], data: Path) -> str:
    return PROPERTIES.format(
        id=node.id,
        voters=",".join(f"{one.id}@{LOOPBACK}:{one.controller}" for one in nodes),
        listeners=addresses(node.listeners),
        advertised=addresses(node.advertised),
        data=data,
        replication=min(3, len(nodes)),
        in_sync=min(2, len(nodes)),
    )


def addresses(listeners: Mapping[str, int]) -> str:
    return ",".join(f"{name}://{LOOPBACK}:{port}" for name, port in listeners.items())


def cluster_id(home: Path) -> str:
    """The same for all nodes: 16 bytes in base64url, made once; one in 64 begins with a dash."""
    file = home / "cluster-id"
    if not file.exists():
        file.write_text(base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="))
    return file.read_text()
