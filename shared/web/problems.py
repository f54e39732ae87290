"""RFC 9457 problem details for everything that goes wrong over HTTP."""

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi_problem.error import Problem, StatusProblem
from fastapi_problem.handler import add_exception_handler, new_exception_handler
from pydantic import ValidationError

TITLES = {
    400: "Bad request",
    401: "Authentication needed",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Request timed out",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not valid",
    429: "Too many requests",
    503: "Unavailable",
}


def problem(status: int, detail: str, *, retry_after: int | None = None, **extras: Any) -> Problem:
    """To raise; `extras` become members of the answer, `retry_after` (seconds) a header."""
    headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Problem(TITLES[status], type_="about:blank", detail=detail, status=status, headers=headers, **extras)


def errors_of(error: ValidationError) -> list[dict[str, str]]:
    """`[{"path": "$.data.channel", "reason": ...}]`, one a mistake, paths as RFC 9535 JSONPath."""
    return [{"path": json_path(item["loc"]), "reason": item["msg"]} for item in error.errors(include_url=False)]


def json_path(location: tuple[int | str, ...]) -> str:
    """The place of a mistake; pydantic's names of union members are not part of the document."""
    parts = [part for part in location if isinstance(part, int) or not _names_a_union_member(part)]
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)


def _names_a_union_member(part: str) -> bool:
    return part.startswith("touchpoint.") or "[" in part or part in {"str", "int", "float", "bool", "datetime"}


def _request_validation(_handler: object, _request: Request, error: Exception) -> Problem:
    mistakes = error.errors() if isinstance(error, RequestValidationError) else []
    listed = [{"path": ".".join(map(str, item["loc"])), "reason": item["msg"]} for item in mistakes]
    return problem(422, "; ".join(f"{item['path']}: {item['reason']}" for item in listed), errors=listed)


class Unexpected(StatusProblem):
    """A fault of ours: the answer says nothing of its inside, the log does."""

    status = 500
    title = "Unexpected fault"

    def __init__(self, _detail: str | None = None) -> None:
        super().__init__("The fault is logged on our side. Trying again later may help.")


def is_a_fault(record: logging.LogRecord) -> bool:
    """A 503 that a service answers on purpose is no fault to be logged with a traceback."""
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, Problem) and error.status == 503)


RETRY_SECONDS = 2


def away(_handler: object, _request: Request, error: Exception) -> Problem:
    logging.getLogger(__name__).warning("answered 503: %s", type(error).__name__)
    return problem(503, "A server behind this one does not answer at the moment.", retry_after=RETRY_SECONDS)


def install_problems(app: FastAPI, transient: Sequence[type[Exception]] = ()) -> None:
    """Every error of the application is answered as `application/problem+json`."""
    logger = logging.getLogger("shared.web")
    logger.addFilter(is_a_fault)
    handler = new_exception_handler(
        logger=logger,
        unhandled_wrappers={"default": Unexpected},
        handlers=dict.fromkeys(transient, away),
        request_validation_handler=_request_validation,
    )
    add_exception_handler(app, handler)
    for passing in transient:
        app.add_exception_handler(passing, handler)
