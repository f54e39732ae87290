"""Which language a text is in: by its script first, then by what the sender says."""

from collections.abc import Mapping, Sequence

from services.consistency.domain.contradiction.lexicon import DEFAULT, Language, Lexicon

RANGES = {"cyrillic": ("\u0400", "\u052f"), "han": ("\u3400", "\u9fff"), "latin": ("a", "z")}
LOOKED_AT = 2_000
"""Characters of a text that tell its script."""


def language_of(text: str, declared: str | None, lexicon: Lexicon) -> Language:
    scripts = {code: language.scripts for code, language in lexicon.languages.items()}
    return lexicon.languages[code_of(text, declared, scripts, lexicon.default)]


def code_of(text: str, declared: str | None, scripts: Mapping[str, Sequence[str]], default: str = DEFAULT) -> str:
    """The language of the script that most letters belong to; Han letters weigh more, each being a word. `scripts`: of
    each language."""
    lower = text[:LOOKED_AT].lower()
    counts = {name: sum(low <= c <= high for c in lower) for name, (low, high) in RANGES.items()}
    counts["han"] *= 3
    script = max(counts, key=lambda name: (counts[name], name == "latin"))
    stated = (declared or "").split("-")[0].lower()
    if script in scripts.get(stated, ()):
        return stated
    return next((code for code, its in scripts.items() if script in its), default)
