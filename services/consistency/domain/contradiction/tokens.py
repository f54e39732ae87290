"""Text into tokens: words by stem, numbers, marks; sentences are counted on the way."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

WORD = re.compile(
    r"(?P<num>\d+(?:[.,’'\u00a0\u202f]\d+)*)"
    r"|(?P<han>[\u3400-\u9fff])"
    r"|(?P<word>[^\W\d_\u3400-\u9fff]+(?:['’][^\W\d_\u3400-\u9fff]+)?)"
    r"|(?P<mark>[^\w\s]|_|\n+)"
)
ENDS = frozenset(".!?。！？…")
BREAKS = frozenset(",;:，；：()（）[]–—•|")
SPLITS = frozenset({"!", "?", "。", "！", "？", "；"})


@dataclass(slots=True)
class Token:
    """`start` to `end` are code points of the text; `norm` is the stem, `clause` counts within the text."""

    start: int
    end: int
    text: str
    norm: str
    kind: str
    sentence: int
    clause: int
    capital: bool = False


@dataclass(slots=True)
class Speller:
    """What turns a word into the forms that patterns are compared with."""

    stem: Callable[[str], str]
    contractions: Mapping[str, str] = field(default_factory=dict)
    suffixes: Mapping[str, str] = field(default_factory=dict)
    abbreviations: frozenset[str] = frozenset()
    irregular: Mapping[str, str] = field(default_factory=dict)
    _seen: dict[str, str] = field(default_factory=dict)
    limit: int = 200_000

    def norm(self, word: str) -> str:
        found = self._seen.get(word)
        if found is None:
            found = self.irregular.get(word) or self.stem(word)
            if len(self._seen) >= self.limit:
                self._seen.clear()
            self._seen[word] = found
        return found

    def parts(self, word: str) -> list[str]:
        """A contraction's words ("can't": can, not); most words are one part."""
        whole = self.contractions.get(word)
        if whole is not None:
            return whole.split()
        if "'" in word:
            for suffix, replacement in self.suffixes.items():
                if word.endswith(suffix) and len(word) > len(suffix):
                    stem = word[: -len(suffix)]
                    return [stem, *replacement.split()]
        return [word]


def tokenise(text: str, speller: Speller) -> list[Token]:
    """Tokens in order; a sentence ends at its mark, at an empty line and at a line that starts a list item."""
    tokens: list[Token] = []
    sentence = clause = 0
    for match in WORD.finditer(text):
        start, end, kind, raw = match.start(), match.end(), match.lastgroup or "mark", match.group()
        if kind == "mark":
            if raw[0] == "\n":
                sentence, clause = sentence + 1, clause + 1
                continue
            tokens.append(Token(start, end, raw, raw, "mark", sentence, clause))
            if raw in ENDS and ends_sentence(text, start, tokens, speller):
                sentence, clause = sentence + 1, clause + 1
            elif raw in BREAKS:
                clause += 1
            continue
        lower = raw.lower().replace("’", "'").replace("ё", "е")
        if kind == "word":
            capital = raw[0].isupper()
            for part in speller.parts(lower):
                tokens.append(Token(start, end, part, speller.norm(part), "word", sentence, clause, capital))
        else:
            if kind == "han" and text[start - 1 : start] == " " and tokens and is_han(tokens[-1].text):
                clause += 1  # a blank between words that are written together is a comma
            tokens.append(Token(start, end, lower, lower, "word" if kind == "han" else "num", sentence, clause))
    return tokens


def is_han(text: str) -> bool:
    return "\u3400" <= text <= "\u9fff"


def ends_sentence(text: str, at: int, tokens: list[Token], speller: Speller) -> bool:
    if text[at] in SPLITS:
        return True
    follows = text[at + 1 : at + 2]
    if follows and not follows.isspace():
        return False
    before = tokens[-2].text if len(tokens) > 1 else ""
    return before not in speller.abbreviations and not (len(before) == 1 and before.isalpha() and tokens[-2].capital)
