"""What an outside judge is asked, and what becomes of what it alone says."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from services.consistency.domain.comparer.comparer import Comparer, shipped_comparer
from services.consistency.domain.conflict import Conflict
from services.consistency.domain.contradiction.lexicon import Lexicon, load_lexicon
from services.consistency.domain.contradiction.review import SURE, Reviewer
from services.consistency.domain.contradiction.rule import Contradictions
from services.consistency.domain.detector import Detector
from services.consistency.domain.similarity import best_similarity
from services.consistency.judge.entailment import EntailmentReviewer
from services.consistency.judge.remembering import Remembering
from tests.unit.consistency.tiny_model import START, write_model
from tests.unit.consistency.told import message

LEXICON = load_lexicon()
AGAINST = {START: (6.0, 0.0, 0.0)}
"""Weights of a model that takes every pair for a contradiction."""
UNSURE = {START: (1.5, 0.0, 0.0)}
"""Of one that is sure of nothing: 0.69."""


def judge(folder: Path, weights: dict[str, tuple[float, ...]] = AGAINST) -> Reviewer:
    return EntailmentReviewer(write_model(folder, weights))


def detector(reviewer: Reviewer | None, lexicon: Lexicon = LEXICON, comparer: Comparer | None = None) -> Detector:
    return Detector((Contradictions(lexicon, best_similarity(), comparer, reviewer),))


def found(detector: Detector, *texts: str, shuffled: int = 0) -> list[Conflict]:
    events = [message(f"m{at}", hour=24 * at, text=text, purpose="service") for at, text in enumerate(texts)]
    random.Random(shuffled).shuffle(events)
    return detector.detect(events)


HUB = (
    "The hub stays with you for good once your contract is over.",
    "Once your contract is over, kindly post the hub to our depot.",
)


def test_what_it_alone_says_is_for_review(tmp_path: Path) -> None:
    assert found(detector(None), *HUB) == []
    (conflict,) = found(detector(judge(tmp_path)), *HUB)
    assert (conflict.kind, conflict.rule, conflict.attribute) == ("contradiction", "contradiction.judge", "for_review")
    assert conflict.confidence <= SURE
    assert all(HUB[at][span.start : span.end] == span.text for at, span in enumerate(conflict.spans))
    assert found(detector(judge(tmp_path, UNSURE)), *HUB) == []


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (HUB, "For review: an outside judge alone says"),
        (("Хаб остаётся у вас навсегда.", "Хаб нужно вернуть в конце договора."), "На проверку: "),
        (("合同到期后，网关就归您了。", "合同到期后，请把网关寄到仓库。"), "供人工复核："),
    ],
)
def test_the_reason_says_so_in_the_reader_s_language(tmp_path: Path, texts: tuple[str, str], told: str) -> None:
    (conflict,) = found(detector(judge(tmp_path)), *texts)
    assert told in conflict.reason
    assert texts[0].rstrip(".。") in conflict.reason


def test_what_the_rules_report_stays_theirs(tmp_path: Path) -> None:
    told = ("Your Harbour Pro plan costs £30 a month.", "The Harbour Pro plan costs £36 a month.")
    assert found(detector(judge(tmp_path)), *told) == found(detector(None), *told)


@pytest.mark.parametrize(
    "texts",
    [
        (HUB[0], HUB[0]),
        (HUB[0], "Our choir sings on Sunday."),
        ("Your Harbour Pro plan costs £30 a month.", "We have changed the Harbour Pro plan: it costs £36 a month."),
    ],
    ids=["copy", "something else", "announced"],
)
def test_what_is_decided_or_far_apart_is_not_asked(tmp_path: Path, texts: tuple[str, str]) -> None:
    assert found(detector(judge(tmp_path)), *texts) == []


def test_a_correction_between_settles_it(tmp_path: Path) -> None:
    events = [message(f"m{at}", hour=24 * at, text=HUB[at], purpose="service") for at in range(2)]
    middle = message("c", hour=12, text="We wrote to you in error.", corrects="m0", purpose="service")
    assert detector(judge(tmp_path)).detect(events) != []
    assert [one for one in detector(judge(tmp_path)).detect([*events, middle]) if one.a.id == "m0"] == []


def test_the_order_of_arrival_changes_nothing(tmp_path: Path) -> None:
    reviewer = judge(tmp_path)
    wanted = found(detector(reviewer), *HUB, "Thank you for calling about the hub.")
    for seed in range(1, 5):
        assert found(detector(reviewer), *HUB, "Thank you for calling about the hub.", shuffled=seed) == wanted


def test_beside_a_comparer_it_is_asked_from_undecided_to_threshold(tmp_path: Path) -> None:
    comparer = shipped_comparer()
    assert comparer is not None, "the model is part of the repository"

    def rules(**numbers: float) -> list[str]:
        lexicon = replace(LEXICON, comparer={**LEXICON.comparer, "change": 1.1, **numbers})
        return [one.rule for one in found(detector(judge(tmp_path), lexicon, comparer), *HUB)]

    assert rules(undecided=0.0, threshold_en=1.1) == ["contradiction.judge"]
    assert rules(undecided=1.1, threshold_en=1.1) == []
    assert rules(undecided=0.0, threshold_en=0.0) == ["contradiction.statement"]


def test_what_is_kept_is_bounded(tmp_path: Path) -> None:
    reviewer = judge(tmp_path)
    kept = Remembering(reviewer, limit=3)
    pairs = [(f"Room {number}.", "It is taken.") for number in range(8)]
    assert kept.opinions([*pairs, *pairs]) == reviewer.opinions([*pairs, *pairs])
    assert kept.opinions(pairs[:1]) == reviewer.opinions(pairs[:1])
    assert kept.opinions([]) == []
