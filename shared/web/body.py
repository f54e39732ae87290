"""Request bodies in bounded memory and time."""

import asyncio
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from shared.web.problems import errors_of, problem

SECONDS = 10.0
"""How long a sender may take to send its body."""

Model = TypeVar("Model", bound=BaseModel)


async def bounded_body(request: Request, most: int) -> bytes:
    """The request's body; a problem 413 where it has more than `most` bytes, without reading all of it.

    Also raises the problems 400 and 408 where it does not come whole or in time, 415 where it is compressed.
    """
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise problem(415, "Send the body as it is, without a content encoding.")
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise problem(413, f"At most {most:,} bytes.")
    except TimeoutError:
        raise problem(408, f"The body did not arrive within {SECONDS:g} seconds.") from None
    except ClientDisconnect:
        raise problem(400, "The connection ended within the body.") from None
    return bytes(body)


async def body_as(model: type[Model], request: Request, most: int) -> Model | None:
    """The JSON body as a model, None where it is empty; raises what `bounded_body` does, and 422.

    For a dependency that comes after the check of the key: what FastAPI reads by itself it reads before, unbounded.
    """
    body = await bounded_body(request, most)
    if not body.strip():
        return None
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        mistakes = errors_of(error)
        raise problem(
            422, "; ".join(f"{item['path']}: {item['reason']}" for item in mistakes), errors=mistakes
        ) from error
