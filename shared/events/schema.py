"""The contract as JSON Schema (2020-12), and an example of each event type."""

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from shared.events.models import CaseEvent, ConsentEvent, DeliveryEvent, EmbargoEvent, MessageEvent

EXAMPLES = Path(__file__).parent / "examples"

MODELS: dict[str, type[MessageEvent | DeliveryEvent | CaseEvent | ConsentEvent | EmbargoEvent]] = {
    "touchpoint.message.v1": MessageEvent,
    "touchpoint.delivery.v1": DeliveryEvent,
    "touchpoint.case.v1": CaseEvent,
    "touchpoint.consent.v1": ConsentEvent,
    "touchpoint.embargo.v1": EmbargoEvent,
}


def example(event_type: str) -> dict[str, Any]:
    """A realistic event of that type, as plain JSON."""
    content: dict[str, Any] = json.loads((EXAMPLES / f"{event_type}.json").read_text("utf-8"))
    return content


def schemas() -> dict[str, Any]:
    """JSON schemas of all models by name; they refer to each other as `#/components/schemas/NAME`."""
    models = [(model, "validation") for model in MODELS.values()]
    _, definitions = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    named: dict[str, Any] = definitions["$defs"]
    return named


def reference(event_type: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{MODELS[event_type].__name__}"}


def any_of(event_types: tuple[str, ...]) -> dict[str, Any]:
    """A schema for an event of any of these types, told apart by `type`."""
    mapping = {event_type: reference(event_type)["$ref"] for event_type in event_types}
    return {
        "oneOf": [reference(event_type) for event_type in event_types],
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }
