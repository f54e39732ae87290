"""A small entailment model, written byte by byte as an ONNX file: each word adds to the log-odds of three answers."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordLevel
from tokenizers.processors import TemplateProcessing

FLOAT, INT64 = 1, 7
INTS = 7
Weights = Mapping[str, Sequence[float]]
START = "[CLS]"


def write_model(folder: Path, weights: Weights, inputs: Sequence[str] = ("input_ids", "attention_mask")) -> Path:
    """`weights` by word, of `START` those that all texts have; words that are not listed weigh nothing."""
    folder.mkdir(exist_ok=True)
    words = [START, "[SEP]", "[UNK]", *(word for word in weights if word != START)]
    width = len(next(iter(weights.values())))
    rows = [value for word in words for value in weights.get(word, [0.0] * width)]
    write_tokenizer(folder / "tokenizer.json", words)
    table = message((1, len(words)), (1, width), (2, FLOAT), (8, "table"), (9, struct.pack(f"<{len(rows)}f", *rows)))
    axes = message((1, "axes"), (8, 1), (20, INTS))
    keep = message((1, "keepdims"), (3, 0), (20, 2))
    graph = message(
        (1, message((1, "table"), (1, inputs[0]), (2, "weights"), (4, "Gather"))),
        (1, message((1, "weights"), (2, "logits"), (4, "ReduceSum"), (5, axes), (5, keep))),
        (2, "tiny"),
        (5, table),
        *((11, value(name, INT64, 1, "length")) for name in inputs),
        (12, value("logits", FLOAT, 1, width)),
    )
    model = message((1, 7), (7, graph), (8, message((1, ""), (2, 11))))
    (folder / "model.onnx").write_bytes(model)
    return folder


def write_tokenizer(path: Path, words: Sequence[str]) -> None:
    tokenizer = Tokenizer(WordLevel({word: at for at, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[(START, 0), ("[SEP]", 1)]
    )
    tokenizer.save(str(path))


def value(name: str, kind: int, *shape: int | str) -> bytes:
    dimensions = [(1, message((1, size) if isinstance(size, int) else (2, size))) for size in shape]
    return message((1, name), (2, message((1, message((1, kind), (2, message(*dimensions)))))))


def message(*fields: tuple[int, int | str | bytes]) -> bytes:
    """Fields by number as Protocol Buffers write them: integers by sevens of bits, the rest with its length."""
    parts = []
    for number, content in fields:
        if isinstance(content, int):
            parts += [varint(number << 3), varint(content)]
        else:
            raw = content.encode() if isinstance(content, str) else content
            parts += [varint(number << 3 | 2), varint(len(raw)), raw]
    return b"".join(parts)


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])
