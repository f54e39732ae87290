"""The live stream of alerts as server-sent events, resumable, bounded in every direction."""

import re
from collections.abc import AsyncGenerator

from sse_starlette import EventSourceResponse, ServerSentEvent

from services.gateway.ring import FellBehind, Ring
from shared.telemetry.metrics import METRICS
from shared.web.problems import problem

HEARTBEAT_SECONDS = 15
SEND_SECONDS = 10.0
"""A client that does not take what it is sent for this long is dropped."""
RECONNECT_MILLISECONDS = 2_000

SENT_ID = re.compile(r"-1|[0-9]{1,18}")
"""An offset; -1 is the id of `ready` while the topic is empty."""


class Live:
    """Streams over one ring. A client is a position in it; the ids it sees are the records' offsets."""

    def __init__(self, ring: Ring, max_streams: int) -> None:
        self._ring = ring
        self._max_streams = max_streams
        self._open = 0

    def response(self, last_event_id: str | None) -> EventSourceResponse:
        """Raises a problem 422 for an id that was never sent, 503 where too many streams are open."""
        position = resume_position(last_event_id)
        if self._open >= self._max_streams:
            raise problem(503, "Too many live streams are open.", retry_after=10)
        return EventSourceResponse(self._counted(position), ping=HEARTBEAT_SECONDS, send_timeout=SEND_SECONDS, sep="\n")

    async def _counted(self, position: int | None) -> AsyncGenerator[ServerSentEvent, None]:
        self._open += 1
        METRICS.stream(+1)
        try:
            async for event in follow(self._ring, position):
                yield event
        finally:
            self._open -= 1
            METRICS.stream(-1)


async def follow(ring: Ring, position: int | None) -> AsyncGenerator[ServerSentEvent, None]:
    """From `position` (None: from now) on, without end."""
    if position is None:
        position = ring.position
        yield ServerSentEvent("{}", event="ready", id=str(position - 1), retry=RECONNECT_MILLISECONDS)
    while True:
        try:
            entries = ring.since(position)
        except FellBehind:
            position = ring.position
            yield ServerSentEvent("{}", event="reset", id=str(position - 1))
            continue
        if not entries:
            await ring.changed()
            continue
        for entry in entries:
            if entry.value:  # a compacted topic's tombstone says nothing of an alert
                yield ServerSentEvent(entry.value.decode(), event="alert", id=str(entry.offset))
            position = entry.offset + 1


def resume_position(last_event_id: str | None) -> int | None:
    """The offset to go on from; None where the client has seen nothing yet."""
    if last_event_id is None or last_event_id == "":
        return None
    if not SENT_ID.fullmatch(last_event_id):
        raise problem(422, "Last-Event-ID is not an id that this stream has sent.")
    return int(last_event_id) + 1
