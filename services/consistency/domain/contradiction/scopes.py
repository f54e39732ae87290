"""How something is said: negated, asked, denied, supposed, reported, announced as a change, on what condition."""

from collections.abc import Sequence

from services.consistency.domain.contradiction.claim import Mode
from services.consistency.domain.contradiction.phrases import Match
from services.consistency.domain.contradiction.tokens import Token, is_han

NEGATION_REACH = 4
HAN_REACH = 3
DENIAL_REACH = 3


def cues(matches: Sequence[Match], *names: str) -> list[Match]:
    return [m for m in matches if m.tag.kind == "cue" and m.tag.name in names]


def modes(text: str, tokens: Sequence[Token], matches: Sequence[Match], count: int) -> list[Mode]:
    """One mode a sentence; a sentence that calls the one before it untrue denies both."""
    found: list[Mode] = ["asserted"] * count
    for token in tokens:
        if token.text in ("?", "？"):
            found[token.sentence] = "asked"
    for match in cues(matches, "hypothesis", "reported", "denial"):
        sentence = tokens[match.first].sentence
        if match.tag.name == "denial":
            found[sentence] = "denied"
            if sentence and found[sentence - 1] == "reported":
                found[sentence - 1] = "denied"
        elif found[sentence] == "asserted":
            found[sentence] = "reported" if match.tag.name == "reported" else "hypothetical"
    quoted = 0
    for line in text.split("\n"):
        if line.lstrip().startswith(">"):
            for token in tokens:
                if quoted <= token.start < quoted + len(line):
                    found[token.sentence] = "reported"
        quoted += len(line) + 1
    return found


def negated(tokens: Sequence[Token], match: Match, negations: Sequence[Match]) -> bool:
    """A negation shortly before, in the same clause and not part of the match, turns it round; two cancel out."""
    count = 0
    reach = reach_of(tokens, match, negations)
    for negation in negations:
        inside = negation.first < match.first <= negation.last
        if inside or (negation.last < match.first and match.first - negation.last <= reach):
            count += tokens[negation.last].clause == tokens[match.first].clause
    return count % 2 == 1


def denied_after(tokens: Sequence[Token], match: Match, denials: Sequence[Match]) -> bool:
    """A predicate that denies stands shortly after, in the same clause: "stays with dogs are not allowed"."""
    return any(
        0 < denial.first - match.last <= DENIAL_REACH and tokens[denial.first].clause == tokens[match.last].clause
        for denial in denials
    )


def reach_of(tokens: Sequence[Token], match: Match, negations: Sequence[Match]) -> int:
    """Where a token is a character the words before are nearer, and what is negative itself is seldom negated."""
    if not is_han(tokens[match.first].text):
        return NEGATION_REACH
    return 1 if any(match.first <= n.first and n.last <= match.last for n in negations) else HAN_REACH


def priced(tokens: Sequence[Token], matches: Sequence[Match], sentence: int) -> bool:
    """The sentence offers a discount, so that "instead of £45" names the usual price and announces no change."""
    return any(
        m.tag.kind == "attribute" and m.tag.name == "discount" and tokens[m.first].sentence == sentence for m in matches
    )


def changed(tokens: Sequence[Token], matches: Sequence[Match], count: int) -> list[bool]:
    """Sentences that announce a change: those with the words, their neighbours; all where the words are strong."""
    found = [False] * count
    compared = [m for m in cues(matches, "compared") if priced(tokens, matches, tokens[m.first].sentence)]
    for match in cues(matches, "change"):
        if any(m.first <= match.first and match.last <= m.last for m in compared):
            continue
        sentence = tokens[match.first].sentence
        for near in (sentence - 1, sentence, sentence + 1):
            if 0 <= near < count:
                found[near] = True
    if cues(matches, "correction"):
        return [True] * count
    return found
