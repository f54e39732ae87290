"""Claims without a value: one side of an opposition, or a state in its order."""

from collections.abc import Sequence
from dataclasses import replace

from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.page import Page, claim
from services.consistency.domain.contradiction.phrases import Match
from services.consistency.domain.contradiction.scopes import cues, denied_after, negated

LIST_SIGN = "、"
SKIP = "skip"  # phrases that only look like a statement


def axis_claims(page: Page) -> list[Claim]:
    negations, after = cues(page.matches, "negation"), cues(page.matches, "negation_after")
    found = []
    for match in page.matches:
        if match.tag.kind != "axis":
            continue
        side = match.tag.value
        if side == SKIP:
            continue
        if side == "yes" and denied_after(page.tokens, match, after):
            side = "no"
        elif side in ("yes", "no") and negated(page.tokens, match, [*negations, *around(match, after)]):
            side = "no" if side == "yes" else "yes"
        one = claim(page, "axis", match.tag.name, match.first, match.last)
        found.append(replace(one, side=side, attribute=match.tag.name))
    return [one for one in found if not listed(page, one, found)]


def around(match: Match, denials: Sequence[Match]) -> list[Match]:
    """Denials whose own words the match is part of: "is not included" around "included"."""
    return [one for one in denials if one.first < match.first <= one.last]


def listed(page: Page, claim: Claim, claims: list[Claim]) -> bool:
    """Of "no A, B": B stands under the negation of A, which the list sign says where the script has one for lists."""
    return any(
        other.dimension == claim.dimension
        and other.side == "no"
        and claim.side == "yes"
        and page.text[other.end : claim.start] == LIST_SIGN
        for other in claims
    )


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
