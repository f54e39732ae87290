"""Replaying: the original record goes onto its topic again, then a mark onto `dead-letters` that it did.

A crash between the two leaves a letter waiting whose record was replayed; replaying it again does no harm, for stores
drop what they have.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson
from aiokafka.errors import KafkaError

from services.gateway.dead_letters.index import Index, Wanted
from services.gateway.dead_letters.letters import Letter, Mark, Original, history_with
from services.gateway.dead_letters.reader import Fetch, Gone, Reader, in_order
from shared.events import timestamp
from shared.kafka.publisher import BrokerAway, Outgoing, Publisher, open_publisher
from shared.kafka.records import HISTORY
from shared.kafka.topics import CONFLICTS, DEAD_LETTERS, POLICIES, TOUCHPOINTS
from shared.settings import KafkaSettings
from shared.web.problems import problem

logger = logging.getLogger(__name__)

CLOUDEVENT = "application/cloudevents+json"
REPLAYABLE: dict[str, str] = {TOUCHPOINTS: CLOUDEVENT, POLICIES: CLOUDEVENT, CONFLICTS: "application/json"}
"""The content type of each topic that letters may be replayed onto."""
MOST = 1_000
"""Letters of one request."""
BATCH = 100
BATCH_BYTES = 8 * 1024 * 1024


@dataclass(slots=True)
class Plan:
    """What a replay does: each record once, with the letters that this settles, and what it leaves out and why."""

    records: list[tuple[Letter, ...]] = field(default_factory=list)
    skipped: list[tuple[int, str]] = field(default_factory=list)

    @property
    def letters(self) -> list[Letter]:
        return in_order([letter for record in self.records for letter in record])


def plan_of_offsets(index: Index, offsets: Iterable[int]) -> Plan:
    plan, chosen = Plan(), list[Letter]()
    for offset in sorted(set(offsets)):
        letter = index.get(offset)
        reason = "not known here" if letter is None else why_not(index, letter)
        if letter is None or reason is not None:
            plan.skipped.append((offset, reason or ""))
        else:
            chosen.append(letter)
    plan.records = by_record(index, chosen)
    return plan


def plan_of_filter(index: Index, wanted: Wanted) -> Plan:
    """The waiting ones among those that are wanted, however many they are."""
    found = in_order([letter for letter in index.newest(wanted) if index.state(letter) == "waiting"])
    plan = Plan(skipped=[(letter.offset, reason) for letter in found if (reason := why_not(index, letter))])
    plan.records = by_record(index, [letter for letter in found if why_not(index, letter) is None])
    return plan


def why_not(index: Index, letter: Letter) -> str | None:
    """Why a letter cannot be replayed; None where it can."""
    match index.state(letter):
        case "failed_again":
            return f"it was replayed and failed again: {index.came_back_as(letter)} is what to replay"
        case "replayed":
            mark = index.mark_of(letter)
            return f"it was replayed by {mark.by} at {mark.at}" if mark else "it was replayed"
        case _ if not letter.is_letter:
            return "it is not a dead letter"
        case _ if letter.origin.topic not in REPLAYABLE:
            return f"nothing is replayed onto the topic {letter.origin.topic}"
    return None


def by_record(index: Index, chosen: Sequence[Letter]) -> list[tuple[Letter, ...]]:
    """A record that two consumers could not process is two letters, and goes to both of them when replayed."""
    records: dict[int, tuple[Letter, ...]] = {}
    for letter in chosen:
        same = [one for one in index.same_record(letter) if why_not(index, one) is None]
        records.setdefault(same[0].offset, tuple(same))
    return list(records.values())


class Replayer:
    """One replay at a time in each instance; what another instance marked is read before."""

    def __init__(self, index: Index, reader: Reader, settings: KafkaSettings) -> None:
        self._index = index
        self._reader = reader
        self._settings = settings
        self._one = asyncio.Lock()

    async def plan(self, wanted: Wanted | Sequence[int]) -> Plan:
        """What `replay` would do now; also more than it would do at once. Raises 503."""
        await self._reader.up_to_date()
        if isinstance(wanted, Wanted):
            return plan_of_filter(self._index, wanted)
        return plan_of_offsets(self._index, wanted)

    async def replay(self, wanted: Wanted | Sequence[int], by: str) -> Plan:
        """What was done. Raises 422 where it would be more than `MOST` letters, with nothing done; 503 where Kafka does
        not answer, with the number of letters that were replayed before in `replayed`."""
        async with self._one:
            plan = await self.plan(wanted)
            refuse_too_many(plan)
            done = Plan(skipped=plan.skipped)
            try:
                await self._replay(plan, done, by)
            except (BrokerAway, KafkaError, TimeoutError) as error:
                logger.warning("replay ended early", extra={"reason": f"{type(error).__name__}: {error}"})
                raise problem(
                    503,
                    f"Kafka did not take everything: {len(done.letters)} of {len(plan.letters)} letters were replayed. "
                    "The others are waiting still.",
                    retry_after=5,
                    replayed=len(done.letters),
                ) from error
            return done

    async def _replay(self, plan: Plan, done: Plan, by: str) -> None:
        if not plan.records:
            return
        async with self._reader.originals() as fetch, open_publisher(self._settings, "onevoice-gateway") as publisher:
            for records in split(plan.records):
                await self._replay_batch(records, done, by, fetch, publisher)

    async def _replay_batch(
        self, records: Sequence[tuple[Letter, ...]], done: Plan, by: str, fetch: Fetch, publisher: Publisher
    ) -> None:
        at = timestamp(datetime.now(UTC).replace(microsecond=0))
        found: list[tuple[tuple[Letter, ...], Original]] = []
        for letters in records:
            try:
                found.append((letters, await fetch(letters[0].offset)))
            except Gone:
                done.skipped += [(letter.offset, "its bytes are no longer on the topic") for letter in letters]
        outcomes = await publisher.publish([again(letters, original, by, at) for letters, original in found])
        sent = [one for one, failure in zip(found, outcomes, strict=True) if failure is None]
        await publisher.publish_all([marking(letters, original, by, at) for letters, original in sent])
        for letters, _ in sent:
            self._index.mark(Mark(tuple(letter.offset for letter in letters), by, at))
            done.records.append(letters)
            logger.info("replayed", extra={"letters": [letter.offset for letter in letters], "by": by})
        for failure in outcomes:
            if failure is not None:
                raise failure


def refuse_too_many(plan: Plan) -> None:
    if len(plan.letters) > MOST:
        raise problem(
            422,
            f"{len(plan.letters):,} letters match, and at most {MOST:,} are replayed at once: narrow the filter, or "
            "name their offsets a part at a time.",
            matched=len(plan.letters),
        )


def again(letters: Sequence[Letter], original: Original, by: str, at: str) -> Outgoing:
    """The record as it was, by its key in the partition that has its customer now, in its own trace."""
    topic = letters[0].origin.topic
    history = orjson.dumps(history_with(letters, by, at))
    return Outgoing(topic, original.key, original.value, letters[0].trace, REPLAYABLE[topic], {HISTORY: history})


def marking(letters: Sequence[Letter], original: Original, by: str, at: str) -> Outgoing:
    mark = Mark(tuple(letter.offset for letter in letters), by, at)
    return Outgoing(DEAD_LETTERS, original.key or b"", mark.to_json(letters[0].origin), letters[0].trace)


def split(records: Sequence[tuple[Letter, ...]]) -> Iterator[list[tuple[Letter, ...]]]:
    """Batches within `BATCH` records and `BATCH_BYTES`; a record that is larger is a batch of its own."""
    batch: list[tuple[Letter, ...]] = []
    size = 0
    for letters in records:
        if batch and (len(batch) >= BATCH or size + letters[0].size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(letters)
        size += letters[0].size
    if batch:
        yield batch
