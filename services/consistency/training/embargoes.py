"""Written texts on embargoes as examples for training: does a message state the matter that is held back?

`embargoes.<language>.<n>.txt`: a company begins with `# name | trade | language`, a matter with
`## matter || terms || owner`, a message is `y` or `x`, then as in the families: `y` states the matter, `x` does not.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from services.consistency.domain.comparer.rendering import rendered_matter

LINE = re.compile(r"^([yx])\d* \d{4}-\d\d-\d\d(?: \d\d:\d\d)? [a-z-]+ [a-z-]+ \| (.+)$")


@dataclass(frozen=True, slots=True)
class Told:
    company: str
    trade: str
    language: str
    matter: str
    terms: tuple[str, ...]
    text: str
    states: bool

    @property
    def texts(self) -> tuple[str, str]:
        return rendered_matter(self.matter, self.terms, self.text)


def read_embargoes(paths: Iterable[Path]) -> Iterator[Told]:
    """Raises `ValueError` with file and line for what cannot be read."""
    for path in paths:
        company = trade = language = matter = ""
        terms: tuple[str, ...] = ()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if line.startswith("# "):
                company, trade, language = (*(part.strip() for part in line[2:].split("|")), "", "")[:3]
            elif line.startswith("## "):
                matter, listed = (*(part.strip() for part in line[3:].split("||")), "")[:2]
                terms = tuple(term.strip() for term in re.split("[,，、]", listed) if term.strip())
            elif line.strip():
                found = LINE.match(line)
                if found is None or not matter:
                    raise ValueError(f"{path}:{number}: no message: {line[:60]}")
                text = found[2].replace("\\n", "\n")
                yield Told(company, trade, language[:2].lower(), matter, terms, text, found[1] == "y")
