"""`python -m deploy.translations`: writes into each message catalogue what the console's sources say now.

New messages come without a translation; what nobody says any more goes.
"""

from collections.abc import Iterator
from pathlib import Path

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


def messages() -> Catalog:
    """What the sources say, with the files that say it: lines would change with every edit."""
    found = Catalog()
    for file, _, message, comments, context in extract_from_dir(CONSOLE, METHODS, OPTIONS, KEYWORDS):
        found.add(message, None, [(file, 0)], auto_comments=comments, context=context)
    return found


def read(file: Path) -> Catalog:
    with file.open("rb") as source:
        return read_po(source, locale=file.parents[1].name)


def update() -> None:
    said = messages()
    for file in catalogues():
        catalogue = read(file)
        catalogue.update(said, no_fuzzy_matching=True, update_creation_date=False)
        catalogue.obsolete.clear()
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
    update()
