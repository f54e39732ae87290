"""Which language a text is in: by its script first, then by what the sender says."""

from services.consistency.domain.contradiction.lexicon import Language, Lexicon

RANGES = {"cyrillic": ("\u0400", "\u052f"), "han": ("\u3400", "\u9fff"), "latin": ("a", "z")}


def language_of(text: str, declared: str | None, lexicon: Lexicon) -> Language:
    """The language of the script that most letters belong to; Han letters weigh more, each being a word."""
    lower = text[:2000].lower()
    counts = {name: sum(low <= c <= high for c in lower) for name, (low, high) in RANGES.items()}
    counts["han"] *= 3
    script = max(counts, key=lambda name: (counts[name], name == "latin"))
    code = (declared or "").split("-")[0].lower()
    stated = lexicon.languages.get(code)
    if stated is not None and script in stated.scripts:
        return stated
    of_script = [language for language in lexicon.languages.values() if script in language.scripts]
    return of_script[0] if of_script else lexicon.languages[lexicon.default]
