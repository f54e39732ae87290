"""Conditions on an alert's labels, written and read as Alertmanager's: `kind = contradiction`, `campaign =~ spring-.*`.

An alert may have several values of a label (two departments, two campaigns). `=` and `=~` hold where one of them fits,
`!=` and `!~` where none does. A label that the alert does not have is the empty text.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

from services.consistency.domain.conflict import KINDS

Label = Literal["kind", "department", "attribute", "subject", "rule", "language", "campaign", "severity"]
Op = Literal["=", "!=", "=~", "!~"]
Labels = Mapping[str, Sequence[str]]

LABELS: tuple[Label, ...] = get_args(Label)
OPS: tuple[Op, ...] = get_args(Op)
SEVERITIES = ("critical", "high", "medium", "low")
"""The gravest first."""
KNOWN: dict[str, tuple[str, ...]] = {"kind": KINDS, "severity": SEVERITIES}
"""Labels whose values are few and known, so that a slip is told rather than never matched."""

MAX_VALUE = 200
MAX_REPEATS = 3
MAX_GROUPS = 3
WRITTEN = re.compile(r"\s*(?P<label>\w+)\s*(?P<op>=~|!~|!=|=)\s*(?P<value>.*?)\s*", re.DOTALL)
CLASS_OR_ESCAPE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]")


class NoMatcher(ValueError):
    """The text is no matcher; the message says why."""


@dataclass(frozen=True, slots=True)
class Matcher:
    label: Label
    op: Op
    value: str

    @property
    def is_positive(self) -> bool:
        return self.op in ("=", "=~")

    def matches(self, labels: Labels) -> bool:
        found = any(self._fits(value) for value in labels.get(self.label) or ("",))
        return found is self.is_positive

    def _fits(self, value: str) -> bool:
        if self.op in ("=", "!="):
            return value == self.value
        return pattern(self.value).fullmatch(value) is not None

    def __str__(self) -> str:
        return f"{self.label} {self.op} {self.value}"


@lru_cache(maxsize=1_000)
def pattern(text: str) -> re.Pattern[str]:
    """Raises `NoMatcher` for an expression that is none, or that could take long: the expressions come from people,
    and Python's engine tries again and again where one has much to repeat."""
    plain = CLASS_OR_ESCAPE.sub("x", text)
    if re.search(r"\)[*+?{]", plain):
        raise NoMatcher(f"{text!r} repeats a group; repeat single characters, or list what may stand there with |")
    if len(re.findall(r"(?<!\()[*+?{]", plain)) > MAX_REPEATS:
        raise NoMatcher(f"{text!r} repeats more than {MAX_REPEATS} times (*, +, ?, {{}})")
    if plain.count("(") > MAX_GROUPS or re.search(r"\(\?(?![:i])", plain):
        raise NoMatcher(f"{text!r}: at most {MAX_GROUPS} groups, and none that look ahead or back")
    try:
        return re.compile(text)
    except re.error as error:
        raise NoMatcher(f"{text!r} is no regular expression: {error}") from error


def matcher(text: str) -> Matcher:
    """Raises `NoMatcher`."""
    found = WRITTEN.fullmatch(text)
    if found is None:
        raise NoMatcher(f"{text!r} is no matcher; write one as 'kind = contradiction' or 'campaign =~ spring-.*'")
    label = next((one for one in LABELS if one == found["label"]), None)
    if label is None:
        raise NoMatcher(f"{found['label']!r} is no label; there are {', '.join(LABELS)}")
    op = next(one for one in OPS if one == found["op"])
    value = found["value"]
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    if len(value) > MAX_VALUE or not value.isprintable():
        raise NoMatcher(f"the value of {label} has at most {MAX_VALUE} printable characters")
    if op in ("=~", "!~"):
        pattern(value)
    elif label in KNOWN and value and value not in KNOWN[label]:
        raise NoMatcher(f"{value!r} is no {label}; there are {', '.join(KNOWN[label])}")
    return Matcher(label, op, value)


def match(matchers: Iterable[Matcher], labels: Labels) -> bool:
    """Do all of them hold?"""
    return all(one.matches(labels) for one in matchers)


def names_something(matchers: Iterable[Matcher]) -> bool:
    """Whether the matchers leave anything out: an alert without labels does not match."""
    return not match(matchers, {})


def labels_of(alert: Mapping[str, Any]) -> dict[str, list[str]]:
    """Of an alert as it is published."""
    senders = [alert["senders"][side] for side in ("a", "b")]
    values: dict[Label, Iterable[str | None]] = {
        "kind": (alert["kind"],),
        "department": (sender["department"] for sender in senders),
        "attribute": (alert["attribute"],),
        "subject": (alert["subject"],),
        "rule": alert.get("rules", ()),
        "language": alert.get("languages", ()),
        "campaign": (sender["campaign"] for sender in senders),
        "severity": (alert.get("severity"),),
    }
    return {label: sorted({value for value in values[label] if value}) for label in LABELS}
