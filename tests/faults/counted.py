"""What a fault test counted, in one form: a line on the screen, and a line of JSON for the report.

`ONEVOICE_FAULTS_REPORT` names the file that the lines are added to.
"""

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson


@dataclass(frozen=True, slots=True)
class Counted:
    """Over events: sent (`events`), acknowledged as new, stored, stored twice, acknowledged but not stored or not
    compared; then conflicts. None where a count does not apply to the fault."""

    fault: str
    events: int | None = None
    accepted: int | None = None
    stored: int | None = None
    duplicated: int | None = None
    lost: int | None = None
    conflicts_expected: int | None = None
    conflicts_found: int | None = None
    recovered_seconds: float | None = None

    def report(self) -> None:
        line = orjson.dumps(asdict(self))
        print(line.decode())
        if name := os.environ.get("ONEVOICE_FAULTS_REPORT"):
            with Path(name).open("ab") as file:
                file.write(line + b"\n")
