"""What the person who starts the stack sees."""

from rich.console import Console
from rich.table import Table

from deploy.local.parts import SERVICES
from deploy.local.servers import Kafka, MongoDB
from deploy.local.stack import Stack

WHAT_IT_IS: dict[str, str] = {
    "gateway": "console and API",
    "ingest": "POST /v1/events",
    "journey": "timelines",
    "consistency": "conflicts and alerts",
}
KAFKA: dict[Kafka, str] = {
    "embedded": "embedded",
    "apache": "Apache Kafka",
    "named": "as set in the environment",
}
MONGODB: dict[MongoDB, str] = {
    "embedded": "embedded",
    "ferretdb": "FerretDB",
    "named": "as set in the environment",
}


def show_addresses(console: Console, stack: Stack) -> None:
    table = Table(title="Onevoice is up", title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
    for service in sorted(SERVICES, key=list(WHAT_IT_IS).index):
        table.add_row(service, stack.at.url(service), WHAT_IT_IS[service])
    table.add_row("kafka", stack.at.kafka, KAFKA[stack.choice.kafka])
    table.add_row("mongodb", without_password(stack.at.mongodb), MONGODB[stack.choice.mongodb])
    table.add_section()
    table.add_row("publish key", stack.keys.publish, "publisher: all departments")
    table.add_row("agent key", stack.keys.agent, "agent: timelines")
    table.add_row("ops key", stack.keys.ops, "ops: alerts; signs in to the console")
    table.add_section()
    table.add_row("keys", str(stack.state_dir / "keys.env"), "for `source`")
    table.add_row("logs", str(stack.log_dir), "one file a part")
    wide(console).print(table)


def wide(console: Console) -> Console:
    """The same screen for tables whose keys and addresses are copied: never shortened, wrapped by the terminal."""
    return Console(file=console.file, width=max(console.width, 160))


def without_password(uri: str) -> str:
    """A MongoDB address fit for a screen."""
    scheme, _, rest = uri.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
