"""Russian in the contradiction rule: what sentences state, and which pairs of them cannot both hold."""

from datetime import UTC, datetime, timedelta

import pytest

from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.dates import days_of
from services.consistency.domain.contradiction.lexicon import Lexicon, load_lexicon
from services.consistency.domain.contradiction.message import Reader
from services.consistency.domain.contradiction.pairing import compare_messages
from services.consistency.domain.contradiction.reading import read
from services.consistency.domain.contradiction.relatedness import Relatedness
from services.consistency.domain.similarity import NoSimilarity
from shared.events import MessageEvent

SENT = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)  # a Monday


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_lexicon()


def claims(text: str, lexicon: Lexicon) -> tuple[Claim, ...]:
    return read(text, lexicon.languages["ru"], lexicon).claims


@pytest.mark.parametrize(
    ("text", "attribute", "dimension", "low", "high"),
    [
        ("Абонплата 690 р/мес", "price", "money:RUB", 690, 690),
        ("Цена 1 200 ₽", "price", "money:RUB", 1200, 1200),
        ("Цена 84,3 тыс. руб.", "price", "money:RUB", 84300, 84300),
        ("Стоимость 1,2 млн рублей", "price", "money:RUB", 1_200_000, 1_200_000),
        ("Цена двадцать пять тысяч рублей", "price", "money:RUB", 25_000, 25_000),
        ("Билеты от 4 990 ₽", "price", "money:RUB", 4990, float("inf")),
        ("Стоимость 61 200", "price", "money", 61_200, 61_200),
        ("Скидка 20 %", "discount", "percent", 20, 20),
        ("Вы заплатите 80 % от цены", "discount", "percent", 20, 20),
        ("Отдаём за полцены", "discount", "percent", 50, 50),
        ("Сегодня дешевле на треть", "discount", "percent", 33.3, 33.3),
        ("Скидка до 30 %", "discount", "percent", 0, 30),
        ("Ставка 16,4 годовых", "interest_rate", "percent", 16.4, 16.4),
        ("Ответим в течение двух недель", "response_time", "duration", 0, 14),
        ("Гарантия три года", "warranty", "duration", 1095.75, 1095.75),
        ("Гарантия полгода", "warranty", "duration", 182.625, 182.625),
        ("Скорость 300 Мбит/с", "download_speed", "data_rate", 300, 300),
    ],
)
def test_amounts(text: str, attribute: str, dimension: str, low: float, high: float, lexicon: Lexicon) -> None:
    found = [(c.attribute, c.dimension, c.low, c.high) for c in claims(text, lexicon) if c.kind == "amount"]
    assert [(a, d) for a, d, _, _ in found] == [(attribute, dimension)]
    assert [found[0][2], found[0][3]] == pytest.approx([low, high])


@pytest.mark.parametrize(
    ("text", "day", "first"),
    [
        ("Осмотр 5 мая", (5, 5), -1),
        ("Осмотр 05.05.2026 в 15:00", (5, 5), 900),
        ("Осмотр завтра в три часа дня", (5, 5), 900),
        ("Осмотр послезавтра", (5, 6), -1),
        ("Осмотр в пятницу, в семь часов вечера", (5, 8), 1140),
        ("Осмотр 21-го", (5, 21), -1),
        ("Осмотр двадцать первого мая", (5, 21), -1),
        ("Вылетаем завтра без двадцати семь вечера", (5, 5), 1120),
        ("Осмотр 15 мая в половине пятого", (5, 15), 270),
        ("Акция до конца месяца", (5, 31), -1),
    ],
)
def test_moments(text: str, day: tuple[int, int], first: int, lexicon: Lexicon) -> None:
    found = [c.moment for c in claims(text, lexicon) if c.kind == "moment" and c.moment is not None]
    days = days_of(found[0], SENT)
    assert len(found) == 1
    assert days is not None
    assert ((days[1].month, days[1].day), found[0].first) == (day, first)


def test_a_day_on_which_nothing_happens_is_no_day_of_a_visit(lexicon: Lexicon) -> None:
    assert not [c for c in claims("Четырнадцатого осмотра не будет", lexicon) if c.kind == "moment"]


def test_quarters_and_days_counted_in_hours_of_the_clock_are_told_from_durations(lexicon: Lexicon) -> None:
    quarter = next(c.moment for c in claims("Ключи в IV квартале 2026 года", lexicon) if c.moment)
    assert days_of(quarter, SENT) == (datetime(2026, 10, 1).date(), datetime(2026, 12, 31).date())
    assert [c.kind for c in claims("Деньги вернутся за 3 дня", lexicon) if c.kind in ("amount", "moment")] == ["amount"]


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("Заявка одобрена?", "asked"),
        ("Говорят, будто мы передаём данные партнёрам. Это выдумка.", "denied"),
        ("Ваша заявка одобрена.", "asserted"),
    ],
)
def test_how_it_is_said(text: str, mode: str, lexicon: Lexicon) -> None:
    assert {c.mode for c in claims(text, lexicon)} == {mode}


@pytest.mark.parametrize(
    ("text", "axis", "side"),
    [
        ("Размещение с животными в отеле не допускается", "pets", "no"),
        ("Сборка не входит в стоимость", "included", "no"),
        ("Доставка входит в стоимость", "included", "yes"),
        ("Рецепт для покупки не нужен", "prescription", "no"),
        ("Мы никому не передаём ваши данные", "shared_data", "no"),
    ],
)
def test_sides(text: str, axis: str, side: str, lexicon: Lexicon) -> None:
    assert {c.side for c in claims(text, lexicon) if c.kind == "axis" and c.dimension == axis} == {side}


CLASH = [
    ("Стоимость годового абонемента 24 000 рублей", "Годовой абонемент стоит 27 500 рублей"),
    ("Мастер приедет 12 мая с 10 до 12", "Ждите мастера 13 мая, с 10:00 до 12:00"),
    ("Гарантия на диван три года", "Гарантийный срок на диван составляет 18 месяцев"),
    ("Вернуть товар можно в течение 30 дней после покупки", "Возврат товара возможен не позднее 14 дней"),
    ("На приём к кардиологу направление не нужно", "Кардиолог принимает строго по направлению терапевта"),
    ("Ставка по вкладу 14 % годовых", "Ставка по вкладу составляет 12,5 % годовых"),
    ("Наличными у нас расплатиться можно", "Оплата только картой, наличные не принимаем"),
    ("Ваш заказ отправлен сегодня утром", "Ваш заказ ещё на складе и не отправлен"),
    ("Сокращений на заводе не будет", "Под сокращение на заводе попадут 120 сотрудников"),
    ("Сим-карту менять не нужно", "Получите новую сим-карту, чтобы не остаться без связи"),
    ("Dogs are welcome in the cabin", "С собаками нельзя"),
]
FIT = [
    ("Скидка 20 % на весь ассортимент", "Вы заплатите 80 % от цены"),
    ("Ждём вас на приём в пятницу в 15:00", "Приём 8 мая в три часа дня"),
    ("Доставим за две недели", "Срок доставки 10–14 дней"),
    ("Подписка стоит 1 200 ₽ в месяц", "Подписка стоит 14 400 рублей в год"),
    ("Скидка до 30 %", "На эту модель скидка 20 %"),
    ("Новым клиентам скидка 20 %", "Постоянным клиентам скидка 10 %"),
    ("Заявка на рассмотрении", "Ваша заявка одобрена"),
    ("Касса работает ежедневно с 9 до 21", "1 июня касса не работает"),
    ("Мастер приедет 12 мая", "Переносим визит мастера с 12 на 14 мая"),
    ("КАСКО: скидка 15 % за год без аварий", "ОСАГО: скидка 32 % за безаварийность"),
    ("Филиал на Садовой работает до 20:00", "Филиал на Мира открыт до 22:00"),
    ("Ждём вас 12 мая в 10:00 у терапевта", "Запись к стоматологу 14 мая в 12:00"),
    ("Списано 299 ₽ за подписку", "The subscription costs 299 roubles"),
]


def message(name: str, text: str, days: int) -> MessageEvent:
    return MessageEvent.model_validate(
        {
            "specversion": "1.0",
            "id": name,
            "source": "/test",
            "type": "touchpoint.message.v1",
            "time": SENT + timedelta(days=days),
            "data": {
                "customer": {"id": "c1"},
                "department": "support",
                "channel": "email",
                "direction": "outbound",
                "text": text,
            },
        }
    )


@pytest.mark.parametrize(("one", "other", "expected"), [(*p, True) for p in CLASH] + [(*p, False) for p in FIT])
def test_pairs(one: str, other: str, expected: bool, lexicon: Lexicon) -> None:
    reader = Reader(lexicon)
    earlier, later = reader.message(message("e1", one, 0)), reader.message(message("e2", other, 1))
    found, _ = compare_messages(earlier, later, lexicon, Relatedness(lexicon, NoSimilarity()))
    assert (found is not None) is expected
