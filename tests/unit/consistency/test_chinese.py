"""Chinese texts and what is read from them; pairs of messages that clash and pairs that do not."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.consistency.domain.contradiction.claim import Claim
from services.consistency.domain.contradiction.dates import days_of
from services.consistency.domain.contradiction.folding import fold, pairs
from services.consistency.domain.contradiction.languages import language_of
from services.consistency.domain.contradiction.lexicon import load_lexicon
from services.consistency.domain.contradiction.reading import read
from services.consistency.domain.contradiction.rule import Contradictions
from services.consistency.domain.detector import Detector
from services.consistency.domain.similarity import NoSimilarity
from shared.events import MessageEvent

LEXICON = load_lexicon()
DETECTOR = Detector([Contradictions(LEXICON, NoSimilarity())])
SENT = datetime(2026, 3, 2, 3, tzinfo=UTC)  # a Monday


def claims(text: str) -> tuple[Claim, ...]:
    return read(text, language_of(text, "zh", LEXICON), LEXICON).claims


@pytest.mark.parametrize(
    ("text", "attribute", "value"),
    [
        ("年费600元。", "fee", 600),
        ("总价268万", "price", 2_680_000),
        ("押金一百二十元", "deposit", 120),
        ("月租３８元", "price", 38),
        ("三年期贷款利率为百分之三", "interest_rate", 3),
        ("下单立享八折", "discount", 20),
        ("早鸟按85折", "discount", 15),
        ("打七五折优惠", "discount", 25),
        ("到店即享半价优惠", "discount", 50),
        ("单笔满99元才免运费", "free_delivery_from", 99),
        ("整机質保三年", "warranty", 3 * 365.25),
        ("整机保修十八个月", "warranty", 18 * 30.4375),
        ("这张卡终身免年费", "fee", 0),
        ("四季度营业收入42亿元", "revenue", 4.2e9),
    ],
)
def test_amounts(text: str, attribute: str, value: float) -> None:
    found = [c for c in claims(text) if c.kind == "amount" and c.attribute == attribute]
    assert [c.low for c in found] == [pytest.approx(value)]


@pytest.mark.parametrize("text", ["一起来看看", "统一安排", "百货万达", "唯一一家", "第一次"])
def test_number_words_inside_other_words_are_no_amounts(text: str) -> None:
    assert [c for c in claims(text) if c.kind == "amount"] == []


@pytest.mark.parametrize(
    ("text", "day", "minute"),
    [
        ("明天上午9点半上门", date(2026, 3, 3), 570),
        ("本周五下午两点上门", date(2026, 3, 6), 840),
        ("下周三上门", date(2026, 3, 11), -1),
        ("3月5日（周四）14:00上门", date(2026, 3, 5), 840),
        ("五月一日上门", date(2026, 5, 1), -1),
        ("二十一号上门", date(2026, 3, 21), -1),
        ("今晚八点上门", date(2026, 3, 2), 1200),
        ("今年年底交付", date(2026, 12, 31), -1),
        ("月底前交付", date(2026, 3, 31), -1),
    ],
)
def test_moments(text: str, day: date, minute: int) -> None:
    (found,) = [c for c in claims(text) if c.kind == "moment"]
    assert found.moment is not None
    days = days_of(found.moment, SENT)
    assert days is not None
    assert (days[1], found.moment.first) == (day, minute)


@pytest.mark.parametrize(
    ("text", "axis", "side"),
    [
        ("房价不含早餐", "breakfast", "no"),
        ("房价含双早", "breakfast", "yes"),
        ("到店无需预约", "booking_needed", "no"),
        ("须提前预约", "booking_needed", "yes"),
        ("积分永不清零", "expires", "no"),
        ("月底前未兑换部分将作废", "expires", "yes"),
        ("年卡不支持转让", "transferable", "no"),
        ("不仅免费", "charged", "no"),
    ],
)
def test_sides(text: str, axis: str, side: str) -> None:
    assert {c.side for c in claims(text) if c.dimension == axis} == {side}


def test_folding_keeps_every_place() -> None:
    text = "價格：￥３８，退款請聯繫我們"
    folded = fold(text, pairs({"from": "價請聯繫們", "to": "价请联系们"}))
    assert folded == "价格:¥38，退款请联系我们"
    assert len(folded) == len(text)


def message(number: int, text: str) -> MessageEvent:
    data = {"customer": {"id": "c"}, "department": "sales", "channel": "sms", "direction": "outbound", "text": text}
    head = {"specversion": "1.0", "id": f"m{number}", "source": "tests", "type": "touchpoint.message.v1"}
    return MessageEvent.model_validate({**head, "time": SENT + timedelta(days=number), "data": data})


def clash(one: str, other: str) -> bool:
    return any(DETECTOR.detect([message(0, one), message(2, other)]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("您预订的湖景大床房含双早，凭房卡用餐。", "您好，湖景大床房的房价不含早餐，早餐88元一位。"),
        ("航班CA1832免费托运行李23公斤。", "您的CA1832机票托运行李额为20公斤。"),
        ("近邻里小时达全场满59元就免运费。", "小时达单笔满99元才免运费。"),
        ("您的理赔已经审核通过。", "您的理赔申请仍在审核中，请耐心等待。"),
        ("年卡可以过户给朋友，前台登记就行。", "年卡只供本人使用，不支持过户。"),
        ("The Harbour Suite rate includes breakfast for booking HB-2210.", "预订HB-2210的房价不含早餐，早餐另付。"),
    ],
)
def test_clash(one: str, other: str) -> None:
    assert clash(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("洗衣机整机质保两年。", "洗衣机整机保修24个月，从购买日起算。"),
        ("全场最多可享七折优惠。", "您这单享八五折优惠。"),
        ("标准版套餐支持5个账号。", "旗舰版套餐支持50个账号。"),
        ("滨河支行周六营业到下午四点。", "城西支行周六不营业。"),
        ("您预约的安装原定3月5日上门。", "您预约的安装改为3月7日上门。"),
        ("网传门店要关店的消息不实。", "门店3月底关店。"),
        ("宽带套餐新用户每月29元。", "宽带套餐老用户续费每月59元。"),
    ],
)
def test_agree(one: str, other: str) -> None:
    assert not clash(one, other)


def test_the_reason_is_in_the_language_of_the_message() -> None:
    (found,) = DETECTOR.detect([message(0, "单笔满59元免运费。"), message(2, "单笔满99元才免运费。")])
    assert "免运费门槛" in found.reason
    assert "2026年3月2日" in found.reason
