"""Claims of an amount, with the attribute that it is of."""

from collections.abc import Sequence
from dataclasses import replace

from services.consistency.domain.contradiction.amounts import DASHES, Amount, Around, read_amounts
from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.dates import Found
from services.consistency.domain.contradiction.numbers import read_numbers
from services.consistency.domain.contradiction.page import Page, attribute_of, claim, overlaps
from services.consistency.domain.contradiction.scopes import cues


def amount_claims(page: Page, dates: Sequence[Found]) -> list[Claim]:
    spans = [(f.start, f.end) for f in dates] + [(a, b) for a, b, _ in page.refs]
    named = {at for a, b, _ in page.names for at in range(a, b + 1) if b > a}
    cue = {at for m in cues(page.matches, "identifier") for at in range(m.last + 1, m.last + 3)}
    cue |= {at for m in cues(page.matches, "no_quantity") for at in range(m.first, m.last + 1)}
    taken = [
        overlaps(token, spans) or at in named or (token.kind == "num" and (at in cue or enumerates(page, at)))
        for at, token in enumerate(page.tokens)
    ]
    around = Around(page.tokens, page.matches)
    numbers = read_numbers(page.text, page.tokens, page.matches, page.language.decimal, taken)
    amounts = [*read_amounts(numbers, around, page.lexicon.units), *literal_amounts(page)]
    kept = []
    for amount in amounts:
        if is_variant(page, amount):
            continue
        kept.append(amount_claim(page, amount, amounts))
    variants = [a for a in amounts if is_variant(page, a)]
    return [with_variants(page, one, variants) for one in kept]


def is_variant(page: Page, amount: Amount) -> bool:
    """ "the two-year fix": a duration that tells one product from another rather than a value."""
    follows = amount.last + 1
    if amount.dimension != "duration" or follows >= len(page.tokens) or page.tokens[follows].kind != "word":
        return False
    if not any(page.tokens[at].text in DASHES for at in range(amount.first, amount.last)) or amount.low != amount.high:
        return False
    if page.tokens[follows].norm in page.language.stop:
        return False
    return not any(
        m.first == follows and "duration" in page.lexicon.attributes[m.tag.name]["takes"] for m in page.attributes
    )


def with_variants(page: Page, claim: Claim, variants: Sequence[Amount]) -> Claim:
    here = {f"{v.low:g} {v.dimension}" for v in variants if page.tokens[v.first].sentence == claim.sentence}
    return replace(claim, variants=frozenset(here)) if here else claim


def enumerates(page: Page, at: int) -> bool:
    """ "1)" and "2." at the start of a line or item."""
    follows = page.tokens[at + 1].text if at + 1 < len(page.tokens) else ""
    before = page.text[: page.tokens[at].start].rstrip(" ")
    return follows in (")", ".") and (not before or before[-1] in "\n.:;") and len(page.tokens[at].text) < 3


def literal_amounts(page: Page) -> list[Amount]:
    """Amounts that a phrase stands for as a whole: "half price", "a fiver", "free of charge"."""
    found = []
    for match in page.matches:
        if match.tag.kind == "amount":
            attribute, dimension, value = match.tag.name.split()
            found.append(
                Amount(match.first, match.last, dimension, float(value), float(value), attribute=attribute.strip("-"))
            )
    return found


def amount_claim(page: Page, amount: Amount, amounts: Sequence[Amount]) -> Claim:
    family = amount.dimension.split(":")[0]
    places = [(a.first, a.last) for a in amounts if a.dimension.split(":")[0] == family]
    attribute = amount.attribute or attribute_of(page, amount.first, amount.last, family or "number", places)
    low, high, dimension = amount.low, amount.high, amount.dimension
    if attribute == "share_to_pay" and family == "percent":
        attribute, low, high = "discount", 100 - amount.high, 100 - amount.low
    if not dimension:
        noun = page.tokens[amount.noun].norm if amount.noun >= 0 else ""
        dimension = f"count:{noun}" if noun and noun not in page.language.stop else "number"
    return replace(
        claim(page, "amount", dimension, amount.first, amount.last),
        attribute=attribute,
        low=low,
        high=high,
        per=amount.per,
        items=amount.items,
        bound=amount.bound,
        approximate=amount.approximate,
    )
