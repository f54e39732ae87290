from tests.unit.consistency.timeline import case, conflicts, delivery, said


def test_promotion_during_a_complaint_conflicts() -> None:
    assert conflicts(case("o", 0, "opened"), said("m", 1)) == [("o", "m", "open_case")]


def test_after_it_is_closed_promotion_is_allowed() -> None:
    assert conflicts(case("o", 0, "opened"), case("c", 1, "closed"), said("m", 2)) == []


def test_closing_needs_no_category() -> None:
    assert conflicts(case("o", 0, "opened"), case("c", 1, "closed", category=None), said("m", 2)) == []


def test_other_categories_do_not_matter() -> None:
    for category in ("question", "claim", None):
        assert conflicts(case("o", 0, "opened", category=category), said("m", 1)) == []


def test_answers_to_the_complaint_are_allowed() -> None:
    answer = said("m", 1, "We have logged your complaint.", purpose="service", department="support")
    assert conflicts(case("o", 0, "opened"), answer) == []


def test_two_open_complaints_are_two_pairs() -> None:
    events = (case("o1", 0, "opened", "K-1"), case("o2", 1, "opened", "K-2"), said("m", 2))
    assert conflicts(*events) == [("o1", "m", "open_case"), ("o2", "m", "open_case")]


def test_only_the_case_that_is_still_open() -> None:
    events = (case("o1", 0, "opened", "K-1"), case("c1", 1, "closed", "K-1"), case("o2", 2, "opened", "K-2"))
    assert conflicts(*events, said("m", 3)) == [("o2", "m", "open_case")]


def test_opened_again_after_closing() -> None:
    events = (case("o1", 0, "opened"), case("c", 1, "closed"), case("o2", 2, "opened"), said("m", 3))
    assert conflicts(*events) == [("o2", "m", "open_case")]


def test_a_case_that_turns_out_to_be_a_question() -> None:
    events = (case("o1", 0, "opened"), case("o2", 1, "opened", category="question"), said("m", 2))
    assert conflicts(*events) == []


def test_suppressed_promotion_breaks_nothing() -> None:
    assert conflicts(case("o", 0, "opened"), said("m", 1), delivery("d", 1, "m", "suppressed")) == []
