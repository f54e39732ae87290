"""`python -m deploy.translations [LANGUAGE]`: writes into each message catalogue what the console's sources say now.

New messages come without a translation; what nobody says any more goes. A language that is named and has no catalogue
gets an empty one.
"""

import argparse
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

CONSOLE = Path(__file__).resolve().parents[1] / "services" / "gateway" / "console"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"newstyle_gettext": "true", "silent": "false"}}
KEYWORDS = {**DEFAULT_KEYWORDS, "counted": (1, 2)}
WIDTH = 120


def catalogues() -> list[Path]:
    return sorted(CONSOLE.glob("locale/*/LC_MESSAGES/messages.po"))


def catalogue_of(language: str) -> Path:
    return CONSOLE / "locale" / language / "LC_MESSAGES" / "messages.po"


def messages() -> Catalog:
    """What the sources say, with the files that say it: lines would change with every edit."""
    found = Catalog()
    for file, _, message, comments, context in extract_from_dir(CONSOLE, METHODS, OPTIONS, KEYWORDS):
        found.add(message, None, [(file, 0)], auto_comments=comments, context=context)
    return found


def read(file: Path) -> Catalog:
    with file.open("rb") as source:
        return read_po(source, locale=file.parents[1].name)


def begun(file: Path) -> Catalog:
    language = file.parents[1].name
    name = Locale.parse(language).get_display_name("en")
    head = f"# {name} translations of the console of Onevoice.\n#\n# Glossary. One English word is one word throughout:"
    return Catalog(
        language,
        header_comment=head,
        project="Onevoice",
        version="1",
        msgid_bugs_address="Onevoice",
        revision_date=datetime.now(UTC),
        last_translator="Onevoice",
        language_team="Onevoice",
        fuzzy=False,
    )


def update(files: Iterable[Path]) -> None:
    said = messages()
    for file in files:
        catalogue = read(file) if file.exists() else begun(file)
        catalogue.update(said, no_fuzzy_matching=True, update_creation_date=False)
        catalogue.obsolete.clear()
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as written:
            write_po(written, catalogue, width=WIDTH, include_lineno=False, sort_by_file=True)
        left = sum(1 for message in catalogue if message.id and not all(strings(message)))
        print(f"wrote {file.relative_to(CONSOLE)}: {left} messages to translate")


def lacking(catalogue: Catalog, said: Catalog) -> Iterator[str]:
    """What the catalogue lacks, or has in a form that cannot be used."""
    for message in said:
        if not message.id:
            continue
        translated = catalogue.get(message.id, message.context)
        if translated is None or not all(strings(translated)):
            yield f"not translated: {message.id!r}"
        elif translated.fuzzy:
            yield f"marked fuzzy: {message.id!r}"
        else:
            yield from (f"{message.id!r}: {error}" for error in translated.check(catalogue))
    known = {(message.id, message.context) for message in said}
    yield from (f"said nowhere: {one.id!r}" for one in catalogue if one.id and (one.id, one.context) not in known)


def strings(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, (tuple, list)) else (message.string or "",)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m deploy.translations", description=__doc__)
    parser.add_argument("language", nargs="*", help="one to begin a catalogue for, such as de or pt_BR")
    update(sorted({*catalogues(), *map(catalogue_of, parser.parse_args().language)}))
