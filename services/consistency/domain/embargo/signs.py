"""The signs by which words show that a sentence states a matter: its names and words, what happens, in which manner."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.consistency.domain.embargo.matter import YEARS, Anchor, Matter, found_in
from services.consistency.domain.embargo.words import EmbargoWords
from services.consistency.domain.wording import Token

MANNERS = ("future", "own", "everyday")


@dataclass(frozen=True, slots=True)
class Signs:
    """`values` are mostly from 0 to 1, by sign as in embargo.toml; tokens `first` to `last` carry them."""

    first: int
    last: int
    values: dict[str, float]


def signs_in(tokens: Sequence[Token], matter: Matter, words: EmbargoWords) -> Signs | None:
    """None where nothing of the matter is said, or it is said of another year."""
    stems = [token.stem for token in tokens]
    years = YEARS.intersection(stems)
    if matter.years and years and not years & matter.years:
        return None
    places = {anchor: at for anchor in matter.anchors if (at := place_of(anchor, tokens, stems, words)) is not None}
    # An aspect such as the price is told of every day; it counts beside the subject alone.
    told = [happening for happening in matter.happenings if places or happening.only_with is None]
    telling = {at for happening in told for at in found_in(happening, tokens)}
    seen = telling | {at + step for anchor, at in places.items() for step in range(len(anchor.stems))}
    if not seen:
        return None
    name = any(anchor.name and not anchor.number for anchor in places)
    word = any(anchor.word for anchor in places)
    values = {
        "name": float(name),
        "happening": min(sum(len(found_in(h, tokens)) for h in told), 2) / 2,
        "linked": float(bool(telling) and (name or word)),
        **{manner: float(words.manners[manner].first(tokens) is not None) for manner in MANNERS},
    }
    if matter.figure_only:
        figure = words.manners["figure"].first(tokens) is not None
        values.update(figure=float(figure), no_figure=float(not figure))
    return Signs(min(seen), max(seen), values)


def place_of(anchor: Anchor, tokens: Sequence[Token], stems: Sequence[str], words: EmbargoWords) -> int | None:
    size = len(anchor.stems)
    for at in range(len(stems) - size + 1):
        if tuple(stems[at : at + size]) != anchor.stems:
            continue
        if not anchor.bare or words.manners["successor"].first(tokens[max(0, at - 3) : at]) is not None:
            return at
    return None
