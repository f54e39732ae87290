"""An entailment model in a folder: `model.onnx`, `tokenizer.json` and, where it has one, its `config.json`."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from services.consistency.domain.contradiction.review import Texts

logger = logging.getLogger(__name__)

MODEL, TOKENIZER, CONFIG = "model.onnx", "tokenizer.json", "config.json"
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OUTPUT = "logits"
LONGEST = 512
"""Pieces of both texts together; longer ones are cut."""


class UnusableModel(ValueError):
    """The folder holds no entailment model that can be run; the message says what to mend."""


class Config(BaseModel):
    """What of a model's configuration counts here."""

    id2label: dict[int, str] | None = None
    max_position_embeddings: int = LONGEST


class EntailmentReviewer:
    """The earlier message is the premise, the later one the hypothesis."""

    def __init__(self, folder: Path, contradiction: int | None = None) -> None:
        for name in (MODEL, TOKENIZER):
            if not (folder / name).is_file():
                raise UnusableModel(f"{folder} has no {name}")
        config = read_config(folder / CONFIG)
        self._contradiction = place_of(config, folder) if contradiction is None else contradiction
        self._session, self._tokenizer = opened(folder, min(LONGEST, config.max_position_embeddings))
        self._inputs = [one.name for one in self._session.get_inputs()]
        if "input_ids" not in self._inputs or not set(self._inputs) <= set(INPUTS):
            raise UnusableModel(f"{folder / MODEL} takes {', '.join(self._inputs)}, not {', '.join(INPUTS)}")
        outputs = [one.name for one in self._session.get_outputs()]
        self._output = OUTPUT if OUTPUT in outputs else outputs[0]
        self._try_out(folder)

    def opinions(self, pairs: Sequence[Texts]) -> list[float | None]:
        return [self._opinion(pair) for pair in pairs]

    def _opinion(self, pair: Texts) -> float | None:
        try:
            return float(self._chances(pair)[self._contradiction])
        except Exception:  # an optional judge must not cost a message; what ran at the start hardly fails later
            logger.exception("the judge did not answer")
            return None

    def _chances(self, pair: Texts) -> Any:
        import numpy as np

        found = self._tokenizer.encode(*pair)
        every = dict(zip(INPUTS, (found.ids, found.attention_mask, found.type_ids), strict=True))
        given = {name: np.array([every[name]], dtype=np.int64) for name in self._inputs}
        ((logits,),) = self._session.run([self._output], given)
        raised = np.exp(logits - logits.max())
        return raised / raised.sum()

    def _try_out(self, folder: Path) -> None:
        """With texts as long as any, so that what fails fails at the start."""
        try:
            shape = self._chances(("word " * LONGEST, "word " * LONGEST)).shape
        except Exception as error:
            raise UnusableModel(f"{folder / MODEL} cannot judge two texts: {error}") from error
        if len(shape) != 1 or not self._contradiction < shape[0]:
            raise UnusableModel(
                f"{folder / MODEL} answers {' by '.join(map(str, shape))} values for two texts, "
                f"and none of them is number {self._contradiction}, counted from 0, for contradiction"
            )


def read_config(path: Path) -> Config:
    try:
        return Config.model_validate_json(path.read_bytes()) if path.exists() else Config()
    except ValidationError as error:
        raise UnusableModel(f"{path}: {error}") from error


def place_of(config: Config, folder: Path) -> int:
    """Which value stands for contradiction: as the configuration names them, the first where it names none."""
    labels = config.id2label or {0: "contradiction"}
    for place, label in labels.items():
        if label.casefold().startswith("contradict"):
            return place
    raise UnusableModel(
        f"{folder / CONFIG} calls no value contradiction, but {', '.join(labels.values())}: "
        "set ONEVOICE_JUDGE_CONTRADICTION to its number, counted from 0"
    )


def opened(folder: Path, longest: int) -> tuple[Any, Any]:
    from onnxruntime import InferenceSession, SessionOptions
    from tokenizers import Tokenizer

    options = SessionOptions()
    options.intra_op_num_threads = 1  # the services share the cores
    options.inter_op_num_threads = 1
    try:
        session = InferenceSession(folder / MODEL, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise UnusableModel(f"{folder / MODEL} cannot be read: {error}") from error
    try:
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    except Exception as error:
        raise UnusableModel(f"{folder / TOKENIZER} cannot be read: {error}") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(longest)
    return session, tokenizer
