"""What the routes share: paging parameters, the owners of the data, problem answers for the document."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from services.gateway.notifying import Notifying
from services.gateway.upstream import Consistency, Journey, Params

Limit = Annotated[int, Query(ge=1, le=200, description="Items on a page.")]
Cursor = Annotated[
    str | None, Query(max_length=1_000, description="`next` of the page before; without it, the first page.")
]


def journey_of(request: Request) -> Journey:
    owner: Journey = request.app.state.journey
    return owner


def consistency_of(request: Request) -> Consistency:
    owner: Consistency = request.app.state.consistency
    return owner


def notifying_of(request: Request) -> Notifying:
    owner: Notifying = request.app.state.notifying
    return owner


FromJourney = Annotated[Journey, Depends(journey_of)]
FromConsistency = Annotated[Consistency, Depends(consistency_of)]
FromNotifying = Annotated[Notifying, Depends(notifying_of)]

PROBLEMS: dict[int, str] = {
    401: "No key, or one that is not known",
    403: "The key's role may not do this",
    404: "Not known",
    409: "The alert's state does not allow this",
    413: "The body is too large",
    415: "The body is compressed",
    422: "Not valid; `errors` lists what is wrong",
    503: "A part is away for now; `Retry-After` says when to try again",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`; 401, 403, 422 and 503 are always there."""
    return {
        status: {
            "description": PROBLEMS[status],
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({401, 403, 422, 503, *statuses})
    }


def page(limit: int, cursor: str | None, **filters: str | Iterable[str] | None) -> Params:
    """Query parameters for another service; what is None or empty is left out, lists are repeated."""
    return [("limit", str(limit)), *([("cursor", cursor)] if cursor is not None else []), *chosen(**filters)]


def chosen(**filters: str | Iterable[str] | None) -> Params:
    """As `page`, of the filters alone."""
    params: list[tuple[str, str]] = []
    for name, value in filters.items():
        values = [value] if isinstance(value, str) else list(value or ())
        params += [(name, item) for item in values if item]
    return params
