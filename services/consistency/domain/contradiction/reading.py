"""Claims out of a text, in one pass; what depends on when it was sent is left open."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.consistency.domain.contradiction.amounts import DASHES, Amount, Around, read_amounts
from services.consistency.domain.contradiction.claim import Claim, Mode, Reading
from services.consistency.domain.contradiction.dates import Found, Moment
from services.consistency.domain.contradiction.lexicon import Language, Lexicon
from services.consistency.domain.contradiction.numbers import identifiers, read_numbers
from services.consistency.domain.contradiction.phrases import Match, longest
from services.consistency.domain.contradiction.scopes import changed, cues, denied_after, modes, negated
from services.consistency.domain.contradiction.subjects import content, names
from services.consistency.domain.contradiction.tokens import Token, tokenise

FAR = 99


@dataclass(slots=True)
class Page:
    """A text on its way to claims."""

    text: str
    language: Language
    lexicon: Lexicon
    tokens: list[Token]
    matches: list[Match]
    content: list[frozenset[str]]
    names: list[tuple[int, int, str]]
    refs: list[tuple[int, int, str]]
    modes: list[Mode]
    changed: list[bool]
    attributes: list[Match]

    def span(self, first: int, last: int) -> tuple[int, int]:
        return self.tokens[first].start, self.tokens[last].end

    def topic(self, sentence: int) -> frozenset[str]:
        return frozenset().union(*(c for t, c in zip(self.tokens, self.content, strict=True) if t.sentence == sentence))

    def near(self, first: int, last: int) -> frozenset[str]:
        clauses = {self.tokens[first].clause, self.tokens[last].clause}
        found = [c for t, c in zip(self.tokens, self.content, strict=True) if t.clause in clauses]
        return frozenset().union(*found)


def read(text: str, language: Language, lexicon: Lexicon) -> Reading:
    tokens = tokenise(text, language.speller)
    if not tokens:
        return Reading(language.code)
    matches = longest(language.phrases.find(tokens))
    count = tokens[-1].sentence + 1
    dates = language.dates.find(text)
    refs = identifiers(text) + numbered(tokens, matches)
    spans = [(f.start, f.end) for f in dates] + [(a, b) for a, b, _ in refs]
    apart = [overlaps(token, spans) for token in tokens]
    page = Page(
        text=text,
        language=language,
        lexicon=lexicon,
        tokens=tokens,
        matches=matches,
        content=content(tokens, matches, language, lexicon.parents),
        names=names(tokens, language, apart),
        refs=refs,
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
        claims=tuple(sorted(claims, key=lambda c: (c.start, c.end))),
        sentences=sentence_spans(tokens, count),
        topic=frozenset().union(*page.content),
        names=frozenset(name for _, _, name in page.names),
        refs=frozenset(ref for _, _, ref in page.refs),
        corrects=bool(cues(matches, "correction")),
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
            if token.kind == "num" and token.text.isdigit() and len(token.text) >= 3:
                found.append((token.start, token.end, token.text))
                break
            if token.kind == "word" and tokens[match.last].kind == "word":
                break
    return found


def dated(claim: Claim, moments: Sequence[Claim]) -> Claim:
    """With the day it runs out, and the days it speaks of, where its sentence (or, for offers, the next) says so."""
    until, when = None, []
    for one in moments:
        if one.moment is None or one.moment.kind == "none" or one.moment.recurring:
            continue
        away = abs(one.sentence - claim.sentence)
        ends = one.bound == "until" or (one.attribute == "expiry" and one.bound not in ("at_least_until", "since"))
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


def claim(page: Page, kind: str, dimension: str, first: int, last: int, **more: object) -> Claim:
    start, end = page.span(first, last)
    token = page.tokens[first]
    sentence = token.sentence
    local = {n for a, b, n in page.names if page.tokens[a].sentence == sentence}
    clause = {n for a, b, n in page.names if page.tokens[a].clause == token.clause}
    low, high = page.tokens[first].start, page.tokens[last].end
    spans = sentence_bounds(page, sentence)
    return Claim(  # type: ignore[arg-type]
        kind=kind,
        dimension=dimension,
        start=start,
        end=end,
        sentence=sentence,
        mode=page.modes[sentence],
        changed=page.changed[sentence],
        conditions=frozenset(
            m.tag.name
            for m in page.matches
            if m.tag.kind == "condition"
            and page.tokens[m.first].sentence == sentence
            and not (kind == "moment" and m.first <= last and first <= m.last)  # the value is no condition of itself
        ),
        topic=page.topic(sentence),
        near=page.near(first, last),
        names=frozenset(clause or local),
        variants=quoted(page, token),
        refs=frozenset(ref for a, b, ref in page.refs if spans[0] <= a < spans[1]),
        text=page.text[low:high],
        **more,
    )


def quoted(page: Page, token: Token) -> frozenset[str]:
    """Names in guillemets, and of branches ("the shop in X"), of the clause or else of the sentence."""
    sites = {m.last + 1 for m in cues(page.matches, "site")}
    found = [(a, n) for a, _, n in page.names if a in sites or (a and page.tokens[a - 1].text == "«")]
    clause = {n for a, n in found if page.tokens[a].clause == token.clause}
    here = clause or {n for a, n in found if page.tokens[a].sentence == token.sentence}
    before = {n for a, n in found if page.tokens[a].sentence == token.sentence - 1}
    return frozenset(here or (before if len(before) == 1 else ()))


def sentence_bounds(page: Page, sentence: int) -> tuple[int, int]:
    inside = [t for t in page.tokens if t.sentence == sentence]
    return inside[0].start, inside[-1].end


def overlaps(token: Token, spans: Sequence[tuple[int, int]]) -> bool:
    return any(a < token.end and token.start < b for a, b in spans)


def amount_claims(page: Page, dates: Sequence[Found]) -> list[Claim]:
    spans = [(f.start, f.end) for f in dates] + [(a, b) for a, b, _ in page.refs]
    named = {at for a, b, _ in page.names for at in range(a, b + 1) if b > a}
    cue = {at for m in cues(page.matches, "identifier") for at in called(page, m)}
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


def called(page: Page, match: Match) -> tuple[int, ...]:
    """Where the number stands that a word calls a reference: right after it, or after a mark or another such word."""
    follows = match.last + 1
    if follows < len(page.tokens) and page.tokens[follows].kind == "word":
        return (follows,)
    return follows, follows + 1


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
    if not dimension and high >= page.language.bare_money * (1 if amount.noun < 0 else 10):
        priced = attribute_of(page, amount.first, amount.last, "money", places)
        attribute, dimension = (priced, "money") if priced else (attribute, dimension)
    if attribute == "share_to_pay" and family == "percent":
        attribute, low, high = "discount", 100 - amount.high, 100 - amount.low
    if not dimension:
        noun = page.tokens[amount.noun].norm if amount.noun >= 0 else ""
        dimension = f"count:{noun}" if noun and noun not in page.language.stop else "number"
    return claim(
        page,
        "amount",
        dimension,
        amount.first,
        amount.last,
        attribute=attribute,
        low=low,
        high=high,
        per=amount.per,
        items=amount.items,
        bound=amount.bound,
        approximate=amount.approximate,
    )


def attribute_of(page: Page, first: int, last: int, family: str, places: Sequence[tuple[int, int]]) -> str:
    """The attribute named nearest in the sentence that takes values of this family; "" where none is."""
    sentence, clause = page.tokens[first].sentence, page.tokens[first].clause
    best, chosen = float(FAR), ""
    for match in page.attributes:
        back = sentence - page.tokens[match.first].sentence
        if back not in (0, 1) or (back == 1 and page.tokens[match.first].clause < clause - 2):
            continue
        if family not in page.lexicon.attributes[match.tag.name]["takes"]:
            continue
        if match.last < first:
            distance, between = first - match.last, (match.last, first)
        elif match.first > last:
            distance, between = match.first - last, (last, match.first)
        else:
            distance, between = 0, (first, last)
        cost = distance + 3.0 * abs(page.tokens[match.first].clause - clause) + 12.0 * back
        cost += 5.0 * sum(between[0] < a and b < between[1] for a, b in places)
        cost -= float(page.lexicon.attributes[match.tag.name].get("pull", 0))
        if cost < best:
            best, chosen = cost, match.tag.name
    return chosen


def moment_claims(page: Page, dates: Sequence[Found]) -> list[Claim]:
    found = []
    void = cues(page.matches, "void")  # "there will be no visit on the 14th" names no day of a visit
    for one in joined(page, dates):
        inside = [at for at, t in enumerate(page.tokens) if t.start < one.end and one.start < t.end]
        if not inside:
            continue
        first, last = inside[0], inside[-1]
        if any(page.tokens[m.first].clause == page.tokens[first].clause for m in void):
            continue
        family = "day" if one.moment.kind != "none" else "time"
        attribute = attribute_of(page, first, last, family, ())
        found.append(claim(page, "moment", family, first, last, attribute=attribute, moment=one.moment, bound=bound(page, first, last)))
    return found


def bound(page: Page, first: int, last: int) -> str:
    before = [m for m in page.matches if m.tag.kind == "cue" and first - 4 <= m.last < first or m.first == first <= last != m.last]
    around = [m for m in page.matches if m.tag.name == "at_least_until" and first - 5 <= m.first <= last + 4]
    names = {m.tag.name for m in before + around if page.tokens[m.first].sentence == page.tokens[first].sentence}
    for name in ("at_least_until", "until", "by", "since"):
        if name in names:
            return name
    return ""


def joined(page: Page, dates: Sequence[Found]) -> list[Found]:
    """A day and a time of day that stand together are one moment."""
    found: list[Found] = []
    for one in dates:
        if found and one.start - found[-1].end <= 16 and "\n" not in page.text[found[-1].end : one.start]:
            whole = together(found[-1].moment, one.moment)
            if whole is not None:
                found[-1] = Found(found[-1].start, one.end, whole)
                continue
        found.append(one)
    return found


def together(a: Moment, b: Moment) -> Moment | None:
    day, time = (a, b) if a.kind != "none" else (b, a)
    if day.kind in ("none", "month", "year", "quarter", "period_end"):
        return None
    for one, other in ((a, b), (b, a)):
        if one.kind == "offset" and other.kind == "day" and one.first < 0:
            return other
        if one.kind == "weekday" and other.kind in ("day", "offset") and not one.recurring:
            return replace(other, first=one.first, last=one.last) if other.first < 0 else other
    if time.kind != "none" or time.first < 0 or day.first >= 0:
        return None
    return replace(day, first=time.first, last=time.last, zone=time.zone, half=time.half)


def axis_claims(page: Page) -> list[Claim]:
    negations, after = cues(page.matches, "negation"), cues(page.matches, "negation_after")
    found = []
    for match in page.matches:
        if match.tag.kind != "axis":
            continue
        side = match.tag.value
        if side == "yes" and denied_after(page.tokens, match, after):
            side = "no"
        elif side in ("yes", "no") and negated(page.tokens, match, [*negations, *inner(match, after)]):
            side = "no" if side == "yes" else "yes"
        found.append(claim(page, "axis", match.tag.name, match.first, match.last, side=side, attribute=match.tag.name))
    return found


def inner(match: Match, denials: Sequence[Match]) -> list[Match]:
    """Denials whose own words the match is part of: "is not included" around "included"."""
    return [one for one in denials if one.first < match.first <= one.last]


def status_claims(page: Page) -> list[Claim]:
    negations = cues(page.matches, "negation")
    found = []
    for match in page.matches:
        if match.tag.kind == "status":
            chain, rank = page.lexicon.ranks[match.tag.name]
            side = ("not " if negated(page.tokens, match, negations) else "") + match.tag.name
            found.append(
                claim(page, "status", chain, match.first, match.last, side=side, attribute=chain, low=float(rank))
            )
    return found
