"""What bfloat16 costs with the bundled weights: PSNR on Y, and how far 8-bit pixels move.

    python -m benchmarks.precision path/to/testsets [--sets Set5 Set14] [-o benchmarks/results]

`path/to/testsets/Set5` holds the published test pictures in any layout that `swinsr evaluate`
reads; networks for noise get 25 levels of it, those for JPEG artefacts quality 20. Each bundled
network runs in float32 and in bfloat16. The bounds: PSNR at most 0.01 dB less
on each set, and 99.9% of the values of each set at most 1 of 255 levels apart.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch

from swinsr.evaluation.condition import Condition
from swinsr.evaluation.layout import list_items
from swinsr.evaluation.sample import load_sample
from swinsr.image import to_depth
from swinsr.inference import Upscaler
from swinsr.metrics import psnr_ssim_y
from swinsr.zoo import bundled_models

LARGEST_LOSS, LEAST_SHARE = 0.01, 0.999
PRECISIONS = ("float32", "bfloat16")


def condition_of(task: str, scale: int) -> Condition:
    """What the inputs of a bundled network are."""
    damaged = {
        "color_denoise": Condition("noise", level=25),
        "color_jpeg": Condition("jpeg", level=20),
    }
    return damaged.get(task, Condition("sr", scale))


def compare(model: str, condition: Condition, folder: Path, images: int | None) -> dict[str, float]:
    """One model on one set: mean PSNR in each precision, and the share of values that stay."""
    upscalers = [Upscaler.from_pretrained(model, device="cpu", precision=p) for p in PRECISIONS]
    psnr: list[list[float]] = [[], []]
    near = total = 0
    for item in list_items(folder, condition).items[:images]:
        sample = load_sample(item, condition)
        outputs = []
        for values, upscaler in zip(psnr, upscalers, strict=True):
            planes = upscaler(np.clip(sample.source, 0.0, 1.0))
            outputs.append(to_depth(planes, np.uint8))
            values.append(psnr_ssim_y(outputs[-1], sample.truth, border=condition.border).psnr)
        apart = np.abs(outputs[0].astype(int) - outputs[1].astype(int))
        near, total = near + int((apart <= 1).sum()), total + apart.size
    exact, rough = (float(np.mean(values)) for values in psnr)
    return {"float32": exact, "bfloat16": rough, "loss": exact - rough, "within": near / total}


def main() -> int:
    """Compare, print and perhaps write; 1 where a bound is broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder that holds the sets")
    parser.add_argument("--sets", nargs="+", default=["Set5", "Set14"])
    parser.add_argument("--images", type=int, help="of each set, for a quick look")
    parser.add_argument("-o", "--output", type=Path, help="folder for precision.json and .md")
    given = parser.parse_args()
    lines = [
        "| model | set | float32, dB | bfloat16, dB | cost, dB | values within 1 level |",
        "|---|---|---|---|---|---|",
    ]
    results: dict[str, dict[str, float]] = {}
    good = True
    for note in Upscaler.from_pretrained("swinsr-light-x4", precision="bfloat16").engine.notes:
        print(f"note: {note}")
    print(*lines, sep="\n", flush=True)
    for entry in bundled_models():
        for name in given.sets:
            with torch.inference_mode():
                found = compare(
                    entry.name,
                    condition_of(entry.task, entry.scale),
                    given.data / name,
                    given.images,
                )
            results[f"{entry.name} {name}"] = found
            good &= found["loss"] <= LARGEST_LOSS and found["within"] >= LEAST_SHARE
            lines.append(
                f"| {entry.name} | {name} | {found['float32']:.3f} | {found['bfloat16']:.3f} | "
                f"{found['loss']:+.4f} | {found['within']:.4%} |"
            )
            print(lines[-1], flush=True)
    print("within the bounds" if good else "a bound is broken")
    if given.output:
        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / "precision.json").write_text(json.dumps(results, indent=1) + "\n")
        (given.output / "precision.md").write_text("\n".join(lines) + "\n")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
