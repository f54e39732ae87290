"""Writes a trained judge as an int8 ONNX file and a tokenizer with the word pieces of three languages alone.

python -m services.consistency.training.export --judge judge.pt --pairs 'FILES...' --out services/consistency/model
"""

import argparse
import glob
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from services.consistency.training.checkpoint import Checkpoint, bundled, read_checkpoint
from services.consistency.training.network import Encoder, Judge
from services.consistency.training.pairs import read_pairs
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
    parser = argparse.ArgumentParser()
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--pairs", nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    checkpoint = read_checkpoint(bundled())
    judge = Judge(Encoder(checkpoint), checkpoint.sizes["width"])
    judge.load_state_dict(torch.load(given.judge, weights_only=True), strict=False)
    paths = [Path(name) for pattern in given.pairs for name in sorted(glob.glob(pattern))]
    texts = [text for pair in read_pairs(paths) for text in pair.texts]
    kept = kept_pieces(checkpoint, texts)
    words = judge.encoder.words
    judge.encoder.words = torch.nn.Embedding.from_pretrained(words.weight[torch.tensor(kept)].clone(), freeze=True)
    given.out.mkdir(parents=True, exist_ok=True)
    small = tokenizer([checkpoint.pieces[at] for at in kept], kept.index(checkpoint.special["unk"]), LONGEST)
    small.save(str(given.out / "tokenizer.json"), pretty=False)
    write(judge, given.out / "judge.onnx")


def kept_pieces(checkpoint: Checkpoint, texts: Sequence[str]) -> list[int]:
    """What the texts use, what frames them, and the most frequent of each script, in the old order."""
    whole = tokenizer(checkpoint.pieces, checkpoint.special["unk"], 2_000)
    kept = {piece for found in whole.encode_batch(list(texts)) for piece in found.ids}
    kept |= set(checkpoint.special.values())
    for script, most in SCRIPTS:
        kept |= set([at for at, (text, _) in enumerate(checkpoint.pieces) if script.fullmatch(text)][:most])
    return sorted(kept)


def write(judge: Judge, path: Path) -> None:
    judge.eval()
    pieces = torch.tensor([[0, 5, 6, 2], [0, 7, 2, 1]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "judge.onnx"
        torch.onnx.export(
            judge,
            (pieces, mask),
            str(whole),
            input_names=["pieces", "mask"],
            output_names=["logits"],
            dynamic_axes={
                "pieces": {0: "texts", 1: "length"},
                "mask": {0: "texts", 1: "length"},
                "logits": {0: "texts"},
            },
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(whole, path, weight_type=QuantType.QInt8, per_channel=True)


if __name__ == "__main__":
    main()
