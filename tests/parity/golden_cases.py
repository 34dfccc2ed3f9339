"""The golden cases: outputs of the published networks on weights that are rebuilt from names.

`python -m tests.parity.golden_cases` prints the parity table.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from swinsr.models import RestorationNetwork, from_published
from tests.golden.weights import golden_state

GOLDEN = Path(__file__).parents[1] / "golden"
INDEX: dict[str, dict[str, Any]] = json.loads((GOLDEN / "index.json").read_text())
RESTORATION = sorted(
    name for name, case in INDEX.items() if case["family"] in ("swinir", "swin2sr")
)
OUTPUTS = ("output", "output_1", "output_2")
BOUND = 2e-5
RESIDUAL_BOUND = 1e-6  # of output minus input, where img_range is 255


def golden_network(name: str) -> RestorationNetwork:
    """The network of a case, its weights rebuilt."""
    case = INDEX[name]
    network = from_published(case["family"], case["config"])
    state = golden_state(case["keys"])
    network.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()})
    return network


def differences(
    name: str,
    network: RestorationNetwork,
    run: Callable[[torch.Tensor], torch.Tensor | tuple[torch.Tensor, ...]] | None = None,
) -> list[float]:
    """Largest absolute difference of each output from the published network's.

    `run` is how the network is run, itself if not told.
    """
    with np.load(GOLDEN / f"{name}.npz") as case:
        published = [case[key] for key in OUTPUTS if key in case.files]
        image = case["input"]
    with torch.inference_mode():
        result = (run or network)(torch.from_numpy(image))
    ours = [t.numpy() for t in (result if isinstance(result, tuple) else (result,))]
    assert [o.shape for o in ours] == [p.shape for p in published]
    if network.config.img_range == 255.0:
        ours, published = [ours[0] - image], [published[0] - image]
    return [float(np.abs(o - p).max()) for o, p in zip(ours, published, strict=True)]


def bound(network: RestorationNetwork) -> float:
    """What the largest difference may be."""
    return RESIDUAL_BOUND if network.config.img_range == 255.0 else BOUND


def main() -> None:
    """Print the table of largest differences."""
    print(f"{'case':28}{'largest difference':>20}{'bound':>10}")
    for name in RESTORATION:
        network = golden_network(name)
        print(f"{name:28}{max(differences(name, network)):20.2e}{bound(network):10.0e}")


if __name__ == "__main__":
    main()
