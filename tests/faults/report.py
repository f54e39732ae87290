"""Writes the table of `docs/reliability.md` from a run's report.

ONEVOICE_FAULTS_REPORT=faults.jsonl make test-faults
python -m tests.faults.report faults.jsonl
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from tests.marked import replace_between

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- the table begins -->", "<!-- the table ends -->"
COLUMNS = {
    "fault": "fault",
    "events": "events",
    "accepted": "accepted",
    "stored": "stored",
    "duplicated": "duplicated",
    "lost": "lost",
    "conflicts_expected": "conflicts expected",
    "conflicts_found": "found",
    "recovered_seconds": "going again after",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path, help="the file of JSON lines that the run wrote")
    parser.add_argument("--page", type=Path, default=PAGE, help="%(default)s")
    given = parser.parse_args()
    rows = [orjson.loads(line) for line in given.report.read_bytes().splitlines()]
    if not rows:
        print(f"{given.report} has no line", file=sys.stderr)
        return 1
    try:
        replace_between(given.page, BEGIN, END, table(rows))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(rows)} faults in {given.page}")
    return 0


def table(rows: Sequence[dict[str, Any]]) -> str:
    lines = [f"| {' | '.join(COLUMNS.values())} |", f"|{' --- |' + ' ---: |' * (len(COLUMNS) - 1)}"]
    lines += [f"| {' | '.join(cell(row.get(name)) for name in COLUMNS)} |" for row in rows]
    return "\n".join(lines) + "\n"


def cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{value:.1f} s"
        case int():
            return f"{value:,}"
        case _:
            return str(value)


if __name__ == "__main__":
    sys.exit(main())
