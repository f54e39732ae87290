"""What a message is found by among all messages."""

import pytest

from services.journey.domain.terms import LONGEST, MOST_TERMS, MOST_WANTED, places, terms_of, wanted_in


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Your order LW-20931 is on its way.", "order lw-20931"),
        ("Your order LW-20931 is on its way.", "LW20931"),
        ("Your order LW20931 is on its way.", "lw-20931"),
        ("Your order LW-20931 is on its way.", "20931"),
        ("Ihre Straße ist gesperrt", "STRASSE"),
        ("Ваш заказ № 4411 отправлен", "заказ 4411"),
        ("您的退款单号是 A12，请查收。", "退款单号"),
        ("Ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("cafe\u0301", "café"),
        ("the long-awaited answer", "long-awaited"),
    ],
)
def test_what_was_said_is_found_however_it_is_written(text: str, query: str) -> None:
    wanted = wanted_in(query)
    assert wanted
    assert set(wanted) <= set(terms_of(text))


@pytest.mark.parametrize(("text", "query"), [("refunds", "refund"), ("LW-20931", "LW-2093"), ("单退款", "款单")])
def test_words_are_found_whole(text: str, query: str) -> None:
    assert not set(wanted_in(query)) <= set(terms_of(text))


def test_the_places_are_those_of_the_words_in_the_text_as_it_is() -> None:
    text = "Order LW-20931：退款，退款单号; STRASSE, Straße"
    assert [text[start:end] for start, end in places(text, wanted_in("lw20931 退款 strasse"))] == [
        "LW-20931", "退款", "退款", "STRASSE", "Straße",
    ]  # fmt: skip
    assert places(text, ()) == []


def test_terms_are_bounded_and_numbers_are_kept_before_words() -> None:
    words = [f"w{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(300)]
    text = " ".join(["z" * 300, *words, "77-1204"])
    found = terms_of(text)
    assert len(found) == MOST_TERMS
    assert {"771204", "77", "1204"} <= set(found)
    assert max(map(len, found)) == LONGEST
    assert wanted_in("z" * 200) == ("z" * LONGEST,)
    assert len(wanted_in(text)) == MOST_WANTED
    assert wanted_in("a 1 , .") == ()
