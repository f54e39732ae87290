"""Reads a shipped comparer back into a checkpoint, so that training can go on where it ended.

python -m services.consistency.training.restore --model services/consistency/model --out comparer.pt
"""

import argparse
import re
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

TABLE = re.compile(r"(?:comparer\.)?(encoder\.(?:places|sides)\.weight)_quantized$")
PLACE = re.compile(r"(layers\.\d+/(?:query|key|value|output|widen|narrow)|(?:head|glancing)\.\d+)/\w*MatMul")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    weights: dict[str, Tensor] = {}
    for path in sorted(given.model.glob("*.onnx")):
        weights |= restored(path)
    torch.save(weights, given.out)
    print(f"{len(weights)} tensors in {given.out}")


def restored(path: Path) -> dict[str, Tensor]:
    """The weights by the names of `network.Comparer`, within what eight bits keep; without the word vectors,
    which are the base's."""
    graph = onnx.load(path).graph
    arrays = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    found = {
        name.removeprefix("comparer."): torch.from_numpy(array.copy())
        for name, array in arrays.items()
        if re.match(r"(comparer\.)?(encoder|head|glancing)\.", name)
        and not re.search(r"_(scale|zero_point|quantized)$", name)
    }
    for name in arrays:
        if table := TABLE.match(name):
            found[table[1]] = whole(arrays, name.removesuffix("_quantized"))
    for node in graph.node:
        place = PLACE.search(node.name)
        if node.op_type == "MatMulInteger" and place is not None:
            part = place[1].replace("/", ".")
            name = f"encoder.{part}.weight" if part.startswith("layers") else f"{part}.weight"
            found[name] = whole(arrays, node.input[1].removesuffix("_quantized")).T.contiguous()
    return found


def whole(arrays: dict[str, np.ndarray], name: str) -> Tensor:
    scale, zero = arrays[f"{name}_scale"], arrays[f"{name}_zero_point"]
    numbers = arrays[f"{name}_quantized"].astype(np.float32) - zero.astype(np.float32)
    return torch.from_numpy(numbers * scale.astype(np.float32))


if __name__ == "__main__":
    main()
