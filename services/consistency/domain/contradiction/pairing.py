"""Two messages: which of their claims clash on the same matter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import isclose

from services.consistency.domain.bounds import CLASHES
from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.compare import TOLERANCE, Said, clash
from services.consistency.domain.contradiction.correction import announced, expired
from services.consistency.domain.contradiction.lexicon import Lexicon
from services.consistency.domain.contradiction.message import Message
from services.consistency.domain.contradiction.reasons import value_of
from services.consistency.domain.contradiction.relatedness import Relatedness


@dataclass(frozen=True, slots=True)
class Finding:
    """Claims `a` (earlier) and `b` of two messages that cannot both hold, with how near they are in matter."""

    a: Claim
    b: Claim
    strength: float


def compare_messages(
    earlier: Message, later: Message, lexicon: Lexicon, relatedness: Relatedness, least: float | None = None
) -> tuple[Finding | None, Finding | None]:
    """The strongest clash of two messages, and the strongest of those that the later one announces as a change.

    A clash counts from the lexicon's threshold on; one that is not announced from `least` on, where that is given.
    """
    if earlier.sorts.isdisjoint(later.sorts):
        return None, None
    said: list[Finding] = []
    changes: list[Finding] = []
    for a, b in islice(clashes(earlier, later, lexicon), CLASHES):
        finding = Finding(a, b, relatedness.probability(a, b, earlier, later))
        if announced(earlier, later, b):
            changes.append(finding)
        else:
            said.append(finding)
    return strongest(said, lexicon.threshold if least is None else least), strongest(changes, lexicon.threshold)


def strongest(findings: Sequence[Finding], least: float) -> Finding | None:
    """The first of the strongest, None where none is as strong as `least`."""
    best = max(findings, key=lambda finding: finding.strength, default=None)
    return best if best is not None and best.strength >= least else None


def clashes(earlier: Message, later: Message, lexicon: Lexicon) -> Iterator[tuple[Claim, Claim]]:
    """Pairs of claims that cannot both hold if they are about the same matter."""
    for a in earlier.claims:
        if a.mode != "asserted":
            continue
        for b in later.claims:
            if b.mode != "asserted" or a.kind != b.kind or expired(a, b, earlier.event, later.event):
                continue
            if clash(Said(a, earlier.event.time), Said(b, later.event.time), lexicon) and not answered(
                a, b, earlier, later
            ):
                yield a, b


def answered(a: Claim, b: Claim, earlier: Message, later: Message) -> bool:
    """True where the other message also says this, of the same matter, so that the two agree after all."""
    if a.kind == "axis":
        return any(nearer(x, b, a) for x in earlier.claims) or any(nearer(y, a, b) for y in later.claims)
    return any(same_value(x, b, earlier, later) for x in earlier.claims if x.kind == b.kind) or any(
        same_value(a, y, earlier, later) for y in later.claims if y.kind == a.kind
    )


def nearer(x: Claim, said: Claim, than: Claim) -> bool:
    """`x` takes the side of `said`, and its words are more alike than those of `than`, which stands beside `x`."""
    if (x.dimension, x.side, x.mode) != (said.dimension, said.side, "asserted") or x.kind != "axis":
        return False
    return len(x.near & said.near) > len(than.near & said.near)


def same_value(x: Claim, y: Claim, earlier: Message, later: Message) -> bool:
    """The other message says this very value of a matter that may be the same."""
    if x.attribute and y.attribute and x.attribute != y.attribute:
        return False
    if x.kind == "amount":
        same = x.dimension == y.dimension or "money" in (x.dimension, y.dimension)
        return (
            same
            and x.dimension != "number"
            and all(isclose(*ends, rel_tol=TOLERANCE) for ends in ((x.low, y.low), (x.high, y.high)))
        )
    if x.kind == "moment" and x.dimension == "day":
        return value_of(x, earlier.event) == value_of(y, later.event)
    return False
