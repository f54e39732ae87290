"""Which port each part listens on: from the environment, free ones where `0` is asked for."""

import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class PortSetting:
    part: str
    variable: str
    default: int
    movable: bool = False
    """Takes another port by itself where the default is taken and nobody asked for one."""


PORT_SETTINGS: tuple[PortSetting, ...] = (
    PortSetting("kafka", "ONEVOICE_KAFKA_PORT", 9092, movable=True),
    PortSetting("mongodb", "ONEVOICE_MONGODB_PORT", 27017, movable=True),
    PortSetting("ingest", "ONEVOICE_INGEST_PORT", 8001),
    PortSetting("journey", "ONEVOICE_JOURNEY_PORT", 8002),
    PortSetting("consistency", "ONEVOICE_CONSISTENCY_PORT", 8003),
    PortSetting("gateway", "ONEVOICE_GATEWAY_PORT", 8080),
)


class PortError(Exception):
    """A port that cannot be used; the text names the variable to change."""


def is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def wanted_port(setting: PortSetting, environ: Mapping[str, str]) -> int:
    text = environ.get(setting.variable, "").strip()
    if not text:
        return setting.default
    if not text.isdecimal() or int(text) > 65_535:
        raise PortError(f"{setting.variable}={text!r} is not a port: a number from 0 (any free one) to 65535")
    return int(text)


def choose_ports(parts: set[str], environ: Mapping[str, str]) -> dict[str, int]:
    """A port for each of `parts`, any free one for those that have no setting; raises `PortError` for one that is
    taken or named twice."""
    host = environ.get("ONEVOICE_HOST", LOOPBACK)
    settings = [setting for setting in PORT_SETTINGS if setting.part in parts]
    unnamed = sorted(parts - {setting.part for setting in settings})
    chosen: dict[str, int] = {}
    with ExitStack() as held:  # free ports stay bound until all are chosen, so that no two parts get the same
        for setting in settings:
            port = wanted_port(setting, environ)
            part_host = LOOPBACK if setting.movable else host
            if port and port in chosen.values():
                other = next(part for part, taken in chosen.items() if taken == port)
                raise PortError(f"{setting.part} and {other} are both given port {port}; change {setting.variable}")
            if port and not is_free(part_host, port):
                if not setting.movable or environ.get(setting.variable):
                    raise PortError(
                        f"port {port}, meant for {setting.part}, is taken by another program; set {setting.variable} "
                        f"to another port ({setting.variable}=0 takes any free one)"
                    )
                port = 0
            chosen[setting.part] = port or free_port(part_host, held)
        chosen |= {part: free_port(LOOPBACK, held) for part in unnamed}
    return chosen


def free_port(host: str, held: ExitStack) -> int:
    """Stays bound until `held` is left."""
    holder = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    holder.bind((host, 0))
    port: int = holder.getsockname()[1]
    return port
