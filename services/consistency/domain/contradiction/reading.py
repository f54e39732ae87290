"""Claims out of a text, in one pass; what depends on when it was sent is left open."""

import re
from collections.abc import Sequence
from dataclasses import replace

from services.consistency.domain.bounds import CLAIMS
from services.consistency.domain.contradiction.claim import Claim, Reading
from services.consistency.domain.contradiction.folding import fold
from services.consistency.domain.contradiction.lexicon import Language, Lexicon
from services.consistency.domain.contradiction.moments import moment_claims
from services.consistency.domain.contradiction.numbers import identifiers, telephones
from services.consistency.domain.contradiction.page import Page, overlapping
from services.consistency.domain.contradiction.phrases import Match, longest
from services.consistency.domain.contradiction.quantities import amount_claims
from services.consistency.domain.contradiction.scopes import changed, cues, modes
from services.consistency.domain.contradiction.statements import axis_claims, status_claims
from services.consistency.domain.contradiction.subjects import addressed, content, names
from services.consistency.domain.contradiction.tokens import Token, tokenise

YEAR = re.compile(r"(?:19|20)\d\d")


def read(text: str, language: Language, lexicon: Lexicon) -> Reading:
    text = fold(text, language.variants)
    tokens = tokenise(text, language.speller)
    if not tokens:
        return Reading(language.code)
    matches = longest(language.phrases.find(tokens))
    count = tokens[-1].sentence + 1
    dates = language.dates.find(text)
    refs = identifiers(text) + numbered(tokens, matches)
    spans = [(f.start, f.end) for f in dates] + [(a, b) for a, b, _ in refs]
    phones = telephones(text)
    apart = overlapping(tokens, spans)
    greeted = addressed(tokens, matches)
    page = Page(
        text=text,
        language=language,
        lexicon=lexicon,
        tokens=tokens,
        matches=matches,
        content=content(tokens, matches, language, lexicon.parents, greeted),
        names=[
            *names(tokens, language, [a or b for a, b in zip(apart, greeted, strict=True)]),
            *language.titles.find(text, tokens),
        ],
        refs=[ref for ref in refs if all(ref[1] <= a or b <= ref[0] for a, b in phones)],
        phones=phones,
        modes=modes(text, tokens, matches, count),
        changed=changed(tokens, matches, count),
        attributes=[m for m in matches if m.tag.kind == "attribute"],
    )
    moments = moment_claims(page, dates)
    claims = [*amount_claims(page, dates), *moments, *axis_claims(page), *status_claims(page)]
    claims += [charged(one) for one in claims if one.kind == "amount" and charges(one, lexicon)]
    claims = [dated(one, moments) for one in claims]
    return Reading(
        language=language.code,
        claims=tuple(sorted(claims, key=lambda c: (c.start, c.end))[:CLAIMS]),
        sentences=sentence_spans(tokens, count),
        topic=frozenset().union(*page.content),
        names=frozenset(name for _, _, name in page.names),
        refs=frozenset(ref for _, _, ref in page.refs),
        periods=tuple(one.moment for one in moments if one.moment is not None and one.moment.period),
        corrects=bool(cues(matches, "correction")),
        personal=(
            *((token.start, token.end, "") for token, of_name in zip(tokens, greeted, strict=True) if of_name),
            *page.refs,
        ),
        spelling={name: text[tokens[first].start : tokens[last].end] for first, last, name in page.names},
    )


def charges(claim: Claim, lexicon: Lexicon) -> bool:
    return claim.low > 0 and bool(lexicon.attributes.get(claim.attribute, {}).get("charge"))


def charged(claim: Claim) -> Claim:
    """A fee that is more than nothing is also the statement that there is one."""
    return replace(claim, kind="axis", dimension="charged", attribute="charged", side="yes")


def numbered(tokens: Sequence[Token], matches: Sequence[Match]) -> list[tuple[int, int, str]]:
    """Numbers of three digits and more that a word calls a reference: "order 55810", "claim 8812"."""
    found = []
    for match in cues(matches, "identifier"):
        for at in range(match.last + 1, min(match.last + 3, len(tokens))):
            token = tokens[at]
            if token.kind == "num" and token.text.isdigit() and len(token.text) >= 3 and not YEAR.fullmatch(token.text):
                found.append((token.start, token.end, token.text))
                break
            if token.kind == "word" and tokens[match.last].kind == "word":
                break
    return found


def dated(claim: Claim, moments: Sequence[Claim]) -> Claim:
    """With the day it runs out, and the days it speaks of, where its sentence (or, for offers, the next) says so."""
    until, when = None, []
    for one in moments:
        if one.moment is None or one.moment.kind == "none" or one.moment.recurring or one.bound == "at_least_until":
            continue
        away = abs(one.sentence - claim.sentence)
        ends = one.bound == "until" or (one.attribute == "expiry" and one.bound not in ("at_least_until", "since"))
        ends = ends or (one.bound == "by" and claim.kind in ("amount", "axis"))
        if ends and away <= 1 and (away == 0 or one.attribute == "expiry"):
            until = until or one.moment
        elif away == 0 and not ends and one is not claim:
            when.append(one.moment)
    return replace(claim, until=until, when=tuple(when)) if until or when else claim


def sentence_spans(tokens: Sequence[Token], count: int) -> tuple[tuple[int, int], ...]:
    spans = [(0, 0)] * count
    for token in tokens:
        start, end = spans[token.sentence]
        spans[token.sentence] = (start if end else token.start, token.end)
    return tuple(spans)
