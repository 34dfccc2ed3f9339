"""The golden cases: outputs of the published networks on weights that are rebuilt from names.

    python -m tests.parity.golden_cases             # print the parity table
    python -m tests.parity.golden_cases --measure   # what float32 itself costs, into index.json

A network may differ from the published output by twice what the published arithmetic in float32
(PyTorch's own operators, in the published order) differs from float64 on the same weights. That
depends on the order in which an instruction set sums; `index.json` has it, as `rounding`, for each
set that PyTorch has, and the largest counts: the bound is the same on every machine.
"""

import argparse
import json
import os
import subprocess
import sys
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
ALLOWED = 2.0
# Variables under which PyTorch takes an instruction set.
SETS = {
    "default": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"},
    "avx2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "avx512": {"ATEN_CPU_CAPABILITY": "avx512", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE"},
}
Output = torch.Tensor | tuple[torch.Tensor, ...]


def golden_network(name: str) -> RestorationNetwork:
    """The network of a case, its weights rebuilt."""
    case = INDEX[name]
    network = from_published(case["family"], case["config"])
    state = golden_state(case["keys"])
    network.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()})
    return network


def _outputs(name: str) -> tuple[np.ndarray, list[np.ndarray]]:
    """The input of a case, and what the published network made of it."""
    with np.load(GOLDEN / f"{name}.npz") as case:
        return case["input"], [case[key] for key in OUTPUTS if key in case.files]


def _largest(
    network: RestorationNetwork,
    image: np.ndarray,
    found: list[np.ndarray],
    truth: list[np.ndarray],
) -> list[float]:
    """Largest absolute difference of each output; of output minus input where img_range is 255."""
    assert [f.shape for f in found] == [t.shape for t in truth]
    if network.config.img_range == 255.0:
        found, truth = [found[0] - image], [truth[0] - image]
    return [float(np.abs(f - t).max()) for f, t in zip(found, truth, strict=True)]


def _arrays(result: Output) -> list[np.ndarray]:
    return [t.numpy() for t in (result if isinstance(result, tuple) else (result,))]


def differences(
    name: str,
    network: RestorationNetwork,
    run: Callable[[torch.Tensor], Output] | None = None,
) -> list[float]:
    """Largest absolute difference of each output from the published network's.

    `run` is how the network is run, itself if not told.
    """
    image, published = _outputs(name)
    with torch.inference_mode():
        ours = _arrays((run or network)(torch.from_numpy(image)))
    return _largest(network, image, ours, published)


def bound(name: str) -> float:
    """What the largest difference may be."""
    return ALLOWED * max(INDEX[name]["rounding"].values())


def rounding(name: str) -> float:
    """How far the published arithmetic in float32 is from float64, by this process's operators."""
    os.environ |= {"SWINSR_BLOCK": "modules", "SWINSR_ATTENTION": "reference"}
    image, published = _outputs(name)
    network = golden_network(name)
    with torch.inference_mode():
        single = _arrays(network(torch.from_numpy(image)))
        double = _arrays(network.double()(torch.from_numpy(image).double()))
    here = _largest(network, image, single, double)
    stored = _largest(network, image, published, double)  # the published network's own machine
    return max(*here, *stored)


def measure() -> None:
    """Write every case's `rounding` for the instruction sets that this machine has."""
    for label, variables in SETS.items():
        if label == "avx512" and torch.backends.cpu.get_cpu_capability() != "AVX512":
            sys.stderr.write("this processor has no AVX-512; its numbers stay as they are\n")
            continue
        command = [sys.executable, "-m", "tests.parity.golden_cases", "--rounding"]
        done = subprocess.run(
            command, env=os.environ | variables, stdout=subprocess.PIPE, text=True, check=True
        )
        for name, value in json.loads(done.stdout).items():
            INDEX[name].setdefault("rounding", {})[label] = value
    (GOLDEN / "index.json").write_text(json.dumps(INDEX))


def main() -> None:
    """Print the table of largest differences, or measure what they may be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measure", action="store_true", help="write index.json")
    parser.add_argument("--rounding", action="store_true", help="print this process's as JSON")
    given = parser.parse_args()
    if given.measure:
        return measure()
    if given.rounding:
        return print(json.dumps({n: float(f"{rounding(n):.2e}") for n in RESTORATION}))
    print(f"{'case':28}{'largest difference':>20}{'bound':>10}")
    for name in RESTORATION:
        worst = max(differences(name, golden_network(name)))
        print(f"{name:28}{worst:20.2e}{bound(name):10.1e}")


if __name__ == "__main__":
    main()
