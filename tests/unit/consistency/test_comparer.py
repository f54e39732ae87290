"""The shipped comparer, and what it makes of two messages together with the rules."""

import random

import pytest

from services.consistency.domain.comparer.comparer import MODEL, Comparer, OnnxComparer, shipped_comparer
from services.consistency.domain.conflict import Conflict
from services.consistency.domain.contradiction.lexicon import load_lexicon
from services.consistency.domain.contradiction.rule import Contradictions
from services.consistency.domain.detector import Detector
from services.consistency.domain.similarity import best_similarity
from shared.events import MessageEvent
from tests.unit.consistency.told import message

LEXICON = load_lexicon()


@pytest.fixture(scope="module")
def comparer() -> Comparer:
    shipped = shipped_comparer()
    assert shipped is not None, "the model is part of the repository"
    return shipped


@pytest.fixture(scope="module")
def detector(comparer: Comparer) -> Detector:
    return Detector((Contradictions(LEXICON, best_similarity(), comparer),))


def found(detector: Detector, *texts: str, shuffled: int | None = None) -> list[Conflict]:
    """The conflicts of what was said a day apart."""
    events: list[MessageEvent] = [
        message(f"m{at}", hour=24 * at, text=text, purpose="service") for at, text in enumerate(texts)
    ]
    if shuffled is not None:
        random.Random(shuffled).shuffle(events)
    return detector.detect(events)


def test_a_verdict_does_not_depend_on_what_else_is_asked(comparer: Comparer) -> None:
    pair = ("Breakfast is included.", "Breakfast is charged at £12 a head.")
    others = [(f"Note {number}.", "Thank you for your call. " * number) for number in range(1, 6)]
    alone = comparer.verdicts([pair])[0]
    assert comparer.verdicts([*others, pair])[-1] == alone
    assert OnnxComparer(MODEL).verdicts([*others, pair])[-1] == alone


def test_a_pair_may_be_read_to_the_end_whatever_was_kept_of_it(comparer: Comparer) -> None:
    pair = ("The monthly fee is $12 (≠).", "The monthly fee is $15 (≠).")
    glanced = comparer.verdicts([pair])[0]
    read = comparer.verdicts([pair], {pair})[0]
    assert glanced.conflict < 0.1 < 0.5 < read.conflict
    assert comparer.verdicts([pair]) == [glanced]


def test_what_is_kept_is_bounded() -> None:
    small = OnnxComparer(MODEL, limit=3)
    pairs = [(f"Note {number}.", "Thank you.") for number in range(8)]
    assert len(small.verdicts(pairs)) == 8
    assert small.verdicts(pairs[:1]) == OnnxComparer(MODEL).verdicts(pairs[:1])


@pytest.mark.parametrize(
    "text", ["Breakfast is included.", "Возврат возможен в течение 14 дней.", "早餐免费。", "See you tomorrow at 9."]
)
def test_a_message_never_conflicts_with_its_copy(detector: Detector, text: str) -> None:
    assert found(detector, text, text) == []


@pytest.mark.parametrize(
    "texts",
    [
        ("The monthly fee is $12.", "The monthly fee is $15."),
        ("早餐免费。", "早餐每位收费30元。"),
        ("Plans are cancellable at any time.", "Plans cannot be cancelled before the end of the term."),
    ],
)
def test_a_blatant_conflict_of_a_few_words_is_found(detector: Detector, texts: tuple[str, str]) -> None:
    assert len(found(detector, *texts)) == 1
    assert found(detector, texts[0], texts[0]) == found(detector, texts[1], texts[1]) == []


STORY = (
    "You can cancel at any time, free of charge.",
    "Your first parcel is on its way.",
    "Please note that the contract cannot be cancelled before the end of the term.",
)


def test_what_is_told_in_other_words_is_found_and_quoted(detector: Detector) -> None:
    (conflict,) = found(detector, *STORY)
    assert (conflict.a.id, conflict.b.id, conflict.kind) == ("m0", "m2", "contradiction")
    texts = {"m0": STORY[0], "m2": STORY[2]}
    assert [span.event for span in conflict.spans] == ["m0", "m2"]
    assert all(texts[span.event][span.start : span.end] == span.text for span in conflict.spans)
    assert "cannot be cancelled" in conflict.reason
    assert 0.0 < conflict.confidence < 1.0


def test_one_template_to_many_customers_is_one_cause(detector: Detector) -> None:
    values = set()
    for name, order in (("Mara", 55810), ("Mr Okafor", 47112)):
        texts = (f"Dear {name}, you can cancel order {order} at any time, free of charge.", STORY[1])
        (conflict,) = found(detector, *texts, f"Dear {name}, order {order} cannot be cancelled before its term ends.")
        values.add(conflict.values)
    assert len(values) == 1


def test_the_order_of_arrival_changes_nothing(detector: Detector) -> None:
    wanted = {(one.id, one.reason, one.confidence) for one in found(detector, *STORY)}
    for seed in range(4):
        assert {(one.id, one.reason, one.confidence) for one in found(detector, *STORY, shuffled=seed)} == wanted


def test_without_a_comparer_the_rules_judge_alone() -> None:
    rules = Detector((Contradictions(LEXICON, best_similarity(), None),))
    assert len(found(rules, "Your Harbour Pro plan costs £30 a month.", "The Harbour Pro plan costs £36 a month.")) == 1


def test_the_same_words_with_other_claims_are_judged_anew(detector: Detector) -> None:
    texts = ("Your plan is ready.", "Your plan starts tomorrow.")
    assert found(detector, *texts) == []
    claims = [
        {"subject": "Harbour Pro plan", "attribute": "price per month", "value": value, "unit": "GBP"}
        for value in (30, 36)
    ]
    events = [
        message(f"m{at}", hour=24 * at, text=text, purpose="service", claims=[claims[at]])
        for at, text in enumerate(texts)
    ]
    assert len(detector.detect(events)) == 1


def test_two_systems_may_use_the_same_id(detector: Detector) -> None:
    told = (STORY[0], STORY[2])
    events = [
        message("m", hour=24 * at, text=text, purpose="service").model_copy(update={"source": f"//system-{at}"})
        for at, text in enumerate(told)
    ]
    assert len(detector.detect(events)) == 1
