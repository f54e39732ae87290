"""Claims of an amount, with the attribute that it is of."""

from collections.abc import Sequence
from dataclasses import replace

from services.consistency.domain.contradiction.amounts import DASHES, Amount, Around, read_amounts
from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.dates import Found
from services.consistency.domain.contradiction.numbers import read_numbers
from services.consistency.domain.contradiction.page import Page, attribute_of, claim, overlapping
from services.consistency.domain.contradiction.phrases import Match
from services.consistency.domain.contradiction.scopes import cues
from services.consistency.domain.contradiction.tokens import is_han

TIER = 6


def amount_claims(page: Page, dates: Sequence[Found]) -> list[Claim]:
    spans = [(f.start, f.end) for f in dates] + [(a, b) for a, b, _ in page.refs] + page.phones
    named = {at for a, b, _ in page.names if page.tokens[a].capital and b > a for at in range(a, b + 1)}
    whole = {at for m in page.matches if m.tag.kind == "amount" for at in range(m.first, m.last + 1)}
    measured = {m.first - 1 for m in page.matches if m.tag.kind == "unit"}  # "every ticket: 10 percent off"
    cue = {at for m in cues(page.matches, "identifier") for at in called(page, m)} - measured
    cue |= {at for m in cues(page.matches, "no_quantity") for at in range(m.first, m.last + 1)}
    apart = overlapping(page.tokens, spans)
    taken = [
        apart[at]
        or at in named
        or (at in whole and is_han(page.tokens[at].text) | (token.kind == "num"))
        or (token.kind == "num" and (at in cue or enumerates(page, at)))
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
    return [tiered(page, with_variants(page, one, variants), kept) for one in kept]


def called(page: Page, match: Match) -> tuple[int, ...]:
    """Where the number stands that a word calls a reference: right after it, or after a mark."""
    follows = match.last + 1
    if follows < len(page.tokens) and page.tokens[follows].kind == "word" and not is_han(page.tokens[follows].text):
        return (follows,)
    return follows, follows + 1


def tiered(page: Page, claim: Claim, claims: Sequence[Claim]) -> Claim:
    """What a discount takes off from a spending on is one step of a scale; other steps are other offers."""
    if claim.attribute != "discount" or not claim.dimension.startswith("money"):
        return claim
    steps = [
        c for c in claims if c.attribute == "minimum_order" and c.end <= claim.start and claim.start - c.end < TIER
    ]
    return replace(claim, items=claim.items | {f"from {steps[-1].low:g}"}) if steps else claim


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


def listed(page: Page, found: Claim, amount: Amount, places: Sequence[tuple[int, int]]) -> Claim:
    """ "two lamps at £42 and a table at £118": of several values in a clause each has the words before it."""
    clause = page.tokens[amount.first].clause
    before = [b for a, b in places if b < amount.first and page.tokens[b].clause == clause]
    if not before:
        return found
    since = max(before)
    own = {n for a, b, n in page.names if since < a and b < amount.first}
    near = frozenset().union(*page.content[since + 1 : amount.first])
    return replace(found, names=frozenset(own), near=near | found.words) if own and near else found


def amount_claim(page: Page, amount: Amount, amounts: Sequence[Amount]) -> Claim:
    family = amount.dimension.split(":")[0]
    places = [(a.first, a.last) for a in amounts if a.dimension.split(":")[0] == family]
    attribute = amount.attribute or attribute_of(page, amount.first, amount.last, family or "number", places)
    if family in ("", "count") and page.increments(amount.first, amount.last):
        attribute = "increase"
    low, high, dimension = amount.low, amount.high, amount.dimension
    if not family and not attribute and page.language.bare_money and high >= 10:
        attribute = attribute_of(page, amount.first, amount.last, "money", places, back_to=0)
        dimension = "money" if attribute else ""
    if attribute == "share_to_pay" and family == "percent":
        attribute, low, high = "discount", 100 - amount.high, 100 - amount.low
    if not dimension:
        noun = page.tokens[amount.noun].norm if amount.noun >= 0 and not is_han(page.tokens[amount.noun].text) else ""
        dimension = f"count:{noun}" if noun and noun not in page.language.stop else "number"
    if not attribute and family == "money" and amount.per is not None:
        attribute = "price"  # "Harbour Pro is £30 a month"
    found = claim(page, "amount", dimension, amount.first, amount.last)
    return replace(
        listed(page, found, amount, places),
        attribute=attribute,
        low=low,
        high=high,
        per=amount.per,
        items=amount.items,
        bound=amount.bound,
        approximate=amount.approximate,
    )
