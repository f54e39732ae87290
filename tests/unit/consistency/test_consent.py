from tests.unit.consistency.timeline import conflicts, consent, delivery, said


def test_promotion_after_withdrawal_conflicts() -> None:
    assert conflicts(consent("w", 0, "email", "withdrawn"), said("m", 1)) == [("w", "m", "consent")]


def test_each_later_promotion_is_a_pair() -> None:
    found = conflicts(consent("w", 0, "*", "withdrawn"), said("m1", 1), said("m2", 30, channel="sms"))
    assert found == [("w", "m1", "consent"), ("w", "m2", "consent")]


def test_another_channel_is_allowed() -> None:
    assert conflicts(consent("w", 0, "sms", "withdrawn"), said("m", 1, channel="letter")) == []


def test_what_is_not_promotional_is_allowed() -> None:
    bill = said("m", 1, "Your bill is ready.", purpose="transactional", department="billing")
    assert conflicts(consent("w", 0, "*", "withdrawn"), bill) == []


def test_promotion_before_withdrawal_is_allowed() -> None:
    assert conflicts(said("m", 0), consent("w", 1, "*", "withdrawn")) == []


def test_granted_again() -> None:
    events = (consent("w", 0, "sms", "withdrawn"), said("m1", 1, channel="sms"), consent("g", 2, "sms", "granted"))
    assert conflicts(*events, said("m2", 3, channel="sms")) == [("w", "m1", "consent")]


def test_granted_on_one_channel_after_all_were_withdrawn() -> None:
    events = (consent("w", 0, "*", "withdrawn"), consent("g", 1, "email", "granted"))
    assert conflicts(*events, said("m1", 2), said("m2", 3, channel="sms")) == [("w", "m2", "consent")]


def test_granted_on_all_after_one_was_withdrawn() -> None:
    assert conflicts(consent("w", 0, "email", "withdrawn"), consent("g", 1, "*", "granted"), said("m", 2)) == []


def test_the_last_withdrawal_is_the_one_that_stands() -> None:
    events = (consent("w1", 0, "email", "withdrawn"), consent("w2", 1, "*", "withdrawn"))
    assert conflicts(*events, said("m", 2)) == [("w2", "m", "consent")]


def test_a_bounced_message_breaks_nothing() -> None:
    events = (consent("w", 0, "email", "withdrawn"), said("m", 1))
    assert conflicts(*events, delivery("d", 2, "m", "bounced")) == []


def test_the_customer_own_words_are_no_promotion() -> None:
    own = said("m", 1, "20% off? Order now!", direction="inbound", purpose=None)
    assert conflicts(consent("w", 0, "*", "withdrawn"), own) == []


def test_an_offer_without_purpose_counts() -> None:
    offer = said("m", 1, "FLASH SALE! 30% off all rooms. Book now. Reply STOP to opt out", purpose=None, channel="sms")
    assert conflicts(consent("w", 0, "sms", "withdrawn"), offer) == [("w", "m", "consent")]
