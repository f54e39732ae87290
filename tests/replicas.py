"""A further instance of a service beside the one that a stack runs."""

from dataclasses import replace

from deploy.local.parts import service_part, settings_for_services
from deploy.local.processes import Part
from deploy.local.stack import Stack


def replica_part(stack: Stack, service: str, name: str, port: int) -> Part:
    """Of the same settings, with a port and a name among its consumer group of its own."""
    settings = settings_for_services(stack.at, stack.keys, stack.replication)
    settings |= {f"ONEVOICE_{service.upper()}_PORT": str(port), "ONEVOICE_INSTANCE": name}
    at = replace(stack.at, ports={**stack.at.ports, service: port})
    return replace(service_part(service, at, settings), name=name)
