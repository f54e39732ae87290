"""Which patterns of dates a text can match at all: most texts lack a word or digit that most patterns need."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

DIGITS = ("day", "day2", "m", "m2", "year", "year2", "hour", "hour2", "minute", "minute2")
JOINED = ("m", "m2", "minute", "minute2")
PART = re.compile(r"\\.|\[(?:\\.|[^\]])*\]|\{(?P<field>[a-z]\w*)\}|\(\?P<(?P<group>\w+)>|(?P<open>\()|\)|\|")
LOOKS = ("(?=", "(?!", "(?<=", "(?<!")


@dataclass(slots=True)
class Group:
    """Fields that stand in every match of what a pair of brackets holds; none where it holds alternatives."""

    name: str | None = None
    looks: bool = False
    either: bool = False
    fields: set[str] = field(default_factory=set)

    def always(self) -> set[str]:
        return {self.name} if self.name else set() if self.either or self.looks else self.fields


def needs(pattern: str) -> frozenset[str]:
    """Fields without which a pattern, as the data files write it, matches nothing."""
    stack = [Group()]
    for match in PART.finditer(pattern):
        optional = pattern[match.end() : match.end() + 1] in ("?", "*")
        if match["field"] and not optional:
            stack[-1].fields.add(match["field"])
        elif match["group"] or match["open"]:
            stack.append(Group(match["group"], pattern.startswith(LOOKS, match.start())))
        elif match.group() == "|":
            stack[-1].either = True
        elif match.group() == ")" and len(stack) > 1:
            inner = stack.pop()
            if not optional:
                stack[-1].fields |= inner.always()
    return frozenset(stack[0].always())


Gate = tuple[re.Pattern[str], frozenset[str]]


def gates(words: Mapping[str, Iterable[str]]) -> tuple[Gate, ...]:
    """Searches that find nothing only where no text of their fields can stand."""
    found = [(re.compile(r"\d"), frozenset(DIGITS)), (re.compile(r"\d\s?[^\d\s]+\s?\d"), frozenset(JOINED))]
    for name, of in words.items():
        options = "|".join(r"\s+".join(map(re.escape, word.split())) for word in of)
        if options:
            gate = re.compile(rf"(?<![a-zа-яё])(?:{options})", re.IGNORECASE)
            found.append((gate, frozenset({name, name + "2"})))
    return tuple(found)
