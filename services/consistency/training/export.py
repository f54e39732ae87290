"""Writes a trained comparer as int8 ONNX files and a tokenizer with the word pieces of three languages alone.

python -m services.consistency.training.export --comparer comparer.pt --examples examples.jsonl --out model
"""

import argparse
import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor

from services.consistency.training.checkpoint import Checkpoint, bundled, read_checkpoint
from services.consistency.training.network import Comparer, Encoder
from services.consistency.training.pieces import tokenizer
from services.consistency.training.train import LONGEST

SCRIPTS = (
    (re.compile(r"▁?[\x21-\x7e]+"), 26_000),
    (re.compile(r"▁?[а-яёА-ЯЁ]+"), 15_000),
    (re.compile(r"▁?[一-鿿]+"), 16_000),
    (re.compile(r"[^a-zA-Z]{1,4}"), 1_500),
)
"""How many of the most frequent pieces of each script are kept; the pieces stand in order of frequency."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comparer", type=Path, required=True)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    checkpoint = read_checkpoint(bundled())
    comparer = Comparer(Encoder(checkpoint), checkpoint.sizes["width"])
    comparer.load_state_dict(torch.load(given.comparer, weights_only=True), strict=False)
    drawn = [json.loads(line) for line in given.examples.read_text("utf-8").splitlines()]
    kept = kept_pieces(checkpoint, [text for one in drawn for text in (one["first"], one["second"])])
    words = comparer.encoder.words
    comparer.encoder.words = torch.nn.Embedding.from_pretrained(words.weight[torch.tensor(kept)].clone(), freeze=True)
    given.out.mkdir(parents=True, exist_ok=True)
    small = tokenizer([checkpoint.pieces[at] for at in kept], kept.index(checkpoint.special["unk"]), LONGEST)
    small.save(str(given.out / "tokenizer.json"), pretty=False)
    write(comparer, given.out)


def kept_pieces(checkpoint: Checkpoint, texts: Sequence[str]) -> list[int]:
    """What the texts use, what frames them, and the most frequent of each script, in the old order."""
    whole = tokenizer(checkpoint.pieces, checkpoint.special["unk"], 2_000)
    kept = {piece for found in whole.encode_batch(list(texts)) for piece in found.ids}
    kept |= set(checkpoint.special.values())
    for script, most in SCRIPTS:
        kept |= set([at for at, (text, _) in enumerate(checkpoint.pieces) if script.fullmatch(text)][:most])
    return sorted(kept)


class Glance(torch.nn.Module):
    def __init__(self, comparer: Comparer) -> None:
        super().__init__()
        self.comparer = comparer

    def forward(self, pieces: Tensor, mask: Tensor, sides: Tensor) -> tuple[Tensor, Tensor]:
        return self.comparer.glance(pieces, mask, sides)


class Reading(torch.nn.Module):
    def __init__(self, comparer: Comparer) -> None:
        super().__init__()
        self.comparer = comparer

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        return self.comparer.read(states, mask)


def write(comparer: Comparer, folder: Path) -> None:
    """The first layers and the others as two files, for most pairs never come to the second."""
    comparer.eval()
    texts = {
        "pieces": torch.tensor([[0, 5, 6, 2], [0, 7, 2, 1]]),
        "mask": torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]]),
        "sides": torch.tensor([[0, 0, 1, 1], [0, 0, 1, 1]]),
    }
    states = {"states": comparer.encoder.lower(*texts.values()).detach(), "mask": texts["mask"]}
    quantized(Glance(comparer), texts, ["glanced", "states"], folder / "glance.onnx")
    quantized(Reading(comparer), states, ["logits"], folder / "reading.onnx")


def quantized(part: torch.nn.Module, given: dict[str, Tensor], outputs: list[str], path: Path) -> None:
    axes = {name: {0: "texts", 1: "length"} for name in given}
    axes |= {name: {0: "texts", 1: "length"} if name == "states" else {0: "texts"} for name in outputs}
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / path.name
        torch.onnx.export(
            part,
            tuple(given.values()),
            str(whole),
            input_names=list(given),
            output_names=outputs,
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(whole, path, weight_type=QuantType.QInt8, per_channel=True)


if __name__ == "__main__":
    main()
