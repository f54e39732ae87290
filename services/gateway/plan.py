"""Reads a planned message: its data alone, or a whole CloudEvent."""

from datetime import UTC, datetime
from typing import Any

import orjson
from pydantic import ValidationError

from shared.events import MessageEvent, timestamp
from shared.web.keys import Caller
from shared.web.problems import errors_of, problem

ENVELOPE = ("id", "source", "time")
SOURCE = "urn:onevoice:preflight"


def planned_message(body: bytes, identifier: str) -> MessageEvent:
    """Raises a problem 422 with what is wrong and where. `identifier` is used where the body has no id."""
    try:
        plain = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise problem(422, f"The body is not JSON: {error}") from error
    if not isinstance(plain, dict):
        raise problem(422, "The body is a JSON object: a message's data, or a CloudEvent.")
    whole = "specversion" in plain
    event = plain if whole else wrapped(plain, identifier)
    try:
        return MessageEvent.model_validate_json(orjson.dumps(event))
    except orjson.JSONEncodeError as error:
        raise problem(422, "The body is nested too deep.") from error
    except ValidationError as error:
        mistakes = errors_of(error)
        if not whole:
            mistakes = [{**item, "path": item["path"].replace("$.data", "$", 1)} for item in mistakes]
        listed = "; ".join(f"{item['path']}: {item['reason']}" for item in mistakes)
        raise problem(422, listed, errors=mistakes) from error


def wrapped(plain: dict[str, Any], identifier: str) -> dict[str, Any]:
    """The CloudEvent around message data; what the data does not say of the envelope is filled in."""
    data = {name: value for name, value in plain.items() if name not in ENVELOPE}
    envelope = {name: plain[name] for name in ENVELOPE if name in plain}
    return {
        "specversion": "1.0",
        "type": "touchpoint.message.v1",
        "id": identifier,
        "source": SOURCE,
        "time": timestamp(datetime.now(UTC)),
        **envelope,
        "data": {"direction": "outbound", **data},
    }


def allow_department(caller: Caller, event: MessageEvent) -> None:
    """Raises a problem 403 where the key publishes, and not for the message's department."""
    if caller.role == "publisher" and not caller.publishes_for(event.data.department):
        raise problem(403, f"This key does not publish for {event.data.department}.")
