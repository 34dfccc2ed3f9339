"""What is refused, with which sentence, and that nothing but our own errors ever escapes."""

import io
import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from swinsr.errors import ImageReadError, ImageTooLargeError, SwinsrError
from swinsr.image import probe_image, read_image
from tests.image.image_files import (
    cmyk_jpeg,
    exif_bytes,
    opencv_tiff,
    pillow_bytes,
    png_bytes,
    png_chunk,
    random_samples,
    rgb_profile,
    tiff_bytes,
)

RGB = random_samples((40, 52, 3), np.uint8)  # no padding at the ends of BMP rows
SOUND = {
    "png": pillow_bytes(RGB, "PNG", icc_profile=rgb_profile(), exif=exif_bytes()),
    "png16": png_bytes(random_samples((40, 52, 4), np.uint16), 16, 6),
    "adam7": png_bytes(random_samples((40, 52, 3), np.uint8), 8, 2, interlaced=True),
    "jpeg": pillow_bytes(RGB, "JPEG", icc_profile=rgb_profile(), exif=b"Exif\0\0" + exif_bytes(3)),
    "progressive": pillow_bytes(RGB, "JPEG", progressive=True),
    "cmyk": cmyk_jpeg(random_samples((40, 52, 4), np.uint8)),
    "webp": pillow_bytes(RGB, "WEBP", exif=exif_bytes()),
    "lossless": pillow_bytes(RGB, "WEBP", lossless=True),
    "bmp": pillow_bytes(RGB, "BMP"),
    "tiff": tiff_bytes(RGB, photometric="rgb", compression="zlib"),
    "tiff16": opencv_tiff(random_samples((40, 52, 3), np.uint16), 5),
    "lzw": pillow_bytes(RGB, "TIFF", compression="tiff_lzw"),
}


def refusal(path: Path) -> str:
    with pytest.raises(ImageReadError) as caught:
        read_image(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    assert not sentence.endswith(".")
    return sentence


def test_missing_file(tmp_path):
    assert "no such file" in refusal(tmp_path / "none.png")


def test_folder_named_like_a_picture(tmp_path):
    (tmp_path / "x.png").mkdir()
    assert "folder" in refusal(tmp_path / "x.png")


def test_empty_file(tmp_path):
    (tmp_path / "x.png").touch()
    assert "empty (0 bytes)" in refusal(tmp_path / "x.png")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"hello, this is a letter\n", "text"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"GIF89a" + bytes(30), "kind 0x00 is not defined"),
        (b"\0\0\0\x1cftypisom" + bytes(30), "kind of MPEG-4"),
        (b"\0\0\0\x1cftypheic" + bytes(30), "no main picture"),
        (b"%PDF-1.7 ", "PDF"),
        (bytes(100), "unknown"),
    ],
)
def test_something_else_under_a_picture_name(tmp_path, content, named):
    (tmp_path / "x.png").write_bytes(content)
    assert named in refusal(tmp_path / "x.png")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_unreadable_file(tmp_path):
    (tmp_path / "x.png").write_bytes(SOUND["png"])
    (tmp_path / "x.png").chmod(0)
    assert "not permitted" in refusal(tmp_path / "x.png")


def test_unreadable_file_for_any_user(tmp_path, monkeypatch):
    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "x.png").write_bytes(SOUND["png"])
    monkeypatch.setattr(Path, "open", refuse)
    assert "not permitted" in refusal(tmp_path / "x.png")


def test_name_with_a_null_byte():
    with pytest.raises(ImageReadError, match="cannot be opened"):
        read_image("a\0b.png")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="the system has no /dev/zero")
def test_endless_device_is_not_read():
    with pytest.raises(ImageReadError, match="device"):
        read_image("/dev/zero")


def test_content_decides_and_not_the_name(tmp_path):
    (tmp_path / "x.png").write_bytes(SOUND["bmp"])
    assert np.array_equal(read_image(tmp_path / "x.png").pixels, RGB)


@pytest.mark.parametrize("name", ["ünï.png", "写真 с пробелом.png", "🐈.png"])
def test_names_outside_ascii(tmp_path, name):
    for kind in ("png", "png16", "tiff16"):
        (tmp_path / name).write_bytes(SOUND[kind])
        assert read_image(str(tmp_path / name)).height == 40


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview, io.BytesIO])
def test_bytes_and_streams(form):
    assert np.array_equal(read_image(form(SOUND["png"])).pixels, RGB)


def test_text_stream_is_refused():
    with pytest.raises(ImageReadError, match="binary mode"):
        read_image(io.StringIO("x"))


def claims(kind: str, width: int, height: int) -> bytes:
    """A small file whose header claims a size."""
    data = bytearray(SOUND[kind])
    if kind == "png":
        head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        return bytes(data[:8]) + png_chunk(b"IHDR", head) + bytes(data[33:])
    if kind == "jpeg":
        at = data.index(b"\xff\xc0")
        data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    elif kind == "bmp":
        data[18:26] = struct.pack("<ii", width, height)
    elif kind == "webp":
        data[24:30] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    elif kind == "tiff":
        start = struct.unpack_from("<I", data, 4)[0]
        for index in range(struct.unpack_from("<H", data, start)[0]):
            at = start + 2 + 12 * index
            if data[at : at + 2] in (b"\0\1", b"\1\1"):
                number = width if data[at : at + 2] == b"\0\1" else height
                data[at + 2 : at + 12] = struct.pack("<HII", 4, 1, number)
    return bytes(data)


@pytest.mark.parametrize("kind", ["png", "jpeg", "bmp", "webp", "tiff"])
def test_bomb_is_refused_from_its_header(kind, tmp_path):
    path = tmp_path / f"bomb.{kind}"
    path.write_bytes(claims(kind, 16000, 60000))
    assert (probe_image(path).height, probe_image(path).width) == (60000, 16000)
    with pytest.raises(ImageTooLargeError) as caught:
        read_image(path)
    sentence = str(caught.value)
    for part in (str(path), "16000 x 60000", "250,000,000", "--max-pixels 960000000"):
        assert part in sentence


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_bombs_cost_neither_time_nor_memory(tmp_path):
    for kind in ("png", "jpeg", "webp", "tiff"):
        (tmp_path / kind).write_bytes(claims(kind, 60000, 60000))
        # Below the limit, but the file cannot hold so many pixels.
        (tmp_path / f"absurd-{kind}").write_bytes(claims(kind, 15000, 15000))
    script = """
import resource, sys
from pathlib import Path
from swinsr.errors import ImageError
from swinsr.image import read_image
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        read_image(path)
        print("read", path)
    except ImageError:
        pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""
    start = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert float(result.stdout) < 120, result.stdout  # MiB; one absurd RGB picture would be 640
    assert time.perf_counter() - start < 20


def test_limit_can_be_set_and_lifted():
    with pytest.raises(ImageTooLargeError):
        read_image(SOUND["png"], max_pixels=2079)
    assert read_image(SOUND["png"], max_pixels=2080).width == 52
    assert read_image(SOUND["png"], max_pixels=None).width == 52


def test_pictures_above_pillows_own_limit_are_read(monkeypatch):
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", 100)
    for kind in SOUND:
        assert read_image(SOUND[kind]).width == 52


@pytest.mark.parametrize("kind", SOUND)
def test_every_truncation_is_refused(kind):
    data = SOUND[kind]
    cuts = {1, 2, 3, 10, 30, 64, len(data) - 1, len(data) - 20, len(data) - 500}
    cuts |= {len(data) * part // 10 for part in range(1, 10)}
    for cut in sorted(cuts):
        with pytest.raises(ImageReadError):
            read_image(data[:cut])


@pytest.mark.parametrize("kind", SOUND)
def test_only_our_errors_come_from_damaged_files(kind):
    data = SOUND[kind]
    rng = np.random.default_rng(sum(kind.encode()))
    refused = 0
    for _ in range(60):
        damaged = bytearray(data)
        # Half of the flips go where the structure is.
        reach = len(damaged) if rng.random() < 0.5 else min(400, len(damaged))
        for at in rng.integers(0, reach, rng.integers(1, 9)):
            damaged[at] ^= 1 << int(rng.integers(8))
        if rng.random() < 0.3:
            del damaged[int(rng.integers(len(damaged))) :]
        try:
            read_image(bytes(damaged), max_pixels=10_000_000)
        except SwinsrError:
            refused += 1
    assert refused > 5
