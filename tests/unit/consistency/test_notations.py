"""The same value in another unit, notation, period or language makes no conflict."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.consistency.detection import default_detector
from tests.unit.consistency.told import message

COUNTS = st.integers(2, 90)


def conflicts(*texts: str) -> list[str]:
    events = [message(f"m{at}", hour=24 * at, text=text, purpose="service") for at, text in enumerate(texts)]
    return [conflict.reason for conflict in default_detector().detect(events)]


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 99))
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{0} % off every ticket.", "You pay {1} % of the ticket price."),
        ("Скидка {0} % на все билеты.", "Вы платите {1} % цены билета."),
        ("{0} % off every ticket.", "Every ticket: {0} percent discount."),
        ("{0} % off every ticket.", "所有门票优惠{0}%。"),
    ],
)
def test_a_discount_is_what_is_left_to_pay(one: str, other: str, percent: int) -> None:
    assert conflicts(one.format(percent, 100 - percent), other.format(percent, 100 - percent)) == []


@settings(max_examples=25, deadline=None)
@given(COUNTS)
@pytest.mark.parametrize(
    ("one", "other", "times"),
    [
        ("The fee is ${0} a month.", "The fee is ${1} a year.", 12),
        ("You may cancel within {0} weeks.", "You may cancel within {1} days.", 7),
        ("The warranty lasts {0} years.", "The warranty lasts {1} months.", 12),
        ("Плата составляет {0} рублей в месяц.", "Плата составляет {1} рублей в год.", 12),
        ("Отменить заказ можно в течение {0} недель.", "Отменить заказ можно в течение {1} дней.", 7),
        ("月费为{0}元。", "年费为{1}元。", 12),
        ("请在{0}周内取消。", "请在{1}天内取消。", 7),
    ],
)
def test_a_value_in_another_unit_is_the_same(one: str, other: str, times: int, count: int) -> None:
    assert conflicts(one.format(count), other.format(count, count * times)) == []


@settings(max_examples=25, deadline=None)
@given(st.integers(1_001, 9_999))
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The price is £{0}.", "The price is {0:,} pounds."),
        ("The price is €{0}.", "The price is {0}.00 EUR."),
        ("Цена {0} рублей.", "Цена {0} ₽."),
        ("价格为{0}元。", "价格为￥{0:,}。"),
    ],
)
def test_a_price_in_another_notation_is_the_same(one: str, other: str, amount: int) -> None:
    assert conflicts(one.format(amount), other.format(amount)) == []
