"""Trains the judge on the written pairs; see README.md beside this file for the recipe.

python -m services.consistency.training.train --pairs 'services/consistency/training/pairs.*.jsonl' --out judge.pt
"""

import argparse
import glob
import random
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from sklearn.metrics import average_precision_score, precision_recall_curve
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from services.consistency.training.checkpoint import bundled, read_checkpoint
from services.consistency.training.network import Encoder, Judge
from services.consistency.training.pairs import Example, Pair, examples, held, read_pairs
from services.consistency.training.pieces import tokenizer

LONGEST = 96


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="a judge trained before, to go on from")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--frozen", type=int, default=0, help="how many of the first layers keep their weights")
    parser.add_argument("--minutes", type=float, default=60.0, help="no new epoch is begun that would end after this")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    checkpoint = read_checkpoint(bundled())
    judge = Judge(Encoder(checkpoint), checkpoint.sizes["width"])
    if given.start:
        judge.load_state_dict(torch.load(given.start, weights_only=True), strict=False)
    freeze(judge, given.frozen)
    cut = tokenizer(checkpoint.pieces, checkpoint.special["unk"], LONGEST)
    paths = sorted(Path(name) for pattern in given.pairs for name in glob.glob(pattern))
    pairs = read_pairs(paths)
    train(judge, cut, [p for p in pairs if not held(p)], [p for p in pairs if held(p)], given)


def freeze(judge: Judge, layers: int) -> None:
    encoder = judge.encoder
    if layers:
        for part in (encoder.places, encoder.sides, encoder.norm, *list(encoder.layers)[:layers]):
            part.requires_grad_(False)


def train(judge: Judge, cut: Tokenizer, pairs: Sequence[Pair], kept: Sequence[Pair], given: argparse.Namespace) -> None:
    chance = random.Random(given.seed)  # noqa: S311 - draws examples, keeps nothing secret
    first = examples(pairs, chance)
    steps = given.epochs * (len(first) // given.batch + 1)
    weights = [weight for weight in judge.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=given.rate, weight_decay=0.01)
    rate = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, given.rate, total_steps=steps + 50, pct_start=0.1, anneal_strategy="linear"
    )
    print(f"{len(pairs)} pairs to learn from, {len(kept)} kept apart, {len(first)} examples an epoch", flush=True)
    best, began = 0.0, time.monotonic()
    for epoch in range(given.epochs):
        judge.train()
        total, count = 0.0, 0
        for batch in batches(examples(pairs, chance), given.batch, cut, chance):
            pieces, mask = encoded([example.texts for example in batch], cut)
            wanted = torch.tensor([float(example.label) for example in batch])
            # Six examples in ten are of no clash; the weight evens that out. Labels are softened a little.
            # Half-precision products take a third of the time on current processors.
            with torch.autocast("cpu", torch.bfloat16):
                logits = judge(pieces, mask)
            loss = functional.binary_cross_entropy_with_logits(
                logits.float(), wanted * 0.94 + 0.03, pos_weight=torch.tensor(1.4)
            )
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            rate.step()
            total, count = total + float(loss.detach()), count + 1
        print(f"  learnt in {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
        score = report(judge, cut, kept)
        spent = (time.monotonic() - began) / 60
        print(f"epoch {epoch + 1}: loss {total / count:.3f}, {spent:.1f} minutes", flush=True)
        if score > best:
            best = score
            torch.save({name: t for name, t in judge.state_dict().items() if "words" not in name}, given.out)
        if spent * (epoch + 2) / (epoch + 1) > given.minutes:
            break


def batches(found: list[Example], size: int, cut: Tokenizer, chance: random.Random) -> list[list[Example]]:
    """Batches of texts of like length, in random order."""
    lengths = [len(one.ids) - one.attention_mask.count(0) for one in cut.encode_batch([e.texts for e in found])]
    found = [found[at] for at in sorted(range(len(found)), key=lambda at: lengths[at] + chance.random() * 4)]
    made = [found[at : at + size] for at in range(0, len(found), size)]
    chance.shuffle(made)
    return made


def encoded(texts: Sequence[tuple[str, str]], cut: Tokenizer) -> tuple[Tensor, Tensor]:
    found = cut.encode_batch(list(texts))
    return torch.tensor([one.ids for one in found]), torch.tensor([one.attention_mask for one in found])


def scores(judge: Judge, cut: Tokenizer, texts: Sequence[tuple[str, str]], size: int = 64) -> list[float]:
    """Probabilities, in the order of `texts`."""
    judge.eval()
    order = sorted(range(len(texts)), key=lambda at: len(texts[at][0]) + len(texts[at][1]))
    found = [0.0] * len(texts)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(order), size):
            part = order[start : start + size]
            for at, value in zip(
                part, judge(*encoded([texts[i] for i in part], cut)).float().sigmoid().tolist(), strict=True
            ):
                found[at] = value
    return found


def report(judge: Judge, cut: Tokenizer, kept: Sequence[Pair]) -> float:
    """Average precision of the keys, by language and in all."""
    found = scores(judge, cut, [pair.keys for pair in kept])
    labels = [pair.label for pair in kept]
    for language in ("en", "ru", "zh"):
        of = [at for at, pair in enumerate(kept) if pair.language == language]
        score = average_precision_score([labels[at] for at in of], [found[at] for at in of])
        print(f"  {language} average precision {score:.3f} ({len(of)} pairs)", flush=True)
    precision, recall, _ = precision_recall_curve(labels, found)
    f1 = max(2 * p * r / (p + r) for p, r in zip(precision, recall, strict=True) if p + r)
    score = float(average_precision_score(labels, found))
    print(f"  all: average precision {score:.3f}, best F1 {f1:.3f}", flush=True)
    return score


if __name__ == "__main__":
    main()
