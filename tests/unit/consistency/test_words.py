"""Teaching the detector a trade or a language, as `docs/words.md` describes it: by words in files alone."""

import shutil
from pathlib import Path

import pytest

from services.consistency.domain.contradiction.lexicon import FOLDER, load_lexicon
from services.consistency.domain.contradiction.rule import Contradictions
from services.consistency.domain.detector import Detector
from services.consistency.domain.similarity import NoSimilarity
from tests.unit.consistency.told import message

ENGLISH = ("Your membership brings 4 guest passes each.", "With the membership come two guest passes each.")
GERMAN = ("Das Frühstück ist inbegriffen.", "Das Frühstück wird gesondert berechnet.")


@pytest.fixture
def words(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "lexicon"))


def found(words: Path, *texts: str) -> list[str]:
    detector = Detector((Contradictions(load_lexicon(words), NoSimilarity(), None),))
    events = [message(f"m{at}", hour=24 * at, text=text, purpose="service") for at, text in enumerate(texts)]
    return [conflict.attribute for conflict in detector.detect(events)]


def add(path: Path, line: str) -> None:
    """At the top, where the entries without a heading stand."""
    path.write_text(f"{line}\n{path.read_text('utf-8')}", encoding="utf-8")


def test_a_trade_is_taught_by_two_lines(words: Path) -> None:
    assert "guest_passes" not in found(words, *ENGLISH)
    add(words / "any" / "attributes.toml", 'guest_passes = { takes = ["count", "number"], need = 0.3, limit = true }')
    add(words / "en" / "attributes.toml", 'guest_passes = ["guest pass", "bring a friend"]')
    assert found(words, *ENGLISH) == ["guest_passes"]


def test_a_language_is_taught_by_a_folder(words: Path) -> None:
    german = Path(shutil.copytree(words / "en", words / "de"))
    settings = (german / "language.toml").read_text("utf-8")
    (german / "language.toml").write_text(
        settings.replace('stemmer = "english"', 'stemmer = "german"').replace('"an","the",', '"der","die","das","ist",')
    )
    (german / "axes.toml").write_text(
        '[breakfast]\nyes = ["Frühstück ist inbegriffen", "mit Frühstück"]\n'
        'no = ["Frühstück wird gesondert berechnet", "ohne Frühstück"]\n',
        encoding="utf-8",
    )
    assert load_lexicon(words).languages.keys() == {"de", "en", "ru", "zh"}
    assert found(words, *GERMAN) == ["breakfast"]


@pytest.mark.parametrize(
    ("file", "line", "complaint"),
    [
        ("en/attributes.toml", 'guest_passes = ["guest pass"]', "any/attributes.toml declares no 'guest_passes'"),
        ("en/statuses.toml", 'marinated = ["marinated"]', "any/statuses.toml orders no state 'marinated'"),
        ("en/units.toml", "furlong = [", "units.toml: "),
    ],
)
def test_what_cannot_be_read_is_named(words: Path, file: str, line: str, complaint: str) -> None:
    add(words / file, line)
    with pytest.raises(ValueError, match=complaint):
        load_lexicon(words)
