"""Two messages as the comparer reads them: marked where values agree or differ, shortened to what may matter."""

from datetime import UTC, datetime, timedelta

import pytest

from services.consistency.domain.comparer.nearness import Nearness, nearness_by
from services.consistency.domain.comparer.rendering import BUDGET, rendered, rendered_sentences
from services.consistency.domain.contradiction.lexicon import Lexicon, load_lexicon
from services.consistency.domain.contradiction.message import Message, Reader
from services.consistency.domain.similarity import NoSimilarity, best_similarity
from shared.events import Customer, MessageEvent
from shared.events import Message as Told

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_lexicon()


@pytest.fixture(scope="module")
def nearness() -> Nearness:
    return nearness_by(best_similarity())


def told(lexicon: Lexicon, text: str, days: float = 0, title: str | None = None) -> Message:
    data = Told(
        customer=Customer(id="c"), department="sales", channel="email", direction="outbound", text=text, title=title
    )
    event = MessageEvent(
        specversion="1.0",
        id=f"m{days}",
        source="//sales.example.com",
        type="touchpoint.message.v1",
        time=MONDAY + timedelta(days=days),
        data=data,
    )
    return Reader(lexicon).message(event)


@pytest.mark.parametrize(
    ("first", "second", "marked"),
    [
        ("It costs £1,200 a year.", "It is £100 a month.", "£100 (=)"),
        ("It costs £1,200 a year.", "It is £120 a month.", "£120 (≠)"),
        ("You get 20% off.", "You pay 80%.", "80% (=)"),
        ("Скидка 20 %.", "全场八折。", "八折 (=)"),
        ("We come on Friday.", "See you on 6 March!", "6 March (=)"),
        ("We come on Friday.", "See you on 9 March!", "9 March (≠)"),
    ],
)
def test_values_are_marked_with_what_the_other_message_says(
    lexicon: Lexicon, nearness: Nearness, first: str, second: str, marked: str
) -> None:
    _, later = rendered(told(lexicon, first), told(lexicon, second, days=1), lexicon, nearness)
    assert marked in later
    assert later.count("(=)") + later.count("(≠)") == 1


def test_what_is_alone_of_its_sort_is_not_marked(lexicon: Lexicon, nearness: Nearness) -> None:
    pair = rendered(told(lexicon, "It costs £30."), told(lexicon, "Thanks for your call!", days=2), lexicon, nearness)
    assert pair == ("It costs £30.", "Thanks for your call!")


def test_a_long_message_keeps_the_sentence_that_matters(lexicon: Lexicon, nearness: Nearness) -> None:
    filler = "Our orchard had a fine spring and the bees are back among the blossom. " * 12
    letter = told(lexicon, filler + "The hub is yours to keep when you leave us. " + filler, title="News")
    bill = told(lexicon, "Please return the hub within 14 days or we charge £45.", days=20)
    first, _ = rendered(letter, bill, lexicon, nearness)
    assert first.startswith("News: ")
    assert "The hub is yours to keep" in first
    assert len(first) < BUDGET + len("News: ") + 50


def test_the_same_texts_at_another_time_are_the_same_pair(lexicon: Lexicon, nearness: Nearness) -> None:
    first, second = "Parking is free.", "Parking costs extra."
    pairs = {rendered(told(lexicon, first), told(lexicon, second, days), lexicon, nearness) for days in (0.1, 2, 300)}
    assert len(pairs) == 1


def test_sentences_stand_where_they_are_said_to_stand(lexicon: Lexicon, nearness: Nearness) -> None:
    earlier = told(lexicon, "Thank you for booking! Breakfast is included. See you soon.")
    later = told(lexicon, "Your bill is ready. Breakfast, two persons, was charged extra.", days=3)
    for one, other, (first, second) in rendered_sentences(earlier, later, lexicon, nearness):
        assert earlier.event.data.text[slice(*one)] == first
        assert second == later.event.data.text[slice(*other)]


def test_it_works_without_an_encoder(lexicon: Lexicon) -> None:
    nearness = nearness_by(NoSimilarity())
    pair = rendered(told(lexicon, "a. " * 400), told(lexicon, "Breakfast is included.", days=1), lexicon, nearness)
    assert pair[1] == "Breakfast is included."


def test_what_a_template_says_to_many_customers_is_one_question(lexicon: Lexicon, nearness: Nearness) -> None:
    asked = {
        rendered(
            told(lexicon, f"Dear {name}, your order {order} can be returned within 30 days."),
            told(lexicon, f"Hello {name}, order {order} is excluded from returns.", days=3),
            lexicon,
            nearness,
        )
        for name, order in (("Mara", 55810), ("Mr Okafor", 47112))
    }
    assert len(asked) == 1


def test_two_orders_stay_two(lexicon: Lexicon, nearness: Nearness) -> None:
    first, second = rendered(
        told(lexicon, "Your order 55810 was shipped."),
        told(lexicon, "Your order 55811 was cancelled.", days=3),
        lexicon,
        nearness,
    )
    assert (first, second) == ("Your order №8 was shipped.", "Your order №9 was cancelled.")
