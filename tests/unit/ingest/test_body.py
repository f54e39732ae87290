"""Bodies are bounded: compressed, decompressed and all together."""

import gzip
import os
from collections.abc import AsyncIterator

import pytest
from fastapi_problem.error import Problem

from services.ingest.body import Room, inflate, is_gzip, refuse_early

LIMIT = 100_000


async def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def inflated(body: bytes, size: int = 1_000, limit: int = LIMIT) -> bytes:
    return b"".join([chunk async for chunk in inflate(pieces(body, size), limit)])


@pytest.mark.parametrize("size", [1, 7, 1_000, 1_000_000])
async def test_whatever_the_pieces_the_content_is_the_same(size: int) -> None:
    content = os.urandom(2_000) + b"x" * 70_000
    assert await inflated(gzip.compress(content), size) == content
    assert await inflated(gzip.compress(content[:900]) + gzip.compress(content[900:]), size) == content


@pytest.mark.parametrize("body", [b"", b"plain", gzip.compress(b"abc" * 99)[:-3], gzip.compress(b"abc") + b"rest"])
async def test_what_is_not_whole_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(Problem) as raised:
        await inflated(body)
    assert raised.value.status == 400


async def test_steps_are_small_however_much_a_piece_grows() -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    assert max([len(chunk) async for chunk in inflate(pieces(bomb, 1_000_000), LIMIT)]) <= 64 * 1024


async def test_more_compressed_bytes_than_allowed_are_refused() -> None:
    with pytest.raises(Problem) as raised:
        await inflated(gzip.compress(os.urandom(LIMIT), 0))
    assert raised.value.status == 413


def test_encodings() -> None:
    assert [is_gzip(name) for name in (None, "identity", "gzip", " GZIP ", "x-gzip")] == [
        False,
        False,
        True,
        True,
        True,
    ]
    for other in ("br", "deflate", "gzip, gzip", "zstd"):
        with pytest.raises(Problem) as raised:
            is_gzip(other)
        assert raised.value.status == 415


def test_a_length_that_is_told_is_believed_where_it_is_too_large() -> None:
    for fine in (None, "0", str(LIMIT), "nonsense"):
        refuse_early(fine, LIMIT)
    with pytest.raises(Problem) as raised:
        refuse_early(str(LIMIT + 1), LIMIT)
    assert raised.value.status == 413


def test_the_room_for_all_bodies_is_given_back() -> None:
    room = Room(100)
    with room.share() as first, room.share() as second:
        first.take(60)
        with pytest.raises(Problem) as raised:
            second.take(41)
        assert raised.value.status == 503
        second.take(40)
    assert room.taken == 0
