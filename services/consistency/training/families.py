"""Written families of messages as examples for training: what one company says to one customer about one matter.

`families.<language>.<n>.txt`: a company begins with `# name | trade | language`, a matter with `## words`, a message is
`role+number date [time] department channel | text`, with a line break of the text written as `\\n`. Roles: `a` and `b`
state versions that cannot both hold, `c` announces the change from a to b, `n` is consistent with every other line.
Lines of different matters of one company are consistent.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

LINE = re.compile(r"^([abcn])\d* (\d{4}-\d\d-\d\d)(?: (\d\d:\d\d))? ([a-z-]+) ([a-z-]+) \| (.+)$")
Label = Literal["conflict", "change", "same", "apart"]


@dataclass(frozen=True, slots=True)
class Line:
    role: str
    time: datetime
    department: str
    channel: str
    text: str


@dataclass(slots=True)
class Family:
    company: str
    trade: str
    language: str
    matter: str
    lines: list[Line] = field(default_factory=list)


def read_families(paths: Iterable[Path]) -> list[Family]:
    """Raises `ValueError` with file and line for what cannot be read."""
    return [family for path in paths for family in read_file(path)]


def read_file(path: Path) -> Iterator[Family]:
    company = trade = language = ""
    family: Family | None = None
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.startswith("# "):
            company, trade, language = (*(part.strip() for part in line[2:].split("|")), "", "")[:3]
        elif line.startswith("## "):
            if family is not None:
                yield family
            family = Family(company, trade, language[:2].lower(), line[3:].strip())
        elif line.strip():
            if family is None:
                raise ValueError(f"{path}:{number}: a message before its matter")
            family.lines.append(read_line(line, f"{path}:{number}"))
    if family is not None:
        yield family


def read_line(line: str, place: str) -> Line:
    found = LINE.match(line)
    if found is None:
        raise ValueError(f"{place}: no message: {line[:60]}")
    role, day, clock, department, channel, text = found.groups()
    time = datetime.fromisoformat(f"{day}T{clock or '10:00'}").replace(tzinfo=UTC)
    return Line(role, time, department, channel, text.replace("\\n", "\n"))


def label(earlier: Line, later: Line) -> Label:
    """What a pair of lines of one matter is, in the order they were sent."""
    roles = earlier.role + later.role
    if "n" in roles:
        return "apart"
    if roles in ("ab", "ba", "ca"):
        return "conflict"
    if roles == "ac":
        return "change"
    return "same"
