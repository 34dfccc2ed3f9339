"""Measures what networks take of memory and fits the model in `swinsr.runtime.footprint`.

python -m tests.stress.fit_memory [--device cuda]      prints the measurements and the table
"""

import argparse
import dataclasses
import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from swinsr.models import RestorationNetwork

# Family, head, width, scale, channels: what a picture's memory depends on. Depth does not matter.
NETWORKS = [
    ("swinir", "pixelshuffledirect", 60, 4, 3),
    ("swinir", "pixelshuffledirect", 60, 2, 3),
    ("swinir", "pixelshuffledirect", 16, 4, 3),
    ("swinir", "pixelshuffle", 60, 4, 3),
    ("swinir", "pixelshuffle", 180, 4, 3),
    ("swinir", "pixelshuffle", 180, 2, 3),
    ("swinir", "pixelshuffle", 96, 3, 3),
    ("swinir", "nearest+conv", 180, 4, 3),
    ("swinir", "nearest+conv", 60, 2, 3),
    ("swinir", "", 180, 1, 3),
    ("swinir", "", 60, 1, 1),
    ("swin2sr", "pixelshuffledirect", 60, 2, 3),
    ("swin2sr", "pixelshuffle", 180, 4, 3),
    ("swin2sr", "pixelshuffle_aux", 180, 4, 3),
    ("swin2sr", "pixelshuffle_hf", 96, 2, 3),
    ("swin2sr", "nearest+conv", 96, 4, 3),
]
SIZES = [(64, 64), (160, 160), (288, 288), (64, 640), (400, 96), (48, 1200)]
LARGE = 50_000_000  # bytes; below, what the libraries take once is most of it
WAYS = [
    ("native", "float32"),
    ("native", "bfloat16"),
    ("modules", "float32"),
    ("modules", "bfloat16"),
]


def status(key: str) -> int:
    """A size of this process from /proc, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return 1024 * int(line.split()[1])
    raise KeyError(key)


def build(network: tuple[Any, ...]) -> "RestorationNetwork":
    """One of `NETWORKS`, of a single group of two blocks, on random weights."""
    import torch

    from swinsr.models import from_published

    family, head, dim, scale, channels = network
    torch.manual_seed(0)
    return from_published(
        family,
        {
            "upscale": scale,
            "in_chans": channels,
            "img_size": 64,
            "window_size": 8,
            "depths": [2],
            "num_heads": [dim // 10 if dim % 10 == 0 else dim // 16],
            "embed_dim": dim,
            "upsampler": head,
            "resi_connection": "1conv",
        },
    )


def measure(network: tuple[Any, ...], precision: str, device_name: str) -> None:
    """Print, for every size, the peak above what the process took before."""
    import torch

    from swinsr.inference import prepare
    from swinsr.inference.engine import NetworkEngine
    from swinsr.runtime.progress import silent

    channels, model = network[-1], build(network)
    device = torch.device(device_name)
    engine = NetworkEngine(prepare(model.to(device), precision), device, name="", task="")
    run = engine.run
    run(np.zeros((16, 16, channels), np.float32), silent)
    before: int | None = None
    for height, width in SIZES:
        planes = np.random.default_rng(0).random((height, width, channels), np.float32)
        gc.collect()
        if device.type == "cuda":
            torch.cuda.synchronize()
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_reserved()
            run(planes, silent)
            peak = torch.cuda.max_memory_reserved() - before
        else:
            Path("/proc/self/clear_refs").write_text("5")
            before = (
                min(status("VmRSS"), before) if (height, width) != SIZES[0] else status("VmRSS")
            )
            run(planes, silent)
            peak = status("VmHWM") - before
        print(json.dumps([height, width, peak]), flush=True)


def main() -> int:
    """Measure everything in processes of its own, then fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--way", type=int, help="only this one of the ways")
    parser.add_argument("--one", help="for the processes it starts")
    options = parser.parse_args()
    if options.one:
        network, precision = json.loads(options.one)
        measure(tuple(network), precision, options.device)
        return 0
    for block, precision in WAYS if options.way is None else [WAYS[options.way]]:
        found: list[tuple[Any, int, int, int]] = []
        for network in NETWORKS:
            child = [sys.executable, "-m", "tests.stress.fit_memory", "--device", options.device]
            done = subprocess.run(
                [*child, "--one", json.dumps([network, precision])],
                env={**os.environ, "SWINSR_BLOCK": block},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                print(done.stderr[-2000:])
                return 1
            for line in done.stdout.splitlines():
                print(json.dumps([block, precision, network, *json.loads(line)]), flush=True)
                found.append((network, *json.loads(line)))
        (check_native if block == "native" else fit)(f"{block} {precision}", found)
    return 0


def check_native(name: str, found: list[tuple[Any, int, int, int]]) -> None:
    """Print the least share that no measurement exceeds, of networks the kernels run whole."""
    from swinsr.inference import prepare
    from swinsr.runtime import footprint

    built = {network: prepare(build(network)) for network in NETWORKS}
    shares, ratios = [], []
    for network, height, width, peak in found:
        prepared = built[tuple(network)]
        ratios.append(footprint.footprint(prepared, height, width) / peak)
        if footprint.way_of(prepared) == "native":
            taken = footprint.native_bytes(prepared, height, width)
            shares.append((peak - footprint.NATIVE_CONSTANT) / taken)
    print(f"{name}: with a constant of {footprint.NATIVE_CONSTANT:.3g}, {max(shares):.3g}")
    large = [r for r, row in zip(ratios, found, strict=True) if row[3] > LARGE]
    print(f"  model / measured: least {min(ratios):.2f}, of large ones ", end="")
    print(f"median {np.median(large):.2f}, largest {max(large):.2f}")


def fit(name: str, found: list[tuple[Any, int, int, int]]) -> None:
    """Print the coefficients that no large measurement exceeds and that exceed none by much."""
    from scipy.optimize import linprog

    from swinsr.models.config import SwinIRConfig
    from swinsr.runtime.footprint import Terms

    large = [row for row in found if row[3] > LARGE]
    terms = np.array(
        [
            dataclasses.astuple(
                Terms.of(
                    SwinIRConfig(
                        upscale=n[3],
                        in_chans=n[4],
                        embed_dim=n[2],
                        num_heads=(1,),
                        depths=(1,),
                        upsampler=n[1] if n[1] in SwinIRConfig.upsamplers else "pixelshuffle",
                    ),
                    height,
                    width,
                )
            )
            for n, height, width, _ in large
        ]
    )
    peaks = np.array([float(row[3]) for row in large])
    terms[:, 4] = 1e7  # of the size of the others, for the solver
    # Least largest ratio, and a hundredth above every measurement. Pictures count at least once:
    # few of the networks are ruled by them.
    relative, column = terms / peaks[:, None], np.zeros((len(peaks), 1))
    found_best = linprog(
        [0, 0, 0, 0, 0, 1],
        A_ub=np.vstack([np.hstack([-relative, column]), np.hstack([relative, column - 1])]),
        b_ub=np.concatenate([np.full(len(peaks), -1.01), np.zeros(len(peaks))]),
        bounds=[(0, None), (1, None), *[(0, None)] * 4],
    )
    shares = found_best.x[:5]
    ratio = terms @ shares / peaks
    shares[4] *= 1e7
    print(f"{name}: {', '.join(f'{share:.3g}' for share in shares)}")
    print(f"  model / measured: median {np.median(ratio):.2f}, largest {ratio.max():.2f}")


if __name__ == "__main__":
    sys.exit(main())
