"""Claims out of a text, in one pass; what depends on when it was sent is left open."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.consistency.domain.contradiction.amounts import Amount, Around, read_amounts
from services.consistency.domain.contradiction.claim import Claim, Mode, Reading
from services.consistency.domain.contradiction.dates import Found, Moment
from services.consistency.domain.contradiction.lexicon import Language, Lexicon
from services.consistency.domain.contradiction.numbers import identifiers, read_numbers
from services.consistency.domain.contradiction.phrases import Match, longest
from services.consistency.domain.contradiction.scopes import changed, cues, modes, negated
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
    page = Page(
        text=text,
        language=language,
        lexicon=lexicon,
        tokens=tokens,
        matches=matches,
        content=content(tokens, matches, language, lexicon.parents),
        names=names(tokens, language),
        refs=identifiers(text),
        modes=modes(text, tokens, matches, count),
        changed=changed(tokens, matches, count),
    )
    dates = language.dates.find(text)
    claims = [*amount_claims(page, dates), *moment_claims(page, dates), *axis_claims(page), *status_claims(page)]
    return Reading(
        language=language.code,
        claims=tuple(sorted(claims, key=lambda c: (c.start, c.end))),
        sentences=sentence_spans(tokens, count),
        topic=frozenset().union(*page.content),
        names=frozenset(name for _, _, name in page.names),
        refs=frozenset(ref for _, _, ref in page.refs),
        corrects=bool(cues(matches, "correction")),
    )


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
            m.tag.name for m in page.matches if m.tag.kind == "condition" and page.tokens[m.first].sentence == sentence
        ),
        topic=page.topic(sentence),
        near=page.near(first, last),
        names=frozenset(clause or local),
        refs=frozenset(ref for a, b, ref in page.refs if spans[0] <= a < spans[1]),
        text=page.text[low:high],
        **more,
    )


def sentence_bounds(page: Page, sentence: int) -> tuple[int, int]:
    inside = [t for t in page.tokens if t.sentence == sentence]
    return inside[0].start, inside[-1].end


def overlaps(token: Token, spans: Sequence[tuple[int, int]]) -> bool:
    return any(a < token.end and token.start < b for a, b in spans)


def amount_claims(page: Page, dates: Sequence[Found]) -> list[Claim]:
    spans = [(f.start, f.end) for f in dates] + [(a, b) for a, b, _ in page.refs]
    named = {at for a, b, _ in page.names for at in range(a, b + 1) if b > a}
    cue = {at for m in cues(page.matches, "identifier") for at in range(m.last + 1, m.last + 3)}
    taken = [
        overlaps(token, spans) or at in named or (token.kind == "num" and at in cue)
        for at, token in enumerate(page.tokens)
    ]
    around = Around(page.tokens, page.matches)
    numbers = read_numbers(page.text, page.tokens, page.matches, page.language.decimal, taken)
    amounts = [*read_amounts(numbers, around, page.lexicon.units), *literal_amounts(page)]
    return [amount_claim(page, amount, amounts) for amount in amounts]


def literal_amounts(page: Page) -> list[Amount]:
    """Amounts that a phrase stands for as a whole: "half price", "a fiver", "free of charge"."""
    found = []
    for match in page.matches:
        if match.tag.kind == "amount":
            dimension, _, value = match.tag.name.rpartition(" ")
            found.append(Amount(match.first, match.last, dimension, float(value), float(value)))
    return found


def amount_claim(page: Page, amount: Amount, amounts: Sequence[Amount]) -> Claim:
    family = amount.dimension.split(":")[0]
    places = [(a.first, a.last) for a in amounts if a.dimension.split(":")[0] == family]
    attribute = attribute_of(page, amount.first, amount.last, family or "number", places)
    low, high, dimension = amount.low, amount.high, amount.dimension
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
    for match in page.matches:
        if match.tag.kind != "attribute" or page.tokens[match.first].sentence != sentence:
            continue
        if family not in page.lexicon.attributes[match.tag.name]["takes"]:
            continue
        if match.last < first:
            distance, between = first - match.last, (match.last, first)
        elif match.first > last:
            distance, between = match.first - last, (last, match.first)
        else:
            distance, between = 0, (first, last)
        cost = distance + 3.0 * abs(page.tokens[match.first].clause - clause)
        cost += 5.0 * sum(between[0] < a and b < between[1] for a, b in places)
        cost -= float(page.lexicon.attributes[match.tag.name].get("pull", 0))
        if cost < best:
            best, chosen = cost, match.tag.name
    return chosen


def moment_claims(page: Page, dates: Sequence[Found]) -> list[Claim]:
    found = []
    for one in joined(page, dates):
        inside = [at for at, t in enumerate(page.tokens) if t.start < one.end and one.start < t.end]
        if not inside:
            continue
        first, last = inside[0], inside[-1]
        family = "day" if one.moment.kind != "none" else "time"
        attribute = attribute_of(page, first, last, family, ())
        found.append(
            claim(page, "moment", family, first, last, attribute=attribute, moment=one.moment, bound=bound(page, first))
        )
    return found


def bound(page: Page, first: int) -> str:
    before = [m for m in page.matches if m.tag.kind == "cue" and first - 3 <= m.last < first]
    names = {m.tag.name for m in before if page.tokens[m.first].sentence == page.tokens[first].sentence}
    for name in ("at_least_until", "until", "by", "since"):
        if name in names:
            return name
    return ""


def joined(page: Page, dates: Sequence[Found]) -> list[Found]:
    """A day and a time of day that stand together are one moment."""
    found: list[Found] = []
    for one in dates:
        if found and one.start - found[-1].end <= 12 and "\n" not in page.text[found[-1].end : one.start]:
            whole = together(found[-1].moment, one.moment)
            if whole is not None:
                found[-1] = Found(found[-1].start, one.end, whole)
                continue
        found.append(one)
    return found


def together(a: Moment, b: Moment) -> Moment | None:
    day, time = (a, b) if a.kind != "none" else (b, a)
    if day.kind in ("none", "month", "year"):
        return None
    if a.kind == "weekday" and b.kind in ("day", "offset") and a.first < 0 and not a.recurring:
        return b
    if b.kind == "weekday" and a.kind in ("day", "offset") and b.first < 0 and not b.recurring:
        return a
    if time.kind != "none" or time.first < 0 or day.first >= 0:
        return None
    return Moment(
        day.kind,
        day.year,
        day.month,
        day.day,
        day.until_day,
        day.until_month,
        day.weekday,
        day.offset,
        day.recurring,
        time.first,
        time.last,
        time.zone,
    )


def axis_claims(page: Page) -> list[Claim]:
    negations = cues(page.matches, "negation")
    found = []
    for match in page.matches:
        if match.tag.kind != "axis":
            continue
        side = match.tag.value
        if side in ("yes", "no") and negated(page.tokens, match, negations):
            side = "no" if side == "yes" else "yes"
        found.append(claim(page, "axis", match.tag.name, match.first, match.last, side=side, attribute=match.tag.name))
    return found


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
