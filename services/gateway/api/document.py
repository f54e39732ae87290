"""What the OpenAPI document says beyond what the routes say: keys, problems, the body of a pre-flight."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, TypeAdapter

from services.gateway.api.campaign import PlannedCampaign
from services.gateway.api.dead_letters import Filter, Replaying
from services.gateway.api.decisions import MODELS
from services.gateway.api.notifications import Retrying
from services.gateway.api.silences import NewSilence
from services.gateway.shapes.preflight import CampaignLine
from shared.events import Message, MessageEvent
from shared.web.documentation import complete

TEMPLATE = "#/components/schemas/Plan{model}"
PLAN: dict[str, Any] = {
    "anyOf": [
        {"$ref": "#/components/schemas/PlannedMessage"},
        {"$ref": "#/components/schemas/PlannedEvent"},
    ]
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "Problem details, RFC 9457.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"path": {"type": "string"}, "reason": {"type": "string"}}},
        },
    },
}


def planned_schemas() -> dict[str, Any]:
    """Message data with `id`, `source` and `time` beside it, a whole CloudEvent, and what both refer to."""
    event = MessageEvent.model_json_schema(ref_template=TEMPLATE)
    definitions = event.pop("$defs")
    message = Message.model_json_schema(ref_template=TEMPLATE)
    del message["$defs"]
    envelope = {name: event["properties"][name] for name in ("id", "source", "time")}
    planned = {
        **message,
        "title": "PlannedMessage",
        "description": "A message's data; `direction` is `outbound` unless it says otherwise.",
        "required": [name for name in message["required"] if name != "direction"],
        "properties": {**message["properties"], **envelope},
    }
    others = {f"Plan{name}": schema for name, schema in definitions.items()}
    return {"PlannedMessage": planned, "PlannedEvent": event, **others}


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """What it refers to is a schema of its own."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return schema


def lines_schemas() -> dict[str, Any]:
    """What a campaign is answered with line by line, and what that refers to and no other answer does."""
    schema = TypeAdapter(CampaignLine).json_schema(ref_template="#/components/schemas/{model}")
    definitions = schema.pop("$defs")
    return {"CampaignLine": schema, **definitions}


def document(app: FastAPI) -> None:
    """Adds these to the application's OpenAPI document; every route under `/v1/` needs a key."""
    models: tuple[type[BaseModel], ...] = (*MODELS, Filter, NewSilence, PlannedCampaign, Replaying, Retrying)
    bodies = {model.__name__: schema_of(model) for model in models}
    complete(app, {**planned_schemas(), **bodies, **lines_schemas(), "Problem": PROBLEM})
    completed = app.openapi

    def openapi() -> dict[str, Any]:
        content = completed()
        for path, operations in content["paths"].items():
            if path.startswith("/v1/"):
                for operation in operations.values():
                    operation["security"] = [{"key": []}]
        return content

    app.openapi = openapi  # type: ignore[method-assign]
