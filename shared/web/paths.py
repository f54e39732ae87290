"""Ids in paths, whatever printable characters they have.

Servers decode a path before it is matched, after which the id `a/b` in `/v1/customers/a%2Fb` looks like two
segments. Here the encoded slash is kept until the route is found, and decoded with the id.
"""

import re
from typing import Annotated
from urllib.parse import unquote

from fastapi import Path
from pydantic import AfterValidator
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.web.problems import problem

ENCODED = re.compile(r"%(2[fF]|25)")
"""A slash or a percent sign, in a path that is not decoded yet."""
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
MAX_ID = 256


class SlashesStayEncoded:
    """ASGI middleware: in the path that routes see, `%2F` and `%25` are still encoded."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = scope.get("raw_path")
        if scope["type"] == "http" and raw and ENCODED.search(raw.decode("latin-1")):
            kept = ENCODED.sub(r"%25\1", raw.decode("latin-1").partition("?")[0])
            scope = {**scope, "path": unquote(kept)}
        await self._app(scope, receive, send)


def decoded(segment: str) -> str:
    """The id that a segment of the path stands for; a problem 404 where no id can look like this."""
    identifier = unquote(segment, errors="surrogateescape")
    if not 1 <= len(identifier) <= MAX_ID or UNPRINTABLE.search(identifier):
        raise problem(404, "Nothing can have this id: ids have 1 to 256 printable characters.")
    return identifier


CustomerId = Annotated[
    str,
    Path(description="The customer's id, percent-encoded.", examples=["lw-c-20117"], min_length=1),
    AfterValidator(decoded),
]
AlertId = Annotated[
    str, Path(description="The alert's id.", examples=["8c1f0b5a0f7d4e6a"], min_length=1), AfterValidator(decoded)
]
