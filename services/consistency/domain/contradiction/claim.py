"""A claim: what a message states, made comparable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from services.consistency.domain.contradiction.dates import Moment

ClaimKind = Literal["amount", "moment", "axis", "status", "statement"]
Mode = Literal["asserted", "asked", "denied", "hypothetical", "reported"]
INFINITY = float("inf")


@dataclass(frozen=True, slots=True)
class Claim:
    """`low` to `high` hold the value in the dimension's own unit; a bound leaves one end open.

    `side` is what an axis or status states, `per` the period of a rate in days, `items` what a rate is for.
    `topic` are concepts and stems of the sentence, `near` those of the clause, `words` those of the
    span itself, `pairs` a word of the clause with the one before it, `names` and `refs` what is called
    by name or number, `called` the names of the whole sentence. `start` to `end` are code points of the text.
    """

    kind: ClaimKind
    dimension: str
    start: int
    end: int
    sentence: int
    attribute: str = ""
    low: float = 0.0
    high: float = 0.0
    side: str = ""
    per: float | None = None
    items: frozenset[str] = frozenset()
    moment: Moment | None = None
    bound: str = ""
    approximate: bool = False
    mode: Mode = "asserted"
    changed: bool = False
    conditions: frozenset[str] = frozenset()
    until: Moment | None = None
    when: tuple[Moment, ...] = ()
    topic: frozenset[str] = frozenset()
    near: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    pairs: frozenset[tuple[str, str]] = frozenset()
    names: frozenset[str] = frozenset()
    called: frozenset[str] = frozenset()
    refs: frozenset[str] = frozenset()
    variants: frozenset[str] = frozenset()
    structured: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one text states.

    `names` and `refs` are of the whole text, `topic` its concepts and stems, `periods` what it is for. `personal`
    says where who is greeted is named, and where a number of the reader's own stands ("order 4711"), with the number.
    """

    language: str
    claims: tuple[Claim, ...] = ()
    sentences: tuple[tuple[int, int], ...] = ()
    topic: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    refs: frozenset[str] = frozenset()
    periods: tuple[Moment, ...] = ()
    corrects: bool = False
    personal: tuple[tuple[int, int, str], ...] = ()
    spelling: Mapping[str, str] = field(default_factory=dict)
    """Names are kept by stem, since they are inflected; here is how the text writes them."""
