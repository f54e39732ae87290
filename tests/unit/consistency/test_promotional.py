import pytest

from services.consistency.domain.promotional import default_promotional
from shared.events import MessageEvent
from tests.unit.consistency.timeline import said


def is_promotional(text: str, department: str, channel: str, purpose: str | None = None) -> bool:
    message = said("m", 0, text, department=department, channel=channel, purpose=purpose)
    assert isinstance(message, MessageEvent)
    return default_promotional()(message)


@pytest.mark.parametrize(
    ("text", "department", "channel"),
    [
        ("FLASH SALE! 30% off all city hotels. Book now.", "marketing", "sms"),
        ("Upgrade today and get two months free. Reply STOP to opt out.", "sales", "sms"),
        ("Скидка 20 % на всё до воскресенья, успейте!", "marketing", "push"),
        ("Дарим мини-набор к каждому заказу. Только в приложении", "sales", "sms"),
        ("【近邻里】周末满200减20，先到先得 退订回T", "marketing", "sms"),
        ("老客户换新立减500元，名额有限，点击预约", "sales", "email"),
    ],
)
def test_offers_are_promotional(text: str, department: str, channel: str) -> None:
    assert is_promotional(text, department, channel)


@pytest.mark.parametrize(
    ("text", "department", "channel"),
    [
        ("Your bill is ready: £29.99, due 20 August.", "billing", "email"),
        ("Sorry for the trouble, I've checked and your refund is on its way.", "support", "chat"),
        ("Ваш заказ готов к выдаче, храним 3 дня.", "operations", "sms"),
        ("您的快递已到驿站，取件码5-2-1187", "operations", "push"),
    ],
)
def test_everyday_business_is_not(text: str, department: str, channel: str) -> None:
    assert not is_promotional(text, department, channel)


def test_the_purpose_decides_where_it_is_given() -> None:
    assert not is_promotional("30% off! Book now!", "marketing", "sms", "service")
    assert is_promotional("Good morning.", "support", "chat", "promotional")
