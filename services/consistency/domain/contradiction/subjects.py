"""What a claim speaks of: names, references, concepts and stems; and whether two may be the same thing."""

from collections.abc import Mapping, Sequence

from services.consistency.domain.contradiction.claim import Claim, Reading
from services.consistency.domain.contradiction.lexicon import Language, Lexicon
from services.consistency.domain.contradiction.phrases import Match
from services.consistency.domain.contradiction.tokens import Token, is_han

CONCEPT = "@"
QUOTED = 7
NO_NAME_AFTER = frozenset("%/₽€$£¥°")
OPENS, CLOSES = "【", "】"  # who sends a short message: in all of them, so no sign of one matter
GREETED = 6
"""Tokens that a name has at the most."""
CLOSING = frozenset(",!.:，！。：")
PAIR = 0.75  # most words are one pair


def addressed(tokens: Sequence[Token], matches: Sequence[Match]) -> list[bool]:
    """Whether a token belongs to the name of who is greeted, which is in every message and tells nothing."""
    found = [False] * len(tokens)
    for match in matches:
        if match.tag.kind != "cue" or match.tag.name not in ("greeting", "greeting_after"):
            continue
        after = match.tag.name == "greeting_after"
        named = named_before(tokens, match.first) if after else named_after(tokens, match.last + 1)
        for at in named:
            found[at] = True
    return found


def named_after(tokens: Sequence[Token], at: int) -> range:
    """ "Dear Mr. Okafor", or with a mark on both sides, as in "Hello, Mara!"; where names are not written with capital
    letters, what stands before the mark."""
    comma = at < len(tokens) and tokens[at].text in (",", "，")
    first = at + comma
    if first < len(tokens) and tokens[first].text == ".":
        return range(0)
    last = first
    while last < len(tokens) and last < first + GREETED and may_be_named(tokens[last]):
        last += 1
    closed = last < len(tokens) and tokens[last].text in CLOSING
    han = first < len(tokens) and is_han(tokens[first].text)
    return range(first, min(last, first + 3) if not (comma or han) else last if closed else first)


def named_before(tokens: Sequence[Token], at: int) -> range:
    """ "王先生，您好": what the sentence begins with."""
    last = at - 1 if at and tokens[at - 1].text in CLOSING else at
    first = last
    while first and tokens[first - 1].sentence == tokens[last - 1].sentence and may_be_named(tokens[first - 1]):
        first -= 1
    opens = first == 0 or tokens[first - 1].sentence != tokens[first].sentence
    return range(first, last) if opens and last - first <= GREETED else range(0)


def may_be_named(token: Token) -> bool:
    return token.capital or token.text == "." or is_han(token.text)


def content(
    tokens: Sequence[Token],
    matches: Sequence[Match],
    language: Language,
    parents: Mapping[str, frozenset[str]],
    greeted: Sequence[bool],
) -> list[frozenset[str]]:
    """For each token what it adds to the topic: its stem and the concepts that it is part of ("@pet")."""
    added: list[set[str]] = [set() for _ in tokens]
    signed = False
    for at, token in enumerate(tokens):
        signed = token.text == OPENS or (signed and token.text != CLOSES)
        if signed or greeted[at] or token.kind != "word" or token.norm in language.stop:
            continue
        if is_han(token.text):
            added[at] |= pair_of(tokens, at, language.stop)
        elif len(token.norm) > (1 if token.text.isascii() else 0):
            added[at].add(token.norm)
    for match in matches:
        if match.tag.kind in ("concept", "attribute"):
            found = {CONCEPT + match.tag.name} | {CONCEPT + p for p in parents.get(match.tag.name, ())}
            for at in range(match.first, match.last + 1):
                added[at] |= found
    return [frozenset(one) for one in added]


def pair_of(tokens: Sequence[Token], at: int, stop: frozenset[str]) -> set[str]:
    """Two characters that stand together: words are not divided in this script, most are that long."""
    if at + 1 >= len(tokens) or tokens[at + 1].start != tokens[at].end or not is_han(tokens[at + 1].text):
        return set()
    pair = tokens[at].text + tokens[at + 1].text
    return set() if tokens[at + 1].text in stop or pair in stop else {pair}


def names(tokens: Sequence[Token], language: Language, apart: Sequence[bool]) -> list[tuple[int, int, str]]:
    """Runs of capitalised words (with the number that follows) that are not just a sentence's beginning."""
    found: list[tuple[int, int, str]] = []
    at = 0
    while at < len(tokens):
        quoted = quoted_name(tokens, at)
        if quoted:
            found.append((at + 1, quoted - 1, spelt(tokens[at + 1 : quoted])))
            at = quoted + 1
            continue
        if apart[at] or not named_at(tokens, at, language):
            at += 1
            continue
        last = at
        while last + 1 < len(tokens) and not apart[last + 1] and joins(tokens, last + 1, language):
            last += 1
        opens = at == 0 or tokens[at - 1].sentence != tokens[at].sentence or tokens[at - 1].text in ":>*•“\"'("
        before = tokens[at - 1] if at else None
        if last > at and before is not None and house_number(before, tokens, at, apart):
            found.append((at - 1, last, spelt(tokens[at - 1 : last + 1])))
            at = last + 1
            continue
        run = tokens[at : last + 1]
        words = len(run) if language.opening_names else sum(t.kind == "word" for t in run)
        again = {t.text for t in tokens if t.capital and t.start > tokens[at].end}
        address = any(t.text.endswith(language.forms_of_address) for t in tokens[at : last + 1])
        if not address and (not opens or words > 1 or tokens[at].text in again):
            found.append((at, last, spelt(tokens[at : last + 1])))
        at = last + 1
    return found


def spelt(run: Sequence[Token]) -> str:
    """By stems, for names are inflected too."""
    return " ".join(t.norm for t in run)


def quoted_name(tokens: Sequence[Token], at: int) -> int:
    """Where the quotation ends that opens at `at`, if it is short and begins with a capital letter; else 0."""
    if tokens[at].text != "«" or at + 1 >= len(tokens) or not (tokens[at + 1].capital or tokens[at + 1].kind == "num"):
        return 0
    for end in range(at + 2, min(at + 2 + QUOTED, len(tokens))):
        if tokens[end].text == "»":
            return end
    return 0


def house_number(before: Token, tokens: Sequence[Token], at: int, apart: Sequence[bool]) -> bool:
    """ "19 Weir Street": the number is part of the name."""
    mark = tokens[at - 2].text if at > 1 else ""
    plain = before.kind == "num" and before.text.isdigit() and not apart[at - 1]
    return plain and tokens[at].start - before.end == 1 and mark not in ("£", "$", "€", "#")


def named_at(tokens: Sequence[Token], at: int, language: Language) -> bool:
    token = tokens[at]
    return token.capital and token.norm not in language.stop and token.text not in language.names_not


def joins(tokens: Sequence[Token], at: int, language: Language) -> bool:
    token, before = tokens[at], tokens[at - 1]
    if token.sentence != before.sentence or token.start - before.end > 1:
        return False
    if token.kind == "num":
        follows = tokens[at + 1].text if at + 1 < len(tokens) else ""
        return follows not in NO_NAME_AFTER and token.text.isdigit() and before.kind == "word"
    return named_at(tokens, at, language)


def weight(word: str, language_weak: frozenset[str]) -> float:
    if word.startswith(CONCEPT):
        return 1.0
    if word in language_weak:
        return 0.15
    if is_han(word[0]):
        return PAIR
    return 0.7 if len(word) > 2 or not word.isascii() else 0.3


def shared(a: frozenset[str], b: frozenset[str], weak: frozenset[str]) -> float:
    return sum(weight(word, weak) for word in a & b)


def variants(a: str, b: str) -> bool:
    """ "fibre 500" and "fibre 900", "mill street branch" and "high street branch": one kind of thing, two things."""
    one, other = a.split(), b.split()
    if set(one) <= set(other) or set(other) <= set(one):
        return False
    return (one[-1] == other[-1] and len(one) > 1 and len(other) > 1) or (
        one[0] == other[0] and one[-1].isdigit() and other[-1].isdigit()
    )


def apart(a: Claim, b: Claim, one: Reading, other: Reading, lexicon: Lexicon) -> bool:
    """True where names, references or conditions say that the two speak of different things."""
    mine, theirs = a.refs or one.refs, b.refs or other.refs
    if mine and theirs and not one.refs & other.refs and alike(mine, theirs):
        return True
    if a.refs and b.refs and not a.refs & b.refs and alike(a.refs, b.refs):
        return True
    if a.refs and b.refs and not a.refs & b.refs and lettered(a.refs) and lettered(b.refs):
        return True
    if a.variants and b.variants and not a.variants & b.variants:
        return True
    if opposed(a.conditions, b.conditions, lexicon):
        return True
    return names_apart(a, b, one, other)


def lettered(refs: frozenset[str]) -> bool:
    return all(any(c.isalpha() for c in ref) for ref in refs)


def alike(a: frozenset[str], b: frozenset[str]) -> bool:
    """References of one sort: the same letters in front, or as many digits."""

    def shape(ref: str) -> str:
        return "".join(c for c in ref if c.isalpha()) or str(len(ref))

    return bool({shape(r) for r in a} & {shape(r) for r in b})


def opposed(a: frozenset[str], b: frozenset[str], lexicon: Lexicon) -> bool:
    return any(a & group and b & group and not a & b & group for group in lexicon.opposed)


def words_of(names: frozenset[str]) -> set[str]:
    return {word for name in names for word in name.split()}


def names_apart(a: Claim, b: Claim, one: Reading, other: Reading) -> bool:
    if not a.names or not b.names:
        mine, theirs = a.names or one.names, b.names or other.names
        return (
            bool(a.names or b.names)
            and not one.names & other.names
            and any(variants(x, y) for x in mine for y in theirs)
        )
    words_a = words_of(a.names)
    words_b = words_of(b.names)
    if a.names & b.names:
        return False
    if any(variants(x, y) for x in a.names for y in b.names):
        return True
    if words_a & words_b or words_a & words_of(b.called) or words_b & words_of(a.called):
        return False
    everywhere_a = words_of(one.names)
    everywhere_b = words_of(other.names)
    return bool(words_a & everywhere_b or words_b & everywhere_a)
