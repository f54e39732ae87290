"""An entailment model as the outside judge, and what is said of folders that hold none."""

import json
from pathlib import Path

import pytest

from services.consistency.judge.entailment import LONGEST, EntailmentReviewer, UnusableModel
from tests.unit.consistency.tiny_model import START, write_model

WEIGHTS = {START: (0.0, 1.0, 1.0), "back": (6.0, 0.0, 0.0), "same": (0.0, 0.0, 6.0)}
KEEP, BACK, SAME = "The hub is yours.", "Send the hub back.", "The same: the hub is yours."


def labels(folder: Path, *names: str) -> None:
    (folder / "config.json").write_text(json.dumps({"id2label": dict(enumerate(names))}))


def test_each_pair_gets_its_own_opinion(tmp_path: Path) -> None:
    reviewer = EntailmentReviewer(write_model(tmp_path, WEIGHTS))
    against, alike = reviewer.opinions([(KEEP, BACK), (KEEP, SAME)])
    assert against == pytest.approx(0.987, abs=0.001)
    assert alike == pytest.approx(0.001, abs=0.001)
    assert reviewer.opinions([]) == []


def test_the_configuration_says_which_value_is_contradiction(tmp_path: Path) -> None:
    folder = write_model(tmp_path, WEIGHTS)
    labels(folder, "ENTAILMENT", "NEUTRAL", "CONTRADICTION")
    assert EntailmentReviewer(folder).opinions([(KEEP, SAME)])[0] > 0.9
    assert EntailmentReviewer(folder, 0).opinions([(KEEP, SAME)])[0] < 0.1
    labels(folder, "entailment", "not_entailment")
    with pytest.raises(UnusableModel, match=r"entailment, not_entailment: set ONEVOICE_JUDGE_CONTRADICTION"):
        EntailmentReviewer(folder)


def test_a_model_with_sides_is_given_them(tmp_path: Path) -> None:
    inputs = ("input_ids", "attention_mask", "token_type_ids")
    assert EntailmentReviewer(write_model(tmp_path, WEIGHTS, inputs)).opinions([(KEEP, BACK)])[0] > 0.9


def test_long_texts_are_cut(tmp_path: Path) -> None:
    folder = write_model(tmp_path, WEIGHTS)
    at_its_end = ("word " * LONGEST + "back", "word " * LONGEST + "back")
    assert EntailmentReviewer(folder).opinions([at_its_end])[0] < 0.5


@pytest.mark.parametrize("missing", ["model.onnx", "tokenizer.json"])
def test_what_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    (write_model(tmp_path, WEIGHTS) / missing).unlink()
    with pytest.raises(UnusableModel, match=rf"has no {missing}"):
        EntailmentReviewer(tmp_path)


@pytest.mark.parametrize("broken", ["model.onnx", "tokenizer.json", "config.json"])
def test_what_cannot_be_read_is_named(tmp_path: Path, broken: str) -> None:
    (write_model(tmp_path, WEIGHTS) / broken).write_text("nothing of the sort")
    with pytest.raises(UnusableModel, match=broken):
        EntailmentReviewer(tmp_path)


def test_other_inputs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableModel, match="takes pixels, not input_ids"):
        EntailmentReviewer(write_model(tmp_path, WEIGHTS, ("pixels",)))


def test_a_value_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableModel, match=r"answers 3 values .* number 7"):
        EntailmentReviewer(write_model(tmp_path, WEIGHTS), 7)


def test_a_model_that_fails_on_long_texts_is_refused_at_the_start(tmp_path: Path) -> None:
    """Its tokenizer knows a piece that it has no row for."""
    folder = write_model(tmp_path / "small", WEIGHTS)
    larger = write_model(tmp_path / "large", {**WEIGHTS, "word": (0.0, 0.0, 0.0)})
    (folder / "tokenizer.json").write_bytes((larger / "tokenizer.json").read_bytes())
    with pytest.raises(UnusableModel, match="cannot judge two texts"):
        EntailmentReviewer(folder)
