"""The languages of the console, and what is said in the one that the viewer reads.

English stands in the source. Every other language is a folder under `locale/` with a gettext catalogue, compiled when
the gateway starts; `docs/translations.md` says how to add one. The language of a request is a context variable, so that
what is worded deep inside a page needs no argument for it.
"""

import re
from contextvars import ContextVar
from dataclasses import dataclass
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

CATALOGUES = Path(__file__).parent / "locale"
RANGE = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?\s*")
"""One language of an `Accept-Language` header and how much it is wanted (RFC 9110); its country is let go."""


@dataclass(frozen=True, slots=True)
class Language:
    """`tag` is as `lang` attributes have it (BCP 47)."""

    tag: str
    locale: Locale
    messages: NullTranslations

    @property
    def name(self) -> str:
        """As its speakers call it."""
        return capitalised(self.locale.get_display_name(self.locale) or self.tag)


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def catalogue(file: Path) -> GNUTranslations:
    """What is not translated, or marked fuzzy, stays English."""
    compiled = BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source))
    compiled.seek(0)
    return GNUTranslations(compiled)


def known() -> dict[str, Language]:
    """English, then every folder under `locale/`, by its tag."""
    found = [Language("en", Locale.parse("en"), NullTranslations())]
    for file in sorted(CATALOGUES.glob("*/LC_MESSAGES/messages.po")):
        name = file.parents[1].name
        found.append(Language(name.replace("_", "-"), Locale.parse(name), catalogue(file)))
    return {language.tag: language for language in found}


LANGUAGES = known()
ENGLISH = LANGUAGES["en"]
SPOKEN: ContextVar[Language] = ContextVar("language of the viewer", default=ENGLISH)


def preferred(accept_language: str) -> Language | None:
    """The language that a browser asks for most and that there is."""
    ranges = [found for part in accept_language.split(",") if (found := RANGE.fullmatch(part))]
    weighted = [(float(found[2] or 1), found[1].lower()) for found in ranges]
    wanted = [tag for weight, tag in sorted(weighted, key=lambda pair: -pair[0]) if weight]
    return next((LANGUAGES[tag] for tag in wanted if tag in LANGUAGES), None)


def number(plain: float | str, pattern: str | None = None) -> str:
    """`12,000`; `pattern` as Unicode's number patterns are."""
    return format_decimal(plain, format=pattern, locale=SPOKEN.get().locale)


def N_(message: str) -> str:
    """Marks what is to be translated where it is used."""
    return message


def gettext(message: str, **values: Any) -> str:
    """The message in the viewer's language, with the values in their places: `%(name)s`."""
    said = SPOKEN.get().messages.gettext(message)
    return said % values if values else said


def pgettext(context: str, message: str, **values: Any) -> str:
    """As `gettext`, where the same English words mean several things; `context` says which."""
    said = SPOKEN.get().messages.pgettext(context, message)
    return said % values if values else said


def ngettext(one: str, several: str, count: int) -> str:
    """The form that goes with `count`, its places not filled in yet."""
    return SPOKEN.get().messages.ngettext(one, several, count)


def npgettext(context: str, one: str, several: str, count: int) -> str:
    return SPOKEN.get().messages.npgettext(context, one, several, count)


def counted(one: str, several: str, count: float, **values: Any) -> str:
    """`1 customer`, `1,200 customers`: `%(count)s` is the number as the language writes it."""
    return ngettext(one, several, whole(count)) % (values | {"count": number(count)})


def whole(count: float) -> int:
    """The number whose plural goes with `count`: fractions are said as a few are."""
    return int(count) if float(count).is_integer() else 2
