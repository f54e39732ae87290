from services.journey.domain.summary import (
    DAY,
    Promotion,
    Step,
    consent_by_channel,
    delivery_state,
    open_cases,
    pressure,
)


def step(subject: str, status: str, moment: int, **more: str) -> Step:
    return Step(subject, status, moment, f"id-{moment}", **more)


def test_a_delivery_is_as_far_as_the_message_got_whatever_came_first() -> None:
    opened, delivered = step("m", "opened", 5), step("m", "delivered", 3)
    assert delivery_state([opened, delivered]) == opened
    assert delivery_state([delivered, opened]) == opened
    bounced = step("m", "bounced", 9)
    assert delivery_state([bounced, delivered]) == bounced
    assert delivery_state([bounced, delivered, opened]) == opened
    assert delivery_state([]) is None


def test_a_case_is_open_until_its_last_word_is_closed() -> None:
    opened = step("C-1", "opened", 1, category="complaint", department="support")
    assert open_cases([opened]) == [{"case": "C-1", "category": "complaint", "department": "support", "since": 1}]
    assert open_cases([step("C-1", "closed", 2), opened]) == []
    assert [case["since"] for case in open_cases([step("C-1", "closed", 2), opened, step("C-1", "opened", 3)])] == [3]


def test_consent_on_all_channels_overrides_what_was_said_before() -> None:
    email = step("email", "granted", 1)
    everything = step("*", "withdrawn", 2)
    assert consent_by_channel([everything, email]) == {"*": "withdrawn"}
    assert consent_by_channel([everything, email, step("sms", "granted", 3)]) == {"*": "withdrawn", "sms": "granted"}


def test_contact_pressure_counts_what_may_have_arrived() -> None:
    now = 40 * DAY
    sent = [Promotion("a", now), Promotion("b", now - DAY), Promotion("c", now - 8 * DAY), Promotion("d", now - 1)]
    assert pressure(sent, [step("d", "suppressed", 3)], now) == {"day": 1, "week": 2, "month": 3}
    assert pressure([Promotion("later", now + 1)], [], now) == {"day": 0, "week": 0, "month": 0}
