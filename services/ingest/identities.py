"""The collection `identities`: what was acknowledged in the last days, over all replicas and restarts of ingest.

Neither reading nor writing ever holds up or refuses an event: lookups are given a moment and then left
alone for a while, writes happen in the background and the oldest are dropped when there are too many.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from pymongo.errors import BulkWriteError, PyMongoError
from pymongo.write_concern import WriteConcern

from shared.mongo import DUPLICATE_KEY, Database
from shared.retention.documents import expire, kept
from shared.telemetry.metrics import METRICS

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 0.25
"""What a request waits for a lookup."""
QUERY_SECONDS = 2.0
"""After which a query is given up, so that one that hangs does not end all lookups."""
PAUSE_SECONDS = 5.0
"""How long lookups and writes are left alone after a failure."""
QUERY_SIZE = 5_000
WRITE_SIZE = 1_000
GATHER_SECONDS = 0.05
"""How long writes gather before they go."""
MAX_NOTED = 50_000
OLD_INDEX = "expire"
"""Of versions that did not write the date of its end with each document."""


@dataclass(slots=True)
class Lookup:
    identities: Sequence[str]
    answer: asyncio.Future[dict[str, str]]


class Identities:
    def __init__(self, database: Database, days: int) -> None:
        self._collection = database.get_collection("identities", write_concern=WriteConcern(w=1))
        self._days = days
        self._waiting: list[Lookup] = []
        self._reader: asyncio.Task[None] | None = None
        self._noted: deque[tuple[str, str]] = deque()
        self._batch: list[tuple[str, str]] = []
        self._wake = asyncio.Event()
        self._stopping = False
        self._away_until = 0.0

    @property
    def away(self) -> bool:
        return monotonic() < self._away_until

    async def recall(self, identities: Sequence[str]) -> dict[str, str]:
        """Digests by identity, of those that were acknowledged; fewer where MongoDB does not tell in time."""
        if not identities:
            return {}
        if self.away:
            METRICS.memory_skipped("lookup", len(identities))
            return {}
        lookup = Lookup(identities, asyncio.get_running_loop().create_future())
        self._waiting.append(lookup)
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._answer_all())
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await lookup.answer
        except TimeoutError:
            METRICS.memory_skipped("lookup", len(identities))
            self._leave_alone("no answer to a lookup in time")
            return {}

    async def _answer_all(self) -> None:
        """Asks in one query for all that gathered while the one before was under way, until none wait."""
        while self._waiting:
            lookups, size = [], 0
            while self._waiting and size < QUERY_SIZE:
                lookup = self._waiting.pop(0)
                if not lookup.answer.done():
                    lookups.append(lookup)
                    size += len(lookup.identities)
            found = await self._find({identity for lookup in lookups for identity in lookup.identities})
            for lookup in lookups:
                if not lookup.answer.done():
                    lookup.answer.set_result({key: found[key] for key in lookup.identities if key in found})

    async def _find(self, identities: set[str]) -> dict[str, str]:
        if not identities:
            return {}
        query = {"_id": {"$in": list(identities)}}
        try:
            async with asyncio.timeout(QUERY_SECONDS):
                found = await self._collection.find(query, {"digest": 1}).to_list(None)
        except (TimeoutError, PyMongoError) as error:
            METRICS.memory_skipped("lookup", len(identities))
            self._leave_alone(f"{type(error).__name__}: {error}")
            return {}
        return {document["_id"]: document["digest"] for document in found}

    def _leave_alone(self, reason: str) -> None:
        if not self.away:
            logger.warning("identities are left alone for %g s: %s", PAUSE_SECONDS, reason[:300])
        self._away_until = monotonic() + PAUSE_SECONDS

    def note(self, identity: str, digest: str) -> None:
        """To be written down soon; the oldest is dropped where too many wait."""
        self._noted.append((identity, digest))
        if len(self._noted) > MAX_NOTED:
            self._noted.popleft()
            METRICS.memory_skipped("write", 1)
        self._wake.set()

    def stop(self) -> None:
        """Asks `write_down` to end after one more attempt at what is noted."""
        self._stopping = True
        self._wake.set()

    async def write_down(self) -> None:
        """Writes what is noted until stopped."""
        indexed = False
        while not self._stopping:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(0 if self._stopping else GATHER_SECONDS)
            indexed = indexed or await self._attempt(self._expire_old())
            while (self._batch or self._noted) and await self._attempt(self._write()):
                pass
            if self._batch and not self._stopping:
                await self._pause()
                self._wake.set()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(PAUSE_SECONDS):
                while not self._stopping:
                    await self._wake.wait()
                    self._wake.clear()
        except TimeoutError:
            return

    async def _attempt(self, operation: Awaitable[None]) -> bool:
        try:
            async with asyncio.timeout(QUERY_SECONDS):
                await operation
        except (TimeoutError, PyMongoError) as error:
            self._leave_alone(f"{type(error).__name__}: {error}")
            return False
        return True

    async def _expire_old(self) -> None:
        await expire(self._collection)
        if OLD_INDEX in await self._collection.index_information():
            await self._collection.drop_index(OLD_INDEX)

    async def _write(self) -> None:
        """Writes a batch, or again the one that was not written; the first content of an identity stays."""
        if not self._batch:
            self._batch = [self._noted.popleft() for _ in range(min(WRITE_SIZE, len(self._noted)))]
        now = datetime.now(UTC)
        documents = [{"_id": identity, "digest": digest, **kept(now, self._days)} for identity, digest in self._batch]
        try:
            await self._collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            codes = {mistake["code"] for mistake in error.details["writeErrors"]}
            if codes - {DUPLICATE_KEY}:
                logger.warning("some identities were not written: codes %s", sorted(codes))
        self._batch = []
