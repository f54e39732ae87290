"""Takes events in: each is published once its identity is ours, and told what became of it."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from services.ingest.memory import Claim, Memory
from services.ingest.reading import Candidate, Errors, Reading, Refused
from shared.events import EmbargoEvent, customer_of, record_key
from shared.events.models import CustomerEvent
from shared.kafka.publisher import Outgoing, Publisher
from shared.kafka.topics import POLICIES, TOUCHPOINTS
from shared.reserved import RESERVED, is_reserved
from shared.telemetry.metrics import METRICS
from shared.web.keys import Caller

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/cloudevents+json"
AWAY = "the event could not be stored at the moment; send it again"
OTHER_CONTENT = "this source and id were accepted before with other content"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one event. `status` is what it would have been answered by itself."""

    verdict: Literal["accepted", "duplicate", "rejected"]
    status: int
    id: str | None
    source: str | None
    reason: str | None = None
    errors: Sequence[dict[str, str]] = ()

    def to_plain(self) -> dict[str, Any]:
        plain: dict[str, Any] = {
            "verdict": self.verdict,
            "status": self.status,
            "id": self.id,
            "source": self.source,
        }
        if self.verdict == "rejected":
            plain |= {"reason": self.reason, "errors": list(self.errors)}
        return plain


class Intake:
    def __init__(self, publisher: Publisher, memory: Memory) -> None:
        self._publisher = publisher
        self._memory = memory

    async def take(self, readings: Sequence[Reading], caller: Caller) -> list[Verdict]:
        """One verdict a reading, in order. An identity that stands twice is published once."""
        verdicts: dict[int, Verdict] = {}
        ours: dict[int, tuple[Candidate, Claim]] = {}
        others: dict[int, tuple[Candidate, Claim]] = {}
        for place, reading in enumerate(permitted(readings, caller)):
            if isinstance(reading, Refused):
                verdicts[place] = rejected(reading)
            elif known := self._memory.known(reading.identity):
                verdicts[place] = again(reading, known)
            elif claim := self._memory.claimed(reading.identity):
                others[place] = (reading, claim)
            else:
                ours[place] = (reading, self._memory.claim(reading.identity, reading.digest))
        verdicts |= await self._publish_ours(ours)
        for place, (candidate, claim) in others.items():
            known = await claim.outcome()
            verdicts[place] = not_stored(candidate) if known is None else again(candidate, known)
        answer = [verdicts[place] for place in range(len(readings))]
        count(answer, readings)
        return answer

    async def _publish_ours(self, ours: dict[int, tuple[Candidate, Claim]]) -> dict[int, Verdict]:
        verdicts: dict[int, Verdict] = {}
        try:
            await self._memory.recall([claim for _, claim in ours.values()])
            for place, (candidate, claim) in ours.items():
                if claim.ended:
                    verdicts[place] = again(candidate, await claim.outcome() or "")
            new = [place for place in ours if place not in verdicts]
            failures = await self._publisher.publish([outgoing(ours[place][0]) for place in new])
            for place, failure in zip(new, failures, strict=True):
                candidate, claim = ours[place]
                if failure is None:
                    self._memory.acknowledged(claim)
                    verdicts[place] = Verdict("accepted", 202, candidate.event.id, candidate.event.source)
                else:
                    verdicts[place] = not_stored(candidate)
            away = [failure for failure in failures if failure is not None]
            if away:
                logger.warning("%d of %d events were not acknowledged: %s", len(away), len(new), away[0])
        finally:  # whoever waits for a claim is told, whatever happened
            for _, claim in ours.values():
                if not claim.ended:
                    self._memory.failed(claim)
        return verdicts


def permitted(readings: Sequence[Reading], caller: Caller) -> list[Reading]:
    """Events of departments that the caller does not publish for are refused, those of none are anybody's; and
    reserved customers are the canary's."""
    return [reading if isinstance(reading, Refused) else forbidden(reading, caller) or reading for reading in readings]


def forbidden(candidate: Candidate, caller: Caller) -> Refused | None:
    event = candidate.event
    customer = customer_of(event)
    if is_reserved(customer or "") != (caller.role == "canary"):
        reason = f"customers whose ids begin with {RESERVED!r} are the canary's, which publishes for no other"
        return Refused(403, reason, [{"path": "$.data.customer.id", "reason": reason}], event.id, event.source)
    department: str | None = getattr(event.data, "department", None)
    if department is None or caller.publishes_for(department):
        return None
    reason = f"the key {caller.name!r} does not publish for {department}"
    return Refused(403, reason, [{"path": "$.data.department", "reason": reason}], event.id, event.source)


def outgoing(candidate: Candidate) -> Outgoing:
    event: CustomerEvent | EmbargoEvent = candidate.event
    topic = POLICIES if isinstance(event, EmbargoEvent) else TOUCHPOINTS
    return Outgoing(topic, record_key(event), candidate.canonical, content_type=CONTENT_TYPE)


def again(candidate: Candidate, known: str) -> Verdict:
    event = candidate.event
    if known == candidate.digest:
        return Verdict("duplicate", 202, event.id, event.source)
    errors: Errors = [{"path": "$", "reason": OTHER_CONTENT}]
    return Verdict("rejected", 409, event.id, event.source, OTHER_CONTENT, errors)


def not_stored(candidate: Candidate) -> Verdict:
    return Verdict("rejected", 503, candidate.event.id, candidate.event.source, AWAY)


def rejected(refused: Refused) -> Verdict:
    return Verdict("rejected", refused.status, refused.id, refused.source, refused.reason, refused.errors)


def count(verdicts: Sequence[Verdict], readings: Sequence[Reading]) -> None:
    accepted: Counter[str] = Counter()
    refused: Counter[int] = Counter()
    for verdict, reading in zip(verdicts, readings, strict=True):
        if verdict.verdict == "accepted" and isinstance(reading, Candidate):
            accepted[reading.event.type] += 1
        elif verdict.verdict == "rejected":
            refused[verdict.status] += 1
    duplicates = sum(verdict.verdict == "duplicate" for verdict in verdicts)
    for kind, number in accepted.items():
        METRICS.accepted(kind, number)
    for status, number in refused.items():
        METRICS.rejected(status, number)
    if duplicates:
        METRICS.duplicate(duplicates)
