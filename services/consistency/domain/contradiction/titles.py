"""Names where a script has no capitals: what stands in quotes, and what a head word closes (滨河支行, 旗舰版)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.consistency.domain.contradiction.tokens import Token

QUOTED = re.compile(r"[“「『《]([^”」』》\n]{2,16})[”」』》]")


@dataclass(frozen=True, slots=True)
class Titles:
    """`heads` closes a name of two characters, or of one of `short`; what contains one of `never` names nothing."""

    heads: re.Pattern[str] | None = None
    never: frozenset[str] = frozenset()
    short: frozenset[str] = frozenset()

    @classmethod
    def of(cls, heads: Sequence[str], never: Sequence[str], short: str) -> "Titles":
        if not heads:
            return cls()
        options = "|".join(re.escape(head) for head in sorted(heads, key=len, reverse=True))
        return cls(re.compile(rf"(?=([\u3400-\u9fff]{{1,2}}?)({options}))"), frozenset(never), frozenset(short))

    def find(self, text: str, tokens: Sequence[Token]) -> list[tuple[int, int, str]]:
        """First and last token of each name, and the name."""
        if self.heads is None:
            return []
        found = [(m.start(1), m.end(1), m.group(1).lower()) for m in QUOTED.finditer(text)]
        for match in self.heads.finditer(text):
            own, head = match.groups()
            if any(text.startswith(word, match.start() + 1) for word in self.never):
                continue
            if len(own) == 1 and own in self.short:
                found.append((match.start(), match.end(2), f"{own} {head}"))
            elif len(own) == 1 and match.start() > 0 and self.proper(text[match.start() - 1] + own, head):
                found.append((match.start() - 1, match.end(2), f"{text[match.start() - 1]}{own} {head}"))
        places = {token.start: at for at, token in enumerate(tokens)}
        ends = {token.end: at for at, token in enumerate(tokens)}
        return [(places[a], ends[b], name) for a, b, name in found if a in places and b in ends]

    def proper(self, own: str, head: str) -> bool:
        whole = own + head
        return "\u3400" <= own[0] <= "\u9fff" and not any(word in whole for word in self.never)
