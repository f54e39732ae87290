"""Everything that the console says can be said in every language it has."""

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import nodes

from deploy.translations import catalogues, lacking, messages, read
from services.gateway.console import elsewhere, formats
from services.gateway.console.headlines import headline
from services.gateway.console.languages import ENGLISH, LANGUAGES, SPOKEN, counted, preferred
from services.gateway.console.matters import MATTERS, STATED
from services.gateway.console.rendering import TEMPLATES
from services.gateway.console.values import value
from tests.unit.gateway.test_for_review import alert

ROOT = Path(__file__).parents[3]
TRANSLATING = {"_", "gettext", "ngettext", "pgettext", "npgettext", "counted"}
READ = {"aria-label", "alt", "title", "placeholder", "label"}
"""Attributes that people see or hear."""
WORDS = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}")
NAMES = {"Onevoice", "Enter"}
"""What is called the same in every language: the product, and a key of the keyboard."""


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    token = SPOKEN.set(LANGUAGES[tag])
    yield
    SPOKEN.reset(token)


@pytest.mark.parametrize("file", catalogues(), ids=lambda file: file.parents[1].name)
def test_every_message_is_translated_and_keeps_its_places(file: Path) -> None:
    assert list(lacking(read(file), messages())) == [], "run `make translations`, then translate what is empty"


def constants(node: nodes.Node) -> Iterator[str]:
    """Strings in an expression that no call translates."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in TRANSLATING:
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    for child in node.iter_child_nodes():
        yield from constants(child)


def outcomes(node: nodes.Node) -> Iterator[str]:
    """Strings that an expression may put into the page as they stand."""
    match node:
        case nodes.TemplateData():
            yield node.data
        case nodes.Const():
            yield str(node.value)
        case nodes.CondExpr():
            for way in filter(None, (node.expr1, node.expr2)):
                yield from outcomes(way)
        case nodes.Or() | nodes.And() | nodes.Add():
            yield from outcomes(node.left)
            yield from outcomes(node.right)
        case nodes.Concat():
            for part in node.nodes:
                yield from outcomes(part)


class Seen(HTMLParser):
    """The words of a page that people see or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words += WORDS.findall(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.words += [word for name, given in attrs if name in READ for word in WORDS.findall(given or "")]


@pytest.mark.parametrize("name", TEMPLATES.list_templates())
def test_no_template_has_words_that_are_not_marked(name: str) -> None:
    parsed = TEMPLATES.parse((ROOT / "services/gateway/console/templates" / name).read_text(encoding="utf-8"))
    seen = Seen()
    parts = [part for output in parsed.find_all(nodes.Output) for part in output.nodes]
    seen.feed("".join(text for part in parts for text in outcomes(part)))
    assert [word for word in seen.words if word not in NAMES] == []
    sentences = [text for text in constants(parsed) if re.match(r"[A-Z][a-z]|[a-z]+ [a-z]", text)]
    assert [text for text in sentences if text not in NAMES | {"under way"}] == []


def test_the_words_of_other_parts_are_still_theirs() -> None:
    sources = [
        path.read_text(encoding="utf-8") for part in ("services", "shared") for path in (ROOT / part).rglob("*.py")
    ]
    others = [text for text in sources if "SENTENCES = (" not in text]
    said = re.sub(r'"\s*\n\s*f?"', "", "\n".join(others))
    for sentence in elsewhere.SENTENCES:
        longest = max(re.split(r"%\(\w+\)s", sentence), key=len).strip()
        assert longest in said or sentence == "Not Found", f"nothing says {sentence!r} any more"


def test_what_others_say_is_said_in_the_viewers_language() -> None:
    english = "The alert is assigned to Dana already."
    assert elsewhere.said(english) == english
    with speaking("ru"):
        assert elsewhere.said(english) == "Оповещение уже назначено: Dana."
        assert elsewhere.said("Something else.") == "Something else."


def test_numbers_dates_and_plurals_follow_the_language() -> None:
    with speaking("ru"):
        assert formats.day("2025-10-20T16:44:36Z") == "Понедельник, 20 октября 2025 г."
        assert [formats.days(length) for length in (1, 3, 5, 21, 1.5)] == [
            "1 день",
            "3 дня",
            "5 дней",
            "21 день",
            "1,5 дня",
        ]
        assert value("24.5 money:GBP per 30.4375 d") == "24,50\xa0£ в месяц"
        assert counted("%(count)s customer", "%(count)s customers", 12_001) == "12\xa0001 клиент"
    with speaking("zh"):
        assert formats.date_and_time("2025-10-20T16:44:36Z") == "2025年10月20日 16:44"
        assert formats.days(3) == "3 天"
        assert value("4.05 percent") == "4.05%"
        assert headline({**alert("price"), "values": {"a": "30 money:GBP", "b": "36 money:GBP"}}) == (
            "销售与客服说法不一：价格，£30 或 £36"
        )


def test_every_attribute_and_state_that_the_detector_knows_has_a_name() -> None:
    folder = ROOT / "services/consistency/lexicon/any"
    attributes, statuses, axes = (
        tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
        for name in ("attributes", "statuses", "axes")
    )
    assert {*attributes, *statuses, *axes} - set(MATTERS) == set()
    states = {state for status in statuses.values() for rank in status["order"] for state in rank}
    assert states - set(STATED) == set()


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("fr, zh-CN;q=0.7, en;q=0.3", "zh"),
        ("en;q=0.4, ru;q=0.6", "ru"),
        ("ru;q=0, en", "en"),
        ("fr-CH", None),
        ("*;q=nonsense,,;", None),
        ("", None),
    ],
)
def test_the_browser_says_which_language_is_wanted(asked: str, spoken: str | None) -> None:
    found = preferred(asked)
    assert (found and found.tag) == spoken


def test_languages_are_called_as_their_speakers_call_them() -> None:
    assert [language.name for language in LANGUAGES.values()] == ["English", "Русский", "中文"]
    assert SPOKEN.get() is ENGLISH
