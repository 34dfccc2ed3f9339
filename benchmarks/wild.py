"""Pictures as people have them: every bundled network, the automatic choice, and the best of all.

    python -m benchmarks.wild FOLDER [--scales 4] [--models NAME...] [--images N]
        [-o benchmarks/results]

FOLDER holds good pictures. Each is reduced (Pillow's bicubic) and damaged as the conditions below
say, saved as the file that a user would have, and enlarged as `swinsr upscale` does it: what is
scored is what lands on the disk. PSNR and SSIM on Y, a border of the scale cut off; SSIMULACRA 2,
which is nearer the eye (`pip install ssimulacra2`; 90 and above can hardly be told from the truth,
30 is low quality). "auto" is the program without --model; "best" takes for each picture the network
that did best. With --models only these are measured, and put beside what an earlier run wrote.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from ssimulacra2 import compute_ssimulacra2

from swinsr import Settings
from swinsr.files.convert import convert
from swinsr.files.engines import Engines
from swinsr.files.plan import Job
from swinsr.image import read_image, to_rgb
from swinsr.metrics import psnr_ssim_y
from swinsr.zoo import bundled_models

Bytes = NDArray[np.uint8]
Scores = tuple[float, float, float]
Found = dict[str, dict[str, list[Scores]]]  # by condition and contender
# Place in `Scores`, digits in tables, name.
MEASURES = ((0, 2, "PSNR-Y, dB"), (1, 4, "SSIM"), (2, 1, "SSIMULACRA 2"))
AUTO = "auto"
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".bmp")


def _noisy(picture: Image.Image, level: float) -> Image.Image:
    noise = np.random.default_rng(0).normal(0, level, (picture.height, picture.width, 3))
    return Image.fromarray((np.asarray(picture) + noise).clip(0, 255).round().astype(np.uint8))


def _jpeg(quality: int) -> Callable[[Image.Image, Path], Path]:
    def save(picture: Image.Image, stem: Path) -> Path:
        path = stem.with_suffix(".jpg")
        picture.save(path, quality=quality, subsampling="4:2:0")
        return path

    return save


def _png(picture: Image.Image, stem: Path) -> Path:
    path = stem.with_suffix(".png")
    picture.save(path)
    return path


def _again(picture: Image.Image, stem: Path) -> Path:
    """A JPEG that was resized by 0.9 and saved without loss: so it was larger by 1 / 0.9."""
    size = picture.size
    larger = picture.resize((round(size[0] / 0.9), round(size[1] / 0.9)), Image.Resampling.BICUBIC)
    with Image.open(_jpeg(80)(larger, stem)) as saved:
        return _png(saved.resize(size, Image.Resampling.BICUBIC), stem)


CONDITIONS: dict[str, Callable[[Image.Image, Path], Path]] = {
    "clean": _png,
    "q95": _jpeg(95),
    "q85": _jpeg(85),
    "q75": _jpeg(75),
    "q60": _jpeg(60),
    "q40": _jpeg(40),
    "noise 5": lambda p, s: _png(_noisy(p, 5), s),
    "noise 10": lambda p, s: _png(_noisy(p, 10), s),
    "q75, noise 5": lambda p, s: _jpeg(75)(_noisy(p, 5), s),
    "q80, resized": _again,
}


def names_at(scale: int) -> list[str]:
    """What is compared at a scale, as tables name it."""
    return ["bicubic", *(m.name for m in bundled_models() if m.scale == scale), AUTO]


def settings_of(name: str, scale: int) -> Settings:
    """How the command runs a contender."""
    return Settings(model=None if name == AUTO else name, scale=scale, overwrite=True)


def merged(found: Found, earlier: Found, scale: int) -> Found:
    """What was found now, and what an earlier run found of the other contenders and conditions."""
    result: Found = {}
    for condition in CONDITIONS:
        scores = {**earlier.get(condition, {}), **found.get(condition, {})}
        if scores:
            result[condition] = {name: scores[name] for name in names_at(scale) if name in scores}
    return result


def measure(
    truth: Bytes,
    scale: int,
    condition: str,
    models: dict[str, tuple[Settings, Engines]],
    folder: Path,
) -> dict[str, Scores]:
    """`MEASURES` of one picture under one condition, by contender."""
    height, width = truth.shape[0] // scale, truth.shape[1] // scale
    truth = truth[: height * scale, : width * scale]
    small = Image.fromarray(truth).resize((width, height), Image.Resampling.BICUBIC)
    source = CONDITIONS[condition](small, folder / "in")
    Image.fromarray(truth).save(folder / "truth.png")
    scores: dict[str, Scores] = {}
    known: dict[bytes, Scores] = {}  # what "auto" chose was measured under its name
    for name, (settings, engines) in models.items():
        output = folder / "out.png"
        convert(engines, Job(source, output), settings, lambda share: None)
        pixels = to_rgb(read_image(output).pixels)
        key = pixels.tobytes()
        if key not in known:
            score = psnr_ssim_y(pixels, truth, border=scale)
            eye = compute_ssimulacra2(str(folder / "truth.png"), str(output))
            known[key] = (score.psnr, score.ssim, float(eye))
        scores[name] = known[key]
    return scores


def table(found: Found, place: int, digits: int) -> str:
    """Means by condition and contender, and of the best for each picture, as Markdown."""
    first, *others = found.values()
    names = [name for name in first if all(name in each for each in others)]
    lines = [f"| | {' | '.join(names)} | best |", "|---" * (len(names) + 2) + "|"]
    for condition, scores in found.items():
        columns = [[score[place] for score in scores[name]] for name in names]
        choices = [c for name, c in zip(names, columns, strict=True) if name != AUTO]
        best = [max(each) for each in zip(*choices, strict=True)]
        means = (statistics.mean(column) for column in [*columns, best])
        lines.append(f"| {condition} | {' | '.join(f'{mean:.{digits}f}' for mean in means)} |")
    return "\n".join(lines)


def main() -> int:
    """Measure, print and perhaps write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.wild", description=__doc__)
    parser.add_argument("data", type=Path, help="a folder of good pictures")
    parser.add_argument("--scales", type=int, nargs="+", default=[4, 2], choices=(2, 3, 4))
    parser.add_argument("--conditions", nargs="+", default=list(CONDITIONS), choices=CONDITIONS)
    parser.add_argument("--models", nargs="+", metavar="NAME", help="of bicubic, networks, auto")
    parser.add_argument("--images", type=int, help="so many of the pictures, for a quick look")
    parser.add_argument("-o", "--output", type=Path, help="folder for wild.json and wild.md")
    given = parser.parse_args()
    paths = sorted(p for p in given.data.iterdir() if p.suffix.lower() in SUFFIXES)[: given.images]
    if not paths:
        parser.error(f"{given.data}: there is no picture in this folder")
    stored = given.output / "wild.json" if given.output else None
    results: dict[str, Found] = {}
    if stored is not None and given.models and stored.exists():
        results = json.loads(stored.read_text())
    for scale in given.scales:
        names = [n for n in names_at(scale) if given.models is None or n in given.models]
        settings = {name: settings_of(name, scale) for name in names}
        models = {name: (each, Engines(each)) for name, each in settings.items()}
        found: Found = {}
        for condition in given.conditions:
            found[condition] = {name: [] for name in models}
            for path in paths:
                print(f"x{scale} {condition}: {path.name}", file=sys.stderr, flush=True)
                truth = np.ascontiguousarray(to_rgb(read_image(path).pixels))
                with tempfile.TemporaryDirectory() as folder:
                    scores = measure(truth, scale, condition, models, Path(folder))
                for name, score in scores.items():
                    found[condition][name].append(score)
        results[f"x{scale}"] = merged(found, results.get(f"x{scale}", {}), scale)
    texts = [
        f"{scale}, {what}, {len(paths)} pictures\n\n{table(found, place, digits)}"
        for scale, found in results.items()
        for place, digits, what in MEASURES
    ]
    print("\n\n".join(texts))
    if stored is not None:
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.write_text(json.dumps(results, indent=1) + "\n")
        stored.with_suffix(".md").write_text("\n\n".join(texts) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
