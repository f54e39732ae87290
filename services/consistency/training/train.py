"""Trains the comparer on drawn examples; see README.md beside this file for the recipe.

python -m services.consistency.training.train --examples examples.jsonl --out comparer.pt
"""

import argparse
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from sklearn.metrics import average_precision_score, precision_recall_curve
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from services.consistency.training.checkpoint import bundled, read_checkpoint
from services.consistency.training.network import HEADS, Comparer, Encoder
from services.consistency.training.pieces import tokenizer

LONGEST = 320
WEIGHTS = (1.0, 0.3, 0.5)
"""How much the loss of each head counts."""
GLANCE = 0.25
"""How much the loss after the first layers counts."""
SOFT = 0.02
EVERY = 25
"""Steps from one line of progress to the next."""


@dataclass(frozen=True, slots=True)
class Example:
    texts: tuple[str, str]
    wanted: tuple[float, ...]
    language: str
    origin: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="a comparer trained before, to go on from")
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1.5e-4)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--frozen", type=int, default=0, help="how many of the first layers keep their weights")
    parser.add_argument("--steady", action="store_true", help="keep the rate, for a further run goes on from here")
    parser.add_argument("--most", type=int, default=0, help="train on so many examples at the most; 0: all")
    parser.add_argument(
        "--single",
        action="store_true",
        help="single precision: faster on a processor without instructions for half precision (avx512_bf16, amx_bf16)",
    )
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    checkpoint = read_checkpoint(bundled())
    comparer = Comparer(Encoder(checkpoint), checkpoint.sizes["width"])
    if given.start:
        comparer.load_state_dict(torch.load(given.start, weights_only=True), strict=False)
    freeze(comparer, given.frozen)
    cut = tokenizer(checkpoint.pieces, checkpoint.special["unk"], LONGEST)
    learning, kept = read_examples(given.examples)
    train(comparer, cut, learning, kept, given)


def read_examples(path: Path) -> tuple[list[Example], list[Example]]:
    """To learn from, and kept apart."""
    found: tuple[list[Example], list[Example]] = ([], [])
    for line in path.read_text("utf-8").splitlines():
        plain = json.loads(line)
        wanted = tuple(float(plain["label"] == head) for head in HEADS)
        example = Example((plain["first"], plain["second"]), wanted, plain["language"], plain["origin"])
        found[bool(plain["held"])].append(example)
    return found


def freeze(comparer: Comparer, layers: int) -> None:
    encoder = comparer.encoder
    if layers:
        for part in (encoder.places, encoder.norm, *list(encoder.layers)[:layers]):
            part.requires_grad_(False)


def train(
    comparer: Comparer, cut: Tokenizer, learning: list[Example], kept: list[Example], given: argparse.Namespace
) -> None:
    chance = random.Random(given.seed)  # noqa: S311 - draws examples, keeps nothing secret
    if given.most:
        learning = chance.sample(learning, min(given.most, len(learning)))
    steps = int(given.epochs * (len(learning) / given.batch)) + 1
    weights = [weight for weight in comparer.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=given.rate, weight_decay=0.01)
    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: course(step, steps, given.steady))
    print(f"{len(learning)} examples to learn from, {len(kept)} kept apart, {steps} steps", flush=True)
    began, step, total = time.monotonic(), 0, 0.0
    while step < steps:
        for batch in batches(learning, given.batch, cut, chance):
            if step >= steps:
                break
            comparer.train()
            loss = loss_of(comparer, cut, batch, not given.single)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            rate.step()
            step, total = step + 1, total + float(loss.detach())
            if step % EVERY == 0 or step == steps:
                spent = (time.monotonic() - began) / 60
                left = spent / step * (steps - step)
                print(f"step {step}: loss {total / EVERY:.3f}, {spent:.1f} minutes, {left:.1f} to go", flush=True)
                total = 0.0
            if step % 250 == 0:
                save(comparer, given.out)
    save(comparer, given.out)
    report(comparer, cut, kept, not given.single)


def course(step: int, steps: int, steady: bool) -> float:
    """The share of the rate at a step: up over the first fiftieth or so, then down to nothing, or steady."""
    warm = min(1.0, (step + 1) / min(100, steps / 10 + 1))
    return warm if steady else warm * max(0.02, 1 - step / steps)


def save(comparer: Comparer, path: Path) -> None:
    torch.save({name: weight for name, weight in comparer.state_dict().items() if "words" not in name}, path)


def loss_of(comparer: Comparer, cut: Tokenizer, batch: Sequence[Example], half: bool) -> Tensor:
    wanted = torch.tensor([example.wanted for example in batch])
    # Half-precision products take a third of the time on processors that have them.
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        glanced, logits = comparer(*encoded([example.texts for example in batch], cut))
    return loss_by(logits, wanted) + GLANCE * loss_by(glanced, wanted)


def loss_by(logits: Tensor, wanted: Tensor) -> Tensor:
    each = functional.binary_cross_entropy_with_logits(logits.float(), wanted * (1 - 2 * SOFT) + SOFT, reduction="none")
    return (each.mean(0) * torch.tensor(WEIGHTS)).sum()


def batches(found: list[Example], size: int, cut: Tokenizer, chance: random.Random) -> list[list[Example]]:
    """Batches of texts of like length, in random order."""
    lengths = [sum(map(len, example.texts)) for example in found]
    found = [found[at] for at in sorted(range(len(found)), key=lambda at: lengths[at] * (0.85 + 0.3 * chance.random()))]
    made = [found[at : at + size] for at in range(0, len(found), size)]
    chance.shuffle(made)
    return made


def encoded(texts: Sequence[tuple[str, str]], cut: Tokenizer) -> tuple[Tensor, Tensor, Tensor]:
    found = cut.encode_batch(list(texts))
    pieces = torch.tensor([one.ids for one in found])
    sides = torch.tensor([one.type_ids for one in found])
    return pieces, torch.tensor([one.attention_mask for one in found]), sides


def scores(
    comparer: Comparer, cut: Tokenizer, texts: Sequence[tuple[str, str]], half: bool, size: int = 64
) -> list[list[float]]:
    """Probabilities of the heads, in the order of `texts`."""
    comparer.eval()
    order = sorted(range(len(texts)), key=lambda at: len(texts[at][0]) + len(texts[at][1]))
    found: list[list[float]] = [[] for _ in texts]
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=half):
        for start in range(0, len(order), size):
            part = order[start : start + size]
            _, logits = comparer(*encoded([texts[i] for i in part], cut))
            values = logits.float().sigmoid().tolist()
            for at, value in zip(part, values, strict=True):
                found[at] = value
    return found


def report(comparer: Comparer, cut: Tokenizer, kept: Sequence[Example], half: bool) -> None:
    """Average precision of the first head, by language and in all."""
    if not kept:
        return
    found = [score[0] for score in scores(comparer, cut, [example.texts for example in kept], half)]
    labels = [int(example.wanted[0]) for example in kept]
    for language in ("en", "ru", "zh"):
        of = [at for at, example in enumerate(kept) if example.language == language]
        if any(labels[at] for at in of):
            score = average_precision_score([labels[at] for at in of], [found[at] for at in of])
            print(f"  {language} average precision {score:.3f} ({len(of)} examples)", flush=True)
    precision, recall, _ = precision_recall_curve(labels, found)
    f1 = max(2 * p * r / (p + r) for p, r in zip(precision, recall, strict=True) if p + r)
    print(f"  all: average precision {average_precision_score(labels, found):.3f}, best F1 {f1:.3f}", flush=True)


if __name__ == "__main__":
    main()
