"""Claims without a value: one side of an opposition, or a state in its order."""

from dataclasses import replace

from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.page import Page, claim
from services.consistency.domain.contradiction.scopes import cues, negated


def axis_claims(page: Page) -> list[Claim]:
    negations = cues(page.matches, "negation")
    found = []
    for match in page.matches:
        if match.tag.kind != "axis":
            continue
        side = match.tag.value
        if side in ("yes", "no") and negated(page.tokens, match, negations):
            side = "no" if side == "yes" else "yes"
        one = claim(page, "axis", match.tag.name, match.first, match.last)
        found.append(replace(one, side=side, attribute=match.tag.name))
    return found


def status_claims(page: Page) -> list[Claim]:
    negations = cues(page.matches, "negation")
    found = []
    for match in page.matches:
        if match.tag.kind == "status":
            chain, rank = page.lexicon.ranks[match.tag.name]
            side = ("not " if negated(page.tokens, match, negations) else "") + match.tag.name
            one = claim(page, "status", chain, match.first, match.last)
            found.append(replace(one, side=side, attribute=chain, low=float(rank)))
    return found
