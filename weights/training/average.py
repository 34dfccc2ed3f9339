"""Average the weights of networks that were trained from the same one, as a start for another.

    python weights/training/average.py OUT.safetensors FILE SHARE [FILE SHARE ...]

Networks that continue one network lie in one valley, and between them the error is no larger, often
smaller (M. Wortsman et al., "Model soups", arXiv:2203.05482). They may be of other scales: what has
another shape, as the last convolution has, is the first file's. The shares sum to one. How the
first was trained stays in the metadata, with what was averaged.
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor

from swinsr.checkpoints import load, save
from swinsr.errors import ConfigError


def average(states: list[dict[str, Tensor]], shares: list[float]) -> dict[str, Tensor]:
    """The first's weights, averaged with the others' where all have them in its shape.

    Raises:
        ConfigError: shares that do not sum to one.
    """
    if abs(sum(shares) - 1) > 1e-6:
        raise ConfigError(f"the shares sum to {sum(shares):g}, not to one")
    first, *others = states
    result = {}
    for name, tensor in first.items():
        fits = all(name in other and other[name].shape == tensor.shape for other in others)
        if fits and tensor.is_floating_point():
            parts = (share * state[name] for share, state in zip(shares, states, strict=True))
            result[name] = torch.stack(list(parts)).sum(0)
        else:
            result[name] = tensor
    return result


def main() -> None:
    """Read the arguments and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("parts", nargs="+", metavar="FILE SHARE")
    given = parser.parse_args()
    files, shares = given.parts[::2], [float(share) for share in given.parts[1::2]]
    if len(files) != len(shares):
        parser.error("every file has a share")
    loaded = [load(Path(file)) for file in files]
    network = loaded[0].network
    network.load_state_dict(average([each.network.state_dict() for each in loaded], shares))
    first = loaded[0].metadata
    kept = {key: first[key] for key in ("recipe", "training", "machine") if key in first}
    names = (f"{share:g} of {Path(file).name}" for file, share in zip(files, shares, strict=True))
    provenance = {**kept, "average": ", ".join(names)}
    save(network, given.out, task=first["task"], provenance=provenance)


if __name__ == "__main__":
    main()
