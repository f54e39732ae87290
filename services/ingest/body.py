"""Receives a request's body: bounded in bytes, also decompressed, in time, and over all requests together."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from fastapi import Request
from starlette.requests import ClientDisconnect

from shared.web.problems import problem

GZIP = 16 + zlib.MAX_WBITS
STEP = 64 * 1024
"""Bytes taken out of the decompressor at once."""


class Room:
    """Counts the bytes of all bodies under way; one that finds no room is asked to come back."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.taken = 0

    @contextmanager
    def share(self) -> Iterator["Share"]:
        share = Share(self)
        try:
            yield share
        finally:
            self.taken -= share.taken


class Share:
    def __init__(self, room: Room) -> None:
        self.room = room
        self.taken = 0

    def take(self, size: int) -> None:
        if self.room.taken + size > self.room.size:
            raise problem(503, "Too much is being received at the moment.", retry_after=1)
        self.room.taken += size
        self.taken += size


async def receive(request: Request, limit: int, seconds: float, share: Share) -> bytes:
    """The body, decompressed; raises 400, 408, 413, 415 or 503."""
    compressed = is_gzip(request.headers.get("content-encoding"))
    refuse_early(request.headers.get("content-length"), limit)
    chunks = inflate(request.stream(), limit) if compressed else request.stream()
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise too_large(limit)
                share.take(len(chunk))
                parts.append(chunk)
    except TimeoutError:
        raise problem(408, f"The body did not arrive within {seconds:g} seconds.") from None
    except ClientDisconnect:
        raise problem(400, "The connection ended within the body.") from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def is_gzip(encoding: str | None) -> bool:
    match (encoding or "identity").strip().lower():
        case "identity":
            return False
        case "gzip" | "x-gzip":
            return True
    raise problem(415, "The content encodings gzip and identity are known here.")


def refuse_early(length: str | None, limit: int) -> None:
    """The compressed length is no smaller than what is allowed either: nothing that fits needs more."""
    if length is not None and length.isdecimal() and int(length) > limit:
        raise too_large(limit)


def too_large(limit: int) -> Exception:
    return problem(413, f"The body is longer than {limit:,} bytes (after decompression).", limit=limit)


async def inflate(chunks: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes]:
    """Decompresses in small steps, so that what grows out of all proportion is refused before it is held."""
    decompressor = zlib.decompressobj(GZIP)
    received = 0
    try:
        async for chunk in chunks:
            received += len(chunk)
            if received > limit:
                raise too_large(limit)
            while chunk:
                if decompressor.eof:  # another member may follow (RFC 1952, section 2.2)
                    decompressor = zlib.decompressobj(GZIP)
                yield decompressor.decompress(chunk, STEP)
                chunk = decompressor.unused_data if decompressor.eof else decompressor.unconsumed_tail
    except zlib.error as error:
        raise problem(400, f"The body is not gzip: {error}.") from None
    if received == 0 or not decompressor.eof:
        raise problem(400, "The gzip body ends too early.")
