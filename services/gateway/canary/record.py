"""What became of the canary's events. No I/O; time is passed in, in seconds of a monotonic clock."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.gateway.shapes.health import CanaryHealth, CanaryRun
from shared.events import timestamp
from shared.telemetry.metrics import METRICS

KEPT = 60
Outcome = Literal["ok", "late", "lost", "refused"]
Stage = Literal["timeline", "conflict"]
State = Literal["waiting", "ok", "late", "lost"]


@dataclass(slots=True, eq=False)
class Run:
    """One event: begun at `at`, or `begun` of the clock; seconds until it was there, and how it ended."""

    at: datetime
    begun: float
    timeline: float | None = None
    conflict: float | None = None
    outcome: Outcome | None = None
    ended: float = 0.0


class Record:
    """`late` and `lost` are seconds: after which an event is late, and after which it is given up."""

    def __init__(self, late: float, lost: float) -> None:
        self._late = late
        self._lost = lost
        self._runs: deque[Run] = deque(maxlen=KEPT)
        self._under_way: list[Run] = []
        self._counts: dict[Outcome, int] = {"ok": 0, "late": 0, "lost": 0, "refused": 0}
        self._state: State = "waiting"
        self._since: datetime | None = None

    def begin(self, at: datetime, now: float) -> Run:
        run = Run(at, now)
        self._runs.append(run)
        self._under_way.append(run)
        return run

    def arrived(self, run: Run, stage: Stage, now: float) -> None:
        """Seen on the timeline, or its conflict was; the run ends with the second of the two."""
        seconds = now - run.begun
        METRICS.canary_delay(stage, seconds)
        if stage == "timeline":
            run.timeline = seconds
        else:
            run.conflict = seconds
        if run.timeline is not None and run.conflict is not None:
            self._end(run, "late" if max(run.timeline, run.conflict) > self._late else "ok", now)

    def given_up(self, run: Run, outcome: Literal["lost", "refused"], now: float) -> None:
        if run.outcome is None:
            self._end(run, outcome, now)

    def _end(self, run: Run, outcome: Outcome, now: float) -> None:
        run.outcome, run.ended = outcome, now
        self._under_way.remove(run)
        self._counts[outcome] += 1
        METRICS.canary(outcome)

    @property
    def under_way(self) -> int:
        return len(self._under_way)

    def overdue(self, now: float) -> list[Run]:
        return [run for run in self._under_way if now - run.begun > self._late]

    def state(self, now: float) -> State:
        """Lost: for as long again as a loss takes to be known, so that one among many that arrive is seen."""
        over = sorted((run for run in self._runs if run.outcome is not None), key=lambda run: run.ended)
        if any(run.outcome in ("lost", "refused") and now - run.ended < self._lost for run in over):
            return "lost"
        if self.overdue(now) or (over and over[-1].outcome == "late"):
            return "late"
        return "ok" if over else "waiting"

    def health(self, at: datetime, now: float) -> CanaryHealth:
        """`at` is the time of day that belongs to `now`."""
        state = self.state(now)
        if state != self._state:
            self._state, self._since = state, at if state in ("late", "lost") else None
        return {
            "state": state,
            "since": timestamp(self._since) if self._since is not None else None,
            "late": self._counts["late"],
            "lost": self._counts["lost"] + self._counts["refused"],
            "runs": [self._shown(run, now) for run in reversed(self._runs)],
        }

    def _shown(self, run: Run, now: float) -> CanaryRun:
        waiting: Literal["overdue", "under way"] = "overdue" if now - run.begun > self._late else "under way"
        return {
            "at": timestamp(run.at),
            "state": run.outcome or waiting,
            "timeline": None if run.timeline is None else round(run.timeline, 3),
            "conflict": None if run.conflict is None else round(run.conflict, 3),
        }
