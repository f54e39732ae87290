"""Every metric, in one place, with a line of plain English each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

if TYPE_CHECKING:
    from shared.kafka.subscription import Progress

ACCEPTED = "onevoice_events_accepted"
REJECTED = "onevoice_events_rejected"
DUPLICATE = "onevoice_events_duplicate"
MEMORY_SKIPPED = "onevoice_memory_skipped"
CONSUMED = "onevoice_records_consumed"
DEAD = "onevoice_dead_letters"
LAG_RECORDS = "onevoice_consumer_lag_records"
LAG_SECONDS = "onevoice_consumer_lag_seconds"
DETECTION = "onevoice_detection_seconds"
CONFLICTS = "onevoice_conflicts"
JUDGED = "onevoice_judge_questions"
DELAY = "onevoice_end_to_end_delay_seconds"
NOTIFICATIONS = "onevoice_notifications"
STREAMS = "onevoice_alert_streams"
CANARY_RUNS = "onevoice_canary_runs"
CANARY_DELAY = "onevoice_canary_delay_seconds"
CANARY_OVERDUE = "onevoice_canary_overdue"

DESCRIPTIONS: dict[str, str] = {
    ACCEPTED: "Events accepted at the door, by type.",
    REJECTED: "Events refused at the door, by the status of the answer.",
    DUPLICATE: "Events that the door knew already.",
    MEMORY_SKIPPED: "Identities that the door could not look up or write down, by which of the two.",
    CONSUMED: "Records handled, by consumer group.",
    DEAD: "Records put among the dead letters, by consumer group.",
    LAG_RECORDS: "Records between a consumer and the end of its partition.",
    LAG_SECONDS: "Age of the last record a consumer handled, while it is behind; else 0.",
    DETECTION: "Seconds it took to compare one customer's history.",
    CONFLICTS: "Conflicts by kind and by what became of them: found, changed or withdrawn.",
    JUDGED: "Pairs of messages put to the outside judge, by whether an answer came.",
    DELAY: "Seconds from the event's arrival on Kafka until it was stored or compared, by stage.",
    NOTIFICATIONS: "Tries to tell a receiver of alerts, by receiver and outcome: sent, failed (tried again), dead.",
    STREAMS: "Clients that follow the live alerts.",
    CANARY_RUNS: "Canary events by what became of them: ok, late, lost, or refused at the door.",
    CANARY_DELAY: "Seconds from publishing a canary event until it was on the timeline or in a conflict, by stage.",
    CANARY_OVERDUE: "Canary events under way for longer than they may take.",
}
CANARY_OUTCOMES = ("ok", "late", "lost", "refused")
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
CANARY_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0)


class Metrics:
    """Instruments are made at import and start to count when telemetry is set up."""

    def __init__(self) -> None:
        meter = metrics.get_meter("onevoice")
        self._accepted = meter.create_counter(ACCEPTED, description=DESCRIPTIONS[ACCEPTED])
        self._rejected = meter.create_counter(REJECTED, description=DESCRIPTIONS[REJECTED])
        self._duplicate = meter.create_counter(DUPLICATE, description=DESCRIPTIONS[DUPLICATE])
        self._memory_skipped = meter.create_counter(MEMORY_SKIPPED, description=DESCRIPTIONS[MEMORY_SKIPPED])
        self._consumed = meter.create_counter(CONSUMED, description=DESCRIPTIONS[CONSUMED])
        self._dead = meter.create_counter(DEAD, description=DESCRIPTIONS[DEAD])
        self._conflicts = meter.create_counter(CONFLICTS, description=DESCRIPTIONS[CONFLICTS])
        self._judged = meter.create_counter(JUDGED, description=DESCRIPTIONS[JUDGED])
        self._detection = meter.create_histogram(
            DETECTION, description=DESCRIPTIONS[DETECTION], explicit_bucket_boundaries_advisory=BUCKETS
        )
        self._delay = meter.create_histogram(
            DELAY, description=DESCRIPTIONS[DELAY], explicit_bucket_boundaries_advisory=BUCKETS
        )
        self._notifications = meter.create_counter(NOTIFICATIONS, description=DESCRIPTIONS[NOTIFICATIONS])
        self._streams = meter.create_up_down_counter(STREAMS, description=DESCRIPTIONS[STREAMS])
        self._canary_runs = meter.create_counter(CANARY_RUNS, description=DESCRIPTIONS[CANARY_RUNS])
        self._canary_delay = meter.create_histogram(
            CANARY_DELAY, description=DESCRIPTIONS[CANARY_DELAY], explicit_bucket_boundaries_advisory=CANARY_BUCKETS
        )
        self._canary_overdue: list[Callable[[], int]] = []
        meter.create_observable_gauge(CANARY_OVERDUE, [self._overdue], description=DESCRIPTIONS[CANARY_OVERDUE])
        self._progress: list[tuple[dict[str, str], Progress]] = []
        meter.create_observable_gauge(LAG_RECORDS, [self._lag_records], description=DESCRIPTIONS[LAG_RECORDS])
        meter.create_observable_gauge(LAG_SECONDS, [self._lag_seconds], description=DESCRIPTIONS[LAG_SECONDS])

    def accepted(self, event_type: str, count: int = 1) -> None:
        self._accepted.add(count, {"type": event_type})

    def rejected(self, status: int, count: int = 1) -> None:
        self._rejected.add(count, {"status": str(status)})

    def duplicate(self, count: int = 1) -> None:
        self._duplicate.add(count)

    def memory_skipped(self, operation: str, count: int) -> None:
        self._memory_skipped.add(count, {"operation": operation})

    def consumed(self, group: str, count: int) -> None:
        self._consumed.add(count, {"group": group})

    def dead_lettered(self, group: str, count: int) -> None:
        self._dead.add(count, {"group": group})

    def conflict(self, kind: str, change: str, count: int = 1) -> None:
        self._conflicts.add(count, {"kind": kind, "change": change})

    def judged(self, outcome: str, count: int) -> None:
        self._judged.add(count, {"outcome": outcome})

    def detection(self, seconds: float) -> None:
        self._detection.record(seconds)

    def delay(self, stage: str, seconds: float) -> None:
        self._delay.record(seconds, {"stage": stage})

    def notified(self, receiver: str, outcome: str) -> None:
        self._notifications.add(1, {"receiver": receiver, "outcome": outcome})

    def stream(self, change: int) -> None:
        self._streams.add(change)

    def canary(self, outcome: str) -> None:
        self._canary_runs.add(1, {"outcome": outcome})

    def canary_delay(self, stage: str, seconds: float) -> None:
        self._canary_delay.record(seconds, {"stage": stage})

    def observe_canary(self, overdue: Callable[[], int]) -> None:
        """Each outcome is shown from the start, at 0: else the first loss would be no growth."""
        for outcome in CANARY_OUTCOMES:
            self._canary_runs.add(0, {"outcome": outcome})
        self._canary_overdue.append(overdue)

    def _overdue(self, _: CallbackOptions) -> Iterator[Observation]:
        for overdue in self._canary_overdue:
            yield Observation(overdue())

    def observe_lag(self, group: str, topic: str, progress: Progress) -> None:
        self._progress.append(({"group": group, "topic": topic}, progress))

    def _lag_records(self, _: CallbackOptions) -> Iterable[Observation]:
        for labels, progress in self._progress:
            for partition, value in progress.lag_records.items():
                yield Observation(value, {**labels, "partition": str(partition)})

    def _lag_seconds(self, _: CallbackOptions) -> Iterator[Observation]:
        for labels, progress in self._progress:
            for partition, value in progress.lag_seconds.items():
                yield Observation(value, {**labels, "partition": str(partition)})


METRICS = Metrics()
