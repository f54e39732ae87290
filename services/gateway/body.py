"""Request bodies in bounded memory."""

from fastapi import Request

from shared.web.problems import problem


async def bounded_body(request: Request, most: int) -> bytes:
    """The request's body; a problem 413 where it has more than `most` bytes, without reading all of it."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise problem(413, f"At most {most:,} bytes.")
    return bytes(body)
