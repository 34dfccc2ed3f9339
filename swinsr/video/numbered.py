"""Numbered pictures, `frames/%06d.png`, as a video's source or its result."""

import itertools
import os
import re
from collections.abc import Generator
from fractions import Fraction
from pathlib import Path

from swinsr.errors import ConfigError, ImageReadError, OutputExistsError
from swinsr.image import FORMATS, read_image
from swinsr.video.colour import BT709, RGB, UNSPECIFIED, Coding
from swinsr.video.decode import Timed
from swinsr.video.layout import FULL_COLOUR, GRAY, SampleLayout
from swinsr.video.probe import Clip, Tags
from swinsr.video.settings import VideoSettings

_PLACE = re.compile(r"%(0?\d*)d")


def name_at(pattern: Path, number: int) -> Path:
    """The file of a number."""
    width = _PLACE.search(pattern.name)
    assert width is not None
    text = format(number, f"{width[1] or ''}d")
    return pattern.with_name(pattern.name[: width.start()] + text + pattern.name[width.end() :])


def numbers_of(pattern: Path) -> list[int]:
    """The numbers of the files that are there, in order.

    Raises:
        ImageReadError: none, or one is missing between others.
    """
    found = _PLACE.search(pattern.name)
    assert found is not None
    head, tail = re.escape(pattern.name[: found.start()]), re.escape(pattern.name[found.end() :])
    form = re.compile(rf"{head}(\d+){tail}")
    try:
        names = os.listdir(pattern.parent)  # noqa: PTH208 - names are all that is needed
    except OSError as error:
        raise ImageReadError(
            f"{pattern.parent}: the folder cannot be read ({error.strerror}); check its name"
        ) from error
    matches = (form.fullmatch(name) for name in names)
    numbers = sorted(
        number
        for match in matches
        if match is not None and name_at(pattern, number := int(match[1])).name == match[0]
    )
    if not numbers:
        raise ImageReadError(f"{pattern}: no picture is called so; check the folder and the digits")
    for before, after in itertools.pairwise(numbers):
        if after != before + 1:
            raise ImageReadError(
                f"{name_at(pattern, before + 1)}: it is missing among the numbered pictures; add "
                "it, or number them without gaps"
            )
    return numbers


def probe_numbered(pattern: Path, video: VideoSettings) -> Clip:
    """Numbered pictures as a clip, by the header of the first.

    Raises:
        ImageReadError: there are none, or the first is none.
        ConfigError: options of a video.
    """
    if video.deinterlace or video.keep_hdr:
        raise ConfigError(f"{pattern}: --deinterlace and --keep-hdr are of videos, not of pictures")
    numbers = numbers_of(pattern)
    first = read_image(name_at(pattern, numbers[0]))
    bits = 8 if first.bits == 8 else 16
    layout = SampleLayout(GRAY if first.is_gray else FULL_COLOUR, bits, not first.is_gray)
    return Clip(
        pattern, 0, (first.height, first.width), layout.planes, layout,
        Coding(BT709 if first.is_gray else RGB, not first.is_gray, bits, first.is_gray),
        Tags(UNSPECIFIED, UNSPECIFIED, UNSPECIFIED, 0),
        1 / Fraction(video.rate), Fraction(0), Fraction(video.rate), len(numbers), None, None, None,
        False, (),
    )  # fmt: skip


def notes_of(clip: Clip) -> tuple[str, ...]:
    """What a video made of the pictures does not keep, by the first of them."""
    first = read_image(name_at(clip.path, numbers_of(clip.path)[0]))
    notes = []
    if first.alpha is not None:
        notes.append("their transparency is left out")
    if first.metadata.icc is not None:
        notes.append("their colour profile is left out; a video of them is taken for sRGB")
    return tuple(notes)


def read_numbered(
    clip: Clip, video: VideoSettings, max_pixels: int | None, skip: int = 0
) -> Generator[Timed, None, None]:
    """The pictures between `start` and `end`, with everything that their files say of them.

    Args:
        clip: of `probe_numbered`.
        video: `start` and `end`.
        max_pixels: of one picture.
        skip: so many of them are done already.

    Raises:
        ImageReadError: one cannot be read, or is of another size.
    """
    for time, number in enumerate(numbers_of(clip.path)):
        seconds = time * clip.time_base
        if video.first is not None and seconds < video.first:
            continue
        if video.beyond is not None and seconds >= video.beyond:
            return
        if skip > 0:
            skip -= 1
            continue
        path = name_at(clip.path, number)
        image = read_image(path, max_pixels=max_pixels)
        if (image.height, image.width) != clip.size:
            raise ImageReadError(
                f"{path}: it is {image.width}x{image.height}, and the first picture "
                f"{clip.size[1]}x{clip.size[0]}; a video's frames are of one size"
            )
        yield Timed(image, time, 1)


def check_output(pattern: Path, *, overwrite: bool) -> None:
    """Refuse a pattern whose pictures cannot be written.

    Raises:
        ConfigError: its suffix is that of no picture.
        OutputExistsError: some are there.
    """
    if FORMATS.get(pattern.suffix.lower()) is None:
        raise ConfigError(f"{pattern}: numbered pictures end in .png, .tif or another format")
    if overwrite or not pattern.parent.is_dir():
        return
    try:
        there = numbers_of(pattern)
    except ImageReadError:
        return
    raise OutputExistsError(
        f"{name_at(pattern, there[0])}: it is already there; choose another folder, or replace "
        "it with --overwrite"
    )
