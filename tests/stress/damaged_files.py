"""Thousands of damaged pictures through the command: none crashes it, hangs it or stops the others.

    python -m tests.stress.damaged_files --files 3000

Valid files of every format are damaged by flipped bits, cuts, and edits of headers and tables, and
put into one folder with sound neighbours. Prints the figures; exits with 1 where the claim fails.
"""

import argparse
import collections
import io
import json
import random
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, features

MAX_PIXELS = 4_000_000  # what a damaged header may claim and still be decoded
LONGEST_SECONDS = 10.0
NEIGHBOURS = 5
COMMAND = [sys.executable, "-m", "swinsr", "upscale"]

Damage = Callable[[bytes, random.Random], bytes]


def samples() -> dict[str, bytes]:
    """Valid files by name."""
    rng = np.random.default_rng(0)
    smooth = np.add.outer(np.arange(40), np.arange(56)) * 2
    colour = np.stack([smooth, smooth[::-1], rng.integers(0, 255, smooth.shape)], 2).astype("uint8")
    clear = np.dstack([colour, smooth.astype("uint8")])
    deep = colour.astype("uint16") * 257
    picture, faint = Image.fromarray(colour), Image.fromarray(clear)
    gray, palette = picture.convert("L"), picture.quantize(32)
    frames = [Image.fromarray(np.roll(colour, 7 * i, 1)) for i in range(3)]
    several = {"save_all": True, "append_images": frames[1:], "duration": 50}
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Acme"
    found = {
        "rgb.png": _saved(picture, "PNG"),
        "rgba.png": _saved(faint, "PNG", dpi=(300, 300), exif=exif),
        "palette.png": _saved(palette, "PNG", transparency=3),
        "one.png": _saved(picture.convert("1"), "PNG"),
        "animated.png": _saved(frames[0], "PNG", **several),
        "rgb.jpg": _saved(picture, "JPEG", quality=90, exif=exif),
        "gray.jpg": _saved(gray, "JPEG"),
        "progressive.jpg": _saved(picture, "JPEG", progressive=True, subsampling=2),
        "cmyk.jpg": _saved(picture.convert("CMYK"), "JPEG"),
        "lossy.webp": _saved(picture, "WEBP", quality=80, exif=exif),
        "lossless.webp": _saved(faint, "WEBP", lossless=True),
        "animated.webp": _saved(frames[0], "WEBP", **several),
        "still.gif": _saved(palette, "GIF"),
        "animated.gif": _saved(frames[0], "GIF", **several, loop=0),
        "rgb.bmp": _saved(picture, "BMP"),
        "palette.bmp": _saved(palette, "BMP"),
        "lzw.tif": _saved(picture, "TIFF", compression="tiff_lzw"),
        "jpeg.tif": _saved(picture, "TIFF", compression="jpeg"),
        "packbits.tif": _saved(gray, "TIFF", compression="packbits"),
        "pages.tif": _saved(frames[0], "TIFF", save_all=True, append_images=frames[1:]),
        "deep.tif": _tiff(deep, compression="zlib", predictor=True),
        "tiled.tif": _tiff(colour, tile=(16, 16), compression="zlib"),
        "big.tif": _tiff(deep, bigtiff=True),
        "planar.tif": _tiff(colour.transpose(2, 0, 1), planarconfig="separate", photometric="rgb"),
        "float.tif": _tiff((smooth / smooth.max()).astype("float32"), byteorder=">"),
    }
    if features.check("avif"):
        found["rgb.avif"] = _saved(picture, "AVIF", quality=80)
    return found


def _saved(picture: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def _tiff(samples: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, samples, metadata=None, **options)
    return stream.getvalue()


def flip_bits(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(1, len(data))]


def cut_and_close(data: bytes, rng: random.Random) -> bytes:
    """Cut, with the last bytes of the file put behind: its end marker, where it has one."""
    return data[: rng.randrange(len(data) // 4, len(data) - 12)] + data[-rng.choice((2, 12)) :]


def edit_header(data: bytes, rng: random.Random) -> bytes:
    """A number near the beginning becomes an extreme one."""
    out = bytearray(data)
    width = rng.choice((1, 2, 4))
    at = rng.randrange(4, min(len(out), 160) - width)
    extremes = (0, 1, (1 << 8 * width) - 1, 1 << (8 * width - 1), rng.randrange(1 << 8 * width))
    out[at : at + width] = rng.choice(extremes).to_bytes(width, rng.choice(("little", "big")))
    return bytes(out)


def fill_range(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    at = rng.randrange(len(out))
    length = min(rng.choice((4, 64, 1024)), len(out) - at)
    out[at : at + length] = rng.choice((bytes(length), b"\xff" * length, rng.randbytes(length)))
    return bytes(out)


def shift(data: bytes, rng: random.Random) -> bytes:
    """Bytes left out or put in: everything behind them moves."""
    at = rng.randrange(4, len(data))
    if rng.random() < 0.5:
        return data[:at] + data[at + rng.randrange(1, 16) :]
    return data[:at] + rng.randbytes(rng.randrange(1, 16)) + data[at:]


def edit_png_sum(data: bytes, rng: random.Random) -> bytes:
    """Flipped bits with the checksums of PNG put right, so that they reach the decoder."""
    if not data.startswith(b"\x89PNG"):
        return fill_range(data, rng)
    out, at = bytearray(flip_bits(data, rng)), 8
    while at + 12 <= len(out):
        (length,) = struct.unpack_from(">I", out, at)
        if at + 12 + length > len(out):
            break
        struct.pack_into(">I", out, at + 8 + length, zlib.crc32(out[at + 4 : at + 8 + length]))
        at += 12 + length
    return bytes(out)


DAMAGES: tuple[Damage, ...] = (
    flip_bits, cut, cut_and_close, edit_header, fill_range, shift, edit_png_sum,
)  # fmt: skip


def make_corpus(folder: Path, files: int, seed: int) -> None:
    """`files` damaged pictures and sound neighbours among them, `good_*.png`."""
    rng, valid = random.Random(seed), samples()
    names = sorted(valid)
    for number in range(files):
        name = names[number % len(names)]
        damage = DAMAGES[number // len(names) % len(DAMAGES)]
        data = damage(valid[name], rng)
        (folder / f"{number:05}_{damage.__name__}_{name}").write_bytes(data)
    for number in range(NEIGHBOURS):
        (folder / f"{number * files // NEIGHBOURS:05}_good.png").write_bytes(valid["rgb.png"])


def check(files: int, *, jobs: int = 1, seed: int = 0, limit: float | None = None) -> list[str]:
    """Run the command over a new corpus.

    Args:
        files: how many damaged ones.
        jobs: worker processes.
        seed: of the damage.
        limit: seconds for the whole run.

    Returns:
        What contradicts the claim; [] where it holds.
    """
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        folder, out = Path(place) / "in", Path(place) / "out"
        folder.mkdir()
        make_corpus(folder, files, seed)
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        options = ["--model", "nearest", "--scale", "2", "--format", "png", "--json"]
        options += ["--max-pixels", str(MAX_PIXELS), "--jobs", str(jobs)]
        start = time.perf_counter()
        done = subprocess.run(
            [*COMMAND, str(folder), "-o", str(out), *options],
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
        seconds = time.perf_counter() - start
        records = [json.loads(line) for line in done.stdout.splitlines()]
        if done.returncode != 1:
            wrong.append(f"exit status {done.returncode} and not 1: {done.stderr[-500:]}")
        if "Traceback" in done.stderr:
            wrong.append("a traceback: " + done.stderr[done.stderr.index("Traceback") :][:2000])
        if len(records) != len(before):
            wrong.append(f"{len(records)} records of {len(before)} pictures")
        wrong += [problem for record in records for problem in _problems(record)]
        good = [r["status"] for r in records if r["input"].endswith("_good.png")]
        if good != ["done"] * NEIGHBOURS:
            wrong.append(f"sound neighbours: {good}")
        if {path.name: path.read_bytes() for path in folder.iterdir()} != before:
            wrong.append("an input was changed")
        written = {path.name for path in out.iterdir()} if out.exists() else set()
        if written != {Path(r["output"]).name for r in records if r["status"] == "done"}:
            wrong.append("the files that were written are not those that were reported")
        _report(records, seconds)
    return wrong


def _problems(record: dict[str, object]) -> list[str]:
    wrong = []
    if float(str(record["seconds"])) > LONGEST_SECONDS:
        wrong.append(f"{record['input']}: took {record['seconds']} s")
    if record["status"] == "failed":
        told = str(record["error"])
        if str(record["input"]) not in told or "\n" in told or "worker process" in told:
            wrong.append(f"{record['input']}: {told}")
    else:
        with Image.open(str(record["output"])) as picture:
            if list(picture.size) != record["output_size"]:
                wrong.append(f"{record['input']}: written as {picture.size}")
    return wrong


def _report(records: list[dict[str, object]], seconds: float) -> None:
    by_form: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for record in records:
        by_form[Path(str(record["input"])).suffix][str(record["status"])] += 1
    for form, counts in sorted(by_form.items()):
        print(f"{form:6} refused {counts['failed']:5}  decoded all the same {counts['done']:5}")
    longest = max((float(str(r["seconds"])) for r in records), default=0.0)
    print(f"{len(records)} files in {seconds:.0f} s, the longest {longest:.2f} s")


def main() -> None:
    """Run the check as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=3000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    wrong = check(arguments.files, jobs=arguments.jobs, seed=arguments.seed)
    for problem in wrong:
        print(f"WRONG: {problem}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
