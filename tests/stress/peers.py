"""What this program writes, read back by other programs: equal pixels and metadata, in a table.

    python -m tests.stress.peers

For every format, depth and kind of picture it asks Pillow, OpenCV, libvips, tifffile and
ImageMagick (Debian's `convert`, where it is installed). Lossless files are to be equal in every
bit; of the others the peers' decoders may differ from ours by a few levels. Exits with 1 where one
is not. "-" is what a peer does not read.
"""

import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image as PilImage
from PIL import ImageCms

from swinsr.image import Image, Metadata, Text, encode_image, read_image
from swinsr.image.formats.table import ALL

Array = NDArray[Any]
TYPES = {8: np.uint8, 16: np.uint16, 32: np.float32}
# Levels of 255 by which decoders of a lossy format may differ: rounding, and how halved colours are
# made whole.
NEAR = {"JPEG": 6, "WebP": 8, "AVIF": 6, "HEIC": 6}
NOT_READ, EQUAL, DIFFERENT = "-", "equal", "DIFFERENT"


@dataclass(frozen=True)
class Found:
    """What a peer read: samples (H, W, 1 to 4), and metadata by name where it tells any."""

    samples: Array
    metadata: dict[str, bool]


Peer = Callable[[Path, Image], Found | None]


def profile(gray: bool) -> bytes | None:
    """sRGB's profile; for gray none, since Pillow makes none."""
    if gray:
        return None
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def pictures(form: str) -> Iterator[tuple[str, Image]]:
    """Every depth and kind that a format holds, with all its metadata."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:40, 0:56]
    exif = PilImage.Exif()
    exif[0x010F] = "Acme Optics"
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    for bits in ALL[form].depths:
        for channels in (1, 3):
            for alpha in (False, True) if ALL[form].alpha else (False,):
                smooth = [columns / 56, rows / 40, (rows + columns) / 96, rows * columns / 2240]
                values = np.stack(smooth[:channels] + smooth[3:] * alpha, axis=2)
                if form in ("PNG", "TIFF", "BMP"):
                    values = (values + rng.random(values.shape)) / 2
                elif form == "GIF":
                    values = np.floor(values * 3) / 3
                    if alpha:
                        values[..., -1] = values[..., -1] > 0.5
                samples = values.astype(np.float32)
                if bits != 32:
                    samples = np.floor(values * ((1 << bits) - 1) + 0.5).astype(TYPES[bits])
                metadata = Metadata(
                    profile(channels == 1),
                    block,
                    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">Boats</x:xmpmeta>',
                    (300.0, 150.0),
                    texts=(Text("Comment", "Anna"),),
                )
                name = f"{bits} bits, {'gray' if channels == 1 else 'RGB'}{' + alpha' * alpha}"
                image = Image(
                    np.ascontiguousarray(samples[..., :channels]),
                    np.ascontiguousarray(samples[..., -1]) if alpha else None,
                    metadata,
                )
                yield name, image


def by_pillow(path: Path, image: Image) -> Found | None:
    """Pillow knows neither 16-bit colour nor float colour."""
    if path.suffix == ".heic":
        import pillow_heif

        pillow_heif.register_heif_opener()
    if image.bits != 8 and (not image.is_gray or image.alpha is not None):
        return None
    with PilImage.open(path) as picture:
        picture.load()
        mode = picture.mode
        if mode in ("P", "PA"):
            mode = "RGBA" if "transparency" in picture.info else "RGB"
            samples = np.array(picture.convert(mode))
        else:
            samples = np.array(picture)
        info = picture.info
        told = {
            "profile": info.get("icc_profile") is not None,
            "EXIF": picture.getexif().get(0x010F) == "Acme Optics",
            "XMP": b"Boats" in bytes(info.get("xmp") or b""),
            "resolution": _near(info.get("dpi")),
            "text": "Anna" in str(info.get("Comment", "")) + str(info.get("comment", "")),
        }
    return Found(_planes(samples), told)


def by_opencv(path: Path, image: Image) -> Found | None:
    """OpenCV: pixels alone. It multiplies those of 8-bit TIFFs by their alpha, or drops that."""
    tiff_with_alpha = path.suffix == ".tif" and image.alpha is not None
    if path.suffix in (".heic", ".gif") or (tiff_with_alpha and (image.is_gray or image.bits == 8)):
        return None
    samples = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if samples is None:
        return None
    planes = _planes(samples)
    order = {1: [0], 2: [0, 1], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[planes.shape[2]]
    planes = planes[..., order]
    if image.is_gray and planes.shape[2] == 4:
        planes = planes[..., [0, 3]]
    return Found(planes, {})


def by_libvips(path: Path, image: Image) -> Found | None:
    """libvips, where pyvips is installed."""
    try:
        import pyvips
    except ImportError:
        return None
    try:
        picture = pyvips.Image.new_from_file(str(path))
        samples = _planes(picture.numpy())
    except pyvips.Error:
        return None  # built without the format
    fields = picture.get_fields()
    told = {"profile": "icc-profile-data" in fields}
    if path.suffix in (".png", ".jpg", ".tif", ".webp"):
        told["XMP"] = "xmp-data" in fields and b"Boats" in picture.get("xmp-data")
    if path.suffix in (".png", ".jpg", ".tif"):
        told["resolution"] = _near((picture.xres * 25.4, picture.yres * 25.4))
    if path.suffix in (".png", ".jpg", ".webp"):
        told["EXIF"] = any("Acme Optics" in str(picture.get(f)) for f in fields if "Make" in f)
    return Found(samples, told)


def by_tifffile(path: Path, image: Image) -> Found | None:
    """tifffile: TIFFs alone."""
    if path.suffix != ".tif":
        return None
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        tags = {tag.code: tag.value for tag in page.tags.values()}
        told = {
            "profile": 34675 in tags,
            "EXIF": tags.get(271) == "Acme Optics",
            "XMP": b"Boats" in bytes(tags.get(700, b"")),
            "resolution": _near(tuple(tags[t][0] / tags[t][1] for t in (282, 283) if t in tags)),
        }
        return Found(_planes(page.asarray()), told)


def by_imagemagick(path: Path, image: Image) -> Found | None:
    """ImageMagick's `convert`, by way of raw samples; its own depth is 16 bits."""
    program = shutil.which("convert-im6.q16") or shutil.which("magick")
    boxed = path.suffix in (".avif", ".heic")
    if program is None or image.bits == 32 or (boxed and image.alpha is not None):
        return None  # of these Debian's reads no alpha
    bits, channels = image.bits, image.channels + (image.alpha is not None)
    kind = {1: "gray", 2: "graya", 3: "rgb", 4: "rgba"}[channels]
    raw = ["-depth", str(bits), "-endian", "LSB", f"{kind}:-"]
    if kind == "graya":
        raw[-1] = "rgba:-"
    done = subprocess.run([program, str(path), *raw], capture_output=True, check=False)
    if done.returncode:
        return None  # Debian's has no HEIC or AVIF without further packages
    samples = np.frombuffer(done.stdout, f"<u{bits // 8}")
    samples = samples.reshape(image.height, image.width, -1)
    if kind == "graya":
        samples = samples[..., [0, 3]]
    asked = "%[EXIF:Make]|%[profile:icc]|%[comment]"
    words = subprocess.run(
        [program, str(path), "-format", asked, "info:-"], capture_output=True, check=False
    ).stdout.decode("utf-8", "replace")
    make, icc, text = words.split("|")[:3]
    told = {} if boxed else {"profile": "RGB" in icc, "text": "Anna" in text}
    if path.suffix == ".jpg":
        told["EXIF"] = make == "Acme Optics"
    return Found(samples, told)


PEERS: dict[str, Peer] = {
    "Pillow": by_pillow,
    "OpenCV": by_opencv,
    "libvips": by_libvips,
    "tifffile": by_tifffile,
    "ImageMagick": by_imagemagick,
}


def _planes(samples: Array) -> Array:
    return samples[..., None] if samples.ndim == 2 else samples


def _near(dpi: Any) -> bool:
    return (
        dpi is not None
        and len(dpi) == 2
        and bool(np.allclose([float(part) for part in dpi], (300, 150), atol=0.5))
    )


def compare(found: Found | None, ours: Image, form: str) -> str:
    """A cell of the table."""
    if found is None:
        return NOT_READ
    expected = ours.pixels
    if ours.alpha is not None:
        expected = np.dstack([ours.pixels, ours.alpha])
    samples = found.samples
    if samples.shape != expected.shape and samples.shape[2] in (3, 4) and ours.is_gray:
        # A format or a peer without gray: equal channels are the same picture.
        keep = [0, 3] if samples.shape[2] == 4 else [0]
        samples = samples[..., keep]
    if (
        samples.shape[2] == expected.shape[2] + 1
        and (samples[..., -1] == samples[..., -1].max()).all()
    ):
        samples = samples[..., :-1]  # opaque
    if samples.shape != expected.shape:
        return f"{DIFFERENT}: {samples.shape}, not {expected.shape}"
    if ours.alpha is not None:
        # What is under full transparency is not seen, and some clear it.
        hidden = expected[..., -1] == 0
        samples = np.where(hidden[..., None], expected, samples)
    apart = np.abs(samples.astype(np.float64) - expected).max()
    state = EQUAL
    if apart:
        state = f"within {apart:g}" if apart <= NEAR.get(form, 0) else f"{DIFFERENT} by {apart:g}"
    missing = [
        name for name, there in found.metadata.items() if not there and _holds(ours, form, name)
    ]
    return state + (f", {DIFFERENT}: no {', '.join(missing)}" if missing else "")


def _holds(image: Image, form: str, name: str) -> bool:
    """Whether the file was to hold it."""
    if name == "profile" and image.metadata.icc is None:
        return False
    keys = {"profile": "icc", "EXIF": "exif", "XMP": "xmp", "resolution": "dpi"}
    holds = ALL[form].holds
    if name == "text":
        return bool({"texts", "comment"} & holds)
    return keys[name] in holds


def main() -> int:
    """Print the table; 1 where a peer reads something else."""
    print("| | " + " | ".join(PEERS) + " |\n" + "|---" * (len(PEERS) + 1) + "|")
    wrong = number = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, form in ALL.items():
            if form.missing():
                print(f"| {name} | {form.missing()} |")
                continue
            for kind, image in pictures(name):
                stream = io.BytesIO()
                encode_image(stream, image, name, quality=95, lossless=form.exact)
                number += 1  # libvips keeps what it has read, by name
                path = Path(folder) / f"{number}{form.suffixes[0]}"
                path.write_bytes(stream.getvalue())
                ours = read_image(path)
                if name in ("PNG", "TIFF", "BMP") and not np.array_equal(ours.pixels, image.pixels):
                    wrong += 1
                    print(f"{name}, {kind}: {DIFFERENT} when read here")
                cells = [compare(peer(path, ours), ours, name) for peer in PEERS.values()]
                wrong += sum(DIFFERENT in cell for cell in cells)
                print(f"| {name}, {kind} | " + " | ".join(cells) + " |")
    print(f"\n{wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
