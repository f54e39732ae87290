"""The encoder of multilingual-e5-small in torch, with heads that say what two texts are to each other."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from services.consistency.training.checkpoint import Checkpoint

HEADS = ("conflict", "change", "same")
"""Both cannot hold; the later one announces that it changes the earlier; both say the same."""
GLANCED = 4
"""After so many layers most pairs can be told to have nothing to do with each other, at a third of the time."""


class Layer(nn.Module):
    def __init__(self, width: int, heads: int, inner: int, epsilon: float, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))
        self.attention_norm = nn.LayerNorm(width, eps=epsilon)
        self.widen, self.narrow = nn.Linear(width, inner), nn.Linear(inner, width)
        self.output_norm = nn.LayerNorm(width, eps=epsilon)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, hidden: Tensor) -> Tensor:
        """`states` as [texts, pieces, width]; `hidden` as [texts, 1, 1, pieces], very low where there is padding."""
        query, key, value = (self.split(part(states)) for part in (self.query, self.key, self.value))
        weights = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1]) + hidden
        mixed = (self.dropout(weights.softmax(-1)) @ value).transpose(1, 2).flatten(2)
        states = self.attention_norm(states + self.dropout(self.output(mixed)))
        return self.output_norm(states + self.dropout(self.narrow(functional.gelu(self.widen(states)))))

    def split(self, states: Tensor) -> Tensor:
        return states.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class Encoder(nn.Module):
    def __init__(self, checkpoint: Checkpoint, dropout: float = 0.0) -> None:
        super().__init__()
        width, heads, inner = (checkpoint.sizes[name] for name in ("width", "heads", "inner"))
        given = {name: torch.from_numpy(array) for name, array in checkpoint.tensors.items()}
        self.words = nn.Embedding.from_pretrained(given["emb.word"], freeze=True)
        self.places = nn.Embedding.from_pretrained(given["emb.pos"], freeze=False)
        self.sides = nn.Embedding.from_pretrained(given["emb.type"].reshape(2, width), freeze=False)
        self.norm = nn.LayerNorm(width, eps=checkpoint.epsilon)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(
            Layer(width, heads, inner, checkpoint.epsilon, dropout) for _ in range(checkpoint.sizes["layers"])
        )
        self.load_state_dict(named(given, width))
        with torch.no_grad():  # the base has seen single texts alone: both sides begin alike
            self.sides.weight[1] = self.sides.weight[0]

    def lower(self, pieces: Tensor, mask: Tensor, sides: Tensor) -> Tensor:
        """Pieces, mask and sides (0: first text, 1: second) as [texts, pieces]; gives [texts, pieces, width]."""
        places = torch.arange(pieces.shape[1], device=pieces.device)
        states = self.words(pieces) + self.places(places) + self.sides(sides)
        states = self.dropout(self.norm(states))
        for layer in list(self.layers)[:GLANCED]:
            states = layer(states, hidden(mask, states))
        return states

    def upper(self, states: Tensor, mask: Tensor) -> Tensor:
        for layer in list(self.layers)[GLANCED:]:
            states = layer(states, hidden(mask, states))
        return states


def hidden(mask: Tensor, states: Tensor) -> Tensor:
    return (1.0 - mask[:, None, None, :].to(states.dtype)) * -10000.0


def named(given: dict[str, Tensor], width: int) -> dict[str, Tensor]:
    """The tensors of the file under the names that the modules above have."""
    parts = {
        "q": "query", "k": "key", "v": "value", "ao": "output",
        "aln": "attention_norm", "fi": "widen", "fo": "narrow", "oln": "output_norm",
    }  # fmt: skip
    ends = {"w": "weight", "b": "bias"}
    found = {
        "words.weight": given["emb.word"],
        "places.weight": given["emb.pos"],
        "sides.weight": given["emb.type"].reshape(2, width),
        "norm.weight": given["emb.ln.w"],
        "norm.bias": given["emb.ln.b"],
    }
    for name, tensor in given.items():
        layer, *rest = name.split(".")
        if layer != "emb":
            found[f"layers.{layer[1:]}.{parts[rest[0]]}.{ends[rest[1]]}"] = tensor
    return found


class Comparer(nn.Module):
    """The log-odds of the heads for two texts encoded as one, after the first layers and after all."""

    def __init__(self, encoder: Encoder, width: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.glancing, self.head = (
            nn.Sequential(nn.Linear(2 * width, width), nn.Tanh(), nn.Dropout(0.1), nn.Linear(width, len(HEADS)))
            for _ in range(2)
        )

    def forward(self, pieces: Tensor, mask: Tensor, sides: Tensor) -> tuple[Tensor, Tensor]:
        glanced, states = self.glance(pieces, mask, sides)
        return glanced, self.read(states, mask)

    def glance(self, pieces: Tensor, mask: Tensor, sides: Tensor) -> tuple[Tensor, Tensor]:
        """Log-odds after the first layers, and the states from which `read` goes on."""
        states = self.encoder.lower(pieces, mask, sides)
        return self.glancing(pooled(states, mask)), states

    def read(self, states: Tensor, mask: Tensor) -> Tensor:
        return self.head(pooled(self.encoder.upper(states, mask), mask))


def pooled(states: Tensor, mask: Tensor) -> Tensor:
    return torch.cat([mean(states, mask), states[:, 0]], dim=-1)


def mean(states: Tensor, mask: Tensor) -> Tensor:
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)
