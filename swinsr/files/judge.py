"""What a picture has been through, so that a network that expects it is taken.

A network for clean pictures sharpens a JPEG's ringing into speckle and noise into grain; one for
damage smooths what a clean picture has. The limits below were fitted to which bundled network gives
the best PSNR-Y, on 703 crops of training pictures (clean, JPEG of quality 25 to 98, noise of 0.7 to
30 levels, both, cropped after JPEG, resized after JPEG, blurred): the choice is 0.05 dB below the
best network of each crop (`python -m benchmarks.wild` measures it on pictures of one's own).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from swinsr.errors import SwinsrError

if TYPE_CHECKING:
    from swinsr.image import Header, Image
    from swinsr.metrics.damage import Damage as Found
    from swinsr.zoo import Damage

# A picture with more pixels is judged by its header alone: decoding it twice would take seconds.
LOOKED_AT_PIXELS = 30_000_000
# Deviations in 8-bit levels.
HEAVY_NOISE, SLIGHT_NOISE = 5.4, 1.8
# Better JPEGs are as good as clean; worse ones as bad as heavy noise.
GOOD_JPEG, BAD_JPEG = 92, 40
SOFT = -0.7
HEAVY_TRACES, TRACES = 12.0, 2.4
# Texture, dense text and pixel art are even as noise is, and lie on grids as JPEGs do, but leave no
# traces: of noise at least this share is to be seen there, and of a former JPEG this many levels.
NOISE_SEEN, JPEG_SEEN = 0.4, 0.8

Judged = tuple["Damage", str]


def judge(source: Path, header: "Header | None") -> Judged:
    """How much a file has been through, and why that is thought, for people.

    Its JPEG tables tell, where it has some, and a look at the middle of the picture.

    Args:
        source: the file.
        header: of it; None where nothing is known beforehand, and so nothing is thought.
    """
    if header is None:
        return "none", ""
    saved = _saved_quality(source) if header.format == "JPEG" else None
    found = None
    if header.height * header.width <= LOOKED_AT_PIXELS:
        found = _look(source)
    return judge_damage(found, saved, jpeg=header.format == "JPEG")


def judge_damage(found: "Found | None", saved: int | None, *, jpeg: bool) -> Judged:
    """The verdict on what was measured.

    Args:
        found: in the pixels; None where they were not looked at.
        saved: the quality that the file's own tables tell.
        jpeg: whether the file is a JPEG.
    """
    traces = None if found is None else found.traces
    noise = 0.0 if found is None else found.noise
    if traces is not None and traces < NOISE_SEEN * noise:
        noise = 0.0
    if noise > HEAVY_NOISE:
        return "heavy", f"noise of about {noise:.0f} levels"
    if traces is not None and traces > HEAVY_TRACES:
        return "heavy", f"damage of about {traces:.0f} levels"
    quality = saved
    if quality is None and found is not None and (traces is None or traces > JPEG_SEEN):
        quality = found.quality
    if jpeg and quality is None:
        return "slight", "a JPEG"
    if quality is not None and quality < GOOD_JPEG:
        name = "a JPEG" if jpeg else "once a JPEG"
        return "heavy" if quality < BAD_JPEG else "slight", f"{name} of about quality {quality}"
    if noise > SLIGHT_NOISE:
        return "slight", f"noise of about {noise:.0f} levels"
    if found is not None and found.softness <= SOFT:
        return "slight", "soft: blurred or enlarged before"
    # Of a JPEG, its own tables tell more.
    if saved is None and traces is not None and traces > TRACES:
        return "slight", f"damage of about {traces:.0f} levels, as of a JPEG resized since"
    return "none", ""


def look_at(image: "Image") -> "Found | None":
    """Measure a picture; None for one that is too small to tell."""
    import numpy as np

    from swinsr.image import to_depth
    from swinsr.metrics.damage import SMALLEST, measure_damage

    if min(image.height, image.width) < SMALLEST:
        return None
    return measure_damage(to_depth(image.pixels, np.uint8))


def _saved_quality(source: Path) -> int | None:
    from swinsr.image.formats.jpeg.quality import BEGINNING, jpeg_quality

    try:
        with source.open("rb") as stream:
            return jpeg_quality(stream.read(BEGINNING))
    except OSError:
        return None  # reading the picture says what is wrong


def _look(source: Path) -> "Found | None":
    from swinsr.image import read_image

    try:
        return look_at(read_image(source))
    except SwinsrError:
        return None  # likewise
