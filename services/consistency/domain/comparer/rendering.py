"""Two messages as the pair of texts that the model reads: shortened to what may matter, with the sums already done.

A small model reads wording well and reckons badly, so what the typed claims know is written into the text: behind an
amount, a day or a time stands `(=)` where the other message says the same or what allows it, and `(≠)` where it
names only others of the sort.
"""

from collections.abc import Sequence

from services.consistency.domain.comparer.nearness import Nearness
from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.compare import Said, clash
from services.consistency.domain.contradiction.lexicon import Lexicon
from services.consistency.domain.contradiction.message import Message

SAME, OTHER = " (=)", " (≠)"
BUDGET = 420
"""How much of a message is kept, in letters; a Chinese character counts as two and a half."""
EXCERPT = 1_000
"""How much of it an outside judge reads, in the same measure."""
MARKED = 0.2
"""How much nearer a sentence with a marked value counts when a long message is shortened."""


def rendered(earlier: Message, later: Message, lexicon: Lexicon, nearness: Nearness) -> tuple[str, str]:
    """The earlier and the later text. How long apart they were sent is left out: in written examples it gives away
    what they are to each other, and in life it does not."""
    edits = edited(earlier, later, lexicon)
    one, other = sentences(earlier), sentences(later)
    first = shortened(earlier, one, other, edits[0], later, nearness)
    second = shortened(later, other, one, edits[1], earlier, nearness)
    return titled(earlier, first), titled(later, second)


def excerpts(earlier: Message, later: Message, nearness: Nearness) -> tuple[str, str]:
    """The two texts without who is greeted and whose order it is; of long ones the sentences that are nearest to the
    other message."""
    one, other = sentences(earlier), sentences(later)
    first = shortened(earlier, one, other, impersonal(earlier, later, "№8"), later, nearness, EXCERPT)
    second = shortened(later, other, one, impersonal(later, earlier, "№9"), earlier, nearness, EXCERPT)
    return titled(earlier, first), titled(later, second)


def rendered_matter(matter: str, terms: Sequence[str], text: str) -> tuple[str, str]:
    """A matter that is held back, as if it had been said, and what was told."""
    return " ".join(f"{matter} ({', '.join(terms)})".split()) if terms else matter, " ".join(text.split())


Span = tuple[int, int]
TRIED = 12
"""Pairs of sentences that are looked at to find where two messages clash."""


def rendered_sentences(
    earlier: Message, later: Message, lexicon: Lexicon, nearness: Nearness
) -> list[tuple[Span, Span, tuple[str, str]]]:
    """The nearest sentences of the two, with where they stand, rendered each pair by itself."""
    edits = edited(earlier, later, lexicon)
    one, other = earlier.event.data.text, later.event.data.text
    pairs = [(a, b) for a in sentences(earlier) or [(0, len(one))] for b in sentences(later) or [(0, len(other))]]
    if len(pairs) > TRIED:
        pairs.sort(key=lambda pair: -nearness.between(one[slice(*pair[0])], other[slice(*pair[1])]))
    return [(a, b, (written(one, *a, edits[0]), written(other, *b, edits[1]))) for a, b in pairs[:TRIED]]


def titled(message: Message, text: str) -> str:
    title = message.event.data.title
    return f"{title}: {text}" if title else text


def sentences(message: Message) -> Sequence[tuple[int, int]]:
    return [span for span in message.reading.sentences if span[1] > span[0]]


Marks = dict[int, str]
Edits = Sequence[tuple[int, int, str]]
"""In order: from where to where, and what is written in place of it; marks replace nothing."""


def edited(earlier: Message, later: Message, lexicon: Lexicon) -> tuple[Edits, Edits]:
    first, second = marked_values(earlier, later, lexicon)
    return merged(first, impersonal(earlier, later, "№8")), merged(second, impersonal(later, earlier, "№9"))


def merged(marks: Marks, edits: Edits) -> Edits:
    return sorted([*edits, *((end, end, mark) for end, mark in marks.items())])


def impersonal(message: Message, other: Message, own: str) -> Edits:
    """Who is greeted is left out, and the numbers of orders and accounts become "№1" and so on where both messages
    name them: what a template says to many customers is then one question."""
    shared = sorted(message.reading.refs & other.reading.refs)
    return sorted(
        (start, end, "" if not ref else f"№{shared.index(ref) + 1}" if ref in shared else own)
        for start, end, ref in message.reading.personal
    )


def marked_values(earlier: Message, later: Message, lexicon: Lexicon) -> tuple[Marks, Marks]:
    """By the end of each value's span, what is written behind it; of two readings of one span the agreeing counts."""
    first: Marks = {}
    second: Marks = {}
    for a in values(earlier):
        for b in values(later):
            found = clash(Said(a, earlier.event.time), Said(b, later.event.time), lexicon)
            if found is None:
                continue
            for marks, end in ((first, a.end), (second, b.end)):
                if not found:
                    marks[end] = SAME
                else:
                    marks.setdefault(end, OTHER)
    return first, second


def values(message: Message) -> Sequence[Claim]:
    return [claim for claim in message.claims if claim.kind in ("amount", "moment") and not claim.structured]


def shortened(
    message: Message,
    own: Sequence[tuple[int, int]],
    theirs: Sequence[tuple[int, int]],
    edits: Edits,
    other: Message,
    nearness: Nearness,
    budget: int = BUDGET,
) -> str:
    text = message.event.data.text
    if not own or weight(text) <= budget:
        return " ".join(written(text, 0, len(text), edits).split())
    rest = [other.event.data.text[start:end] for start, end in theirs] or [other.event.data.text]
    scores = [
        max(nearness.between(text[start:end], sentence) for sentence in rest)
        + (MARKED if any(start < at <= end and mark in (SAME, OTHER) for _, at, mark in edits) else 0.0)
        for start, end in own
    ]
    kept: set[int] = set()
    left = float(budget)
    for at in sorted(range(len(own)), key=lambda at: -scores[at]):
        left -= weight(text[own[at][0] : own[at][1]])
        if left < 0 and kept:
            break
        kept.add(at)
    parts = [written(text, own[at][0], own[at][1], edits) for at in sorted(kept)]
    return " ".join(" ".join(parts).split())


def weight(text: str) -> float:
    han = sum("\u3400" <= character <= "\u9fff" for character in text)
    return len(text) + 1.5 * han


def written(text: str, start: int, end: int, edits: Edits) -> str:
    parts, at = [], start
    for since, until, instead in edits:
        if at <= since and start < until <= end:
            parts += [text[at:since], instead]
            at = until
    return "".join([*parts, text[at:end]])
