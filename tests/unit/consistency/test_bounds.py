"""However a text is made, what is read and compared of it has a bound."""

from services.consistency.domain.bounds import CLAIMS, READ_CHARACTERS, readable
from services.consistency.domain.contradiction.lexicon import load_lexicon
from services.consistency.domain.contradiction.message import Reader

LEXICON = load_lexicon()


def test_what_stands_beyond_the_bound_is_not_read() -> None:
    text = "x " * READ_CHARACTERS + "The fee is £30."
    assert Reader(LEXICON).reading(text, "en").claims == ()


def test_runs_of_digits_or_of_one_character_are_blanked_and_places_stay() -> None:
    text = "Fee: " + "1" * 500 + " and " + "元" * 500 + ", in all £30."
    assert len(readable(text)) == len(text)
    assert readable(text).split() == ["Fee:", "and", ",", "in", "all", "£30."]


def test_ordinary_numbers_are_read_as_they_stand() -> None:
    text = "Call 0800 555 0143, order 70455-22, £1,200.50 on 12.03.2026 -------- 10:00-12:30"
    assert readable(text) == text


def test_the_statements_kept_of_a_message_are_bounded() -> None:
    text = " ".join(f"Plan {number} costs £{number}.50 a month." for number in range(1, 400))
    assert len(Reader(LEXICON).reading(text, "en").claims) == CLAIMS
