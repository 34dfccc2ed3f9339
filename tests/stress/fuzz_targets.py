"""What the fuzzer does with a file: everything that reads it, and what may come of that."""

import json
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from swinsr.checkpoints import describe, load
from swinsr.checkpoints.classifier import load_classifier
from swinsr.checkpoints.layouts.huggingface_config import config_from_huggingface
from swinsr.checkpoints.layouts.huggingface_swin_config import (
    classifier_config_from_huggingface,
    labels_from_huggingface,
)
from swinsr.classify.preprocess import Preprocessing
from swinsr.errors import SwinsrError
from swinsr.image import Image, probe_image, read_frames, read_image, write_image
from swinsr.image.bands import open_bands

MAX_PIXELS = 2_000_000
MOST_FRAMES = 8
BEGINNINGS = {b"\x89PNG": ".png", b"\xff\xd8": ".jpg", b"II": ".tif", b"MM": ".tif"}


class Wrong(Exception):
    """A file was read without an error, but to something that is no picture."""


def is_weights(data: bytes) -> bool:
    """Whether bytes go to the readers of checkpoints; all others go to those of pictures."""
    return data[:2] in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04") or b"{" in (
        data[:1], data[8:9],
    )  # fmt: skip


def examine(data: bytes) -> None:
    """Read a file in every way; whatever is no `SwinsrError` is a finding.

    Raises:
        Exception: what was found.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if data[:1] == b"{":
            _settings(data)
        (_weights if is_weights(data) else _picture)(data)


@contextmanager
def told() -> Iterator[None]:
    """An error of the program's own is as it should be, if it is one sentence."""
    try:
        yield
    except SwinsrError as error:
        if not str(error).strip() or "\n" in str(error):
            raise Wrong(f"a message of no or several lines: {str(error)!r}") from error


def _picture(data: bytes) -> None:
    header = None
    with told():
        header = probe_image(data)
    with told():
        for number, frame in enumerate(read_frames(data, max_pixels=MAX_PIXELS)):
            _check(frame.image)
            if number == MOST_FRAMES:
                break
    image = None
    with told():
        image = read_image(data, max_pixels=MAX_PIXELS)
    if image is not None:
        _check(image)
        if header is not None and image.height * image.width != header.height * header.width:
            raise Wrong(f"{image.width}x{image.height} where the header says {header}")
        with tempfile.TemporaryDirectory() as folder:
            for suffix in ("png", "tif", "jpg"):  # what was carried along can be written
                with told():
                    write_image(Path(folder) / f"x.{suffix}", image)
    _bands(data)


def _bands(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        suffix = next((s for start, s in BEGINNINGS.items() if data.startswith(start)), ".bin")
        path = Path(folder) / f"x{suffix}"
        path.write_bytes(data)
        with told():
            picture = open_bands(path, max_pixels=MAX_PIXELS)
            if picture is not None:
                for _ in picture.bands():
                    pass


def _check(image: Image) -> None:
    """What every picture is."""
    pixels = image.pixels
    if pixels.dtype not in (np.uint8, np.uint16, np.float32) or pixels.ndim != 3:
        raise Wrong(f"pixels are {pixels.dtype} {pixels.shape}")
    if pixels.shape[2] not in (1, 3) or 0 in pixels.shape:
        raise Wrong(f"pixels are {pixels.shape}")
    if image.alpha is not None and (
        image.alpha.shape != pixels.shape[:2] or image.alpha.dtype != pixels.dtype
    ):
        raise Wrong(f"alpha is {image.alpha.dtype} {image.alpha.shape} of {pixels.shape}")


def _weights(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pth"
        path.write_bytes(data)
        for read in (load, load_classifier):
            with told():
                model = read(path)
                if read is load:
                    describe(model)  # type: ignore[arg-type]


def _settings(data: bytes) -> None:
    """The JSON files that lie beside weights."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(content, dict):
        return
    readers: tuple[Callable[[], object], ...] = (
        lambda: config_from_huggingface(content),
        lambda: classifier_config_from_huggingface(content, 2),
        lambda: labels_from_huggingface(content, 2),
        lambda: Preprocessing.from_settings(content, 32),
    )
    for read in readers:
        with told():
            read()
