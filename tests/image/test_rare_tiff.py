"""TIFF's rarer layouts: any number of bits, inks with alpha, and what describes a picture."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image as PilImage

from swinsr.image import read_frames, read_image, write_image
from tests.image.image_files import pillow_bytes, random_samples, tiff_bytes

SHORT, LONG = 3, 4


def packed(samples: np.ndarray, bits: int) -> bytes:
    """Rows (H, W, N) with so many bits a sample, each row beginning at a byte."""
    rows = samples.reshape(len(samples), -1).astype(">u2")
    single = np.unpackbits(rows.view(np.uint8).reshape(*rows.shape, 2), axis=2)[..., 16 - bits :]
    return b"".join(np.packbits(row.ravel()).tobytes() for row in single)


def packed_tiff(
    samples: np.ndarray, bits: int, photometric: int, *, extra=(), deflate=False, order="<", tile=0
) -> bytes:
    """A TIFF of a strip, or of tiles of a width, by hand."""
    height, width, count = samples.shape
    if tile:
        across = -(-width // tile)
        wide = np.pad(samples, ((0, 0), (0, across * tile - width), (0, 0)))
        parts = [packed(wide[:, i * tile : (i + 1) * tile], bits) for i in range(across)]
    else:
        parts = [packed(samples, bits)]
    parts = [zlib.compress(part) for part in parts] if deflate else parts
    offsets, body = [], b""
    for part in parts:
        offsets.append(8 + len(body))
        body += part
    body += b"\0" * (len(body) % 2)
    fields = [
        (256, LONG, [width]), (257, LONG, [height]), (258, SHORT, [bits] * count),
        (259, SHORT, [8 if deflate else 1]), (262, SHORT, [photometric]), (277, SHORT, [count]),
        (284, SHORT, [1]),
    ]  # fmt: skip
    lengths = [len(part) for part in parts]
    if tile:
        fields += [(322, LONG, [tile]), (323, LONG, [height]), (324, LONG, offsets)]
        fields += [(325, LONG, lengths)]
    else:
        fields += [(273, LONG, offsets), (278, LONG, [height]), (279, LONG, lengths)]
    fields += [(338, SHORT, list(extra))] if extra else []
    at = 8 + len(body)
    behind, table = b"", b""
    start = at + 2 + 12 * len(fields) + 4
    for tag, kind, values in sorted(fields):
        raw = struct.pack(f"{order}{len(values)}{'H' if kind == SHORT else 'I'}", *values)
        if len(raw) > 4:
            table += struct.pack(order + "HHII", tag, kind, len(values), start + len(behind))
            behind += raw
        else:
            table += struct.pack(order + "HHI", tag, kind, len(values)) + raw.ljust(4, b"\0")
    head = b"II*\0" if order == "<" else b"MM\0*"
    return (
        head + struct.pack(order + "I", at) + body + struct.pack(order + "H", len(fields))
        + table + bytes(4) + behind
    )  # fmt: skip


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15])
@pytest.mark.parametrize(("count", "photometric"), [(1, 1), (1, 0), (3, 2)])
def test_any_number_of_bits_is_read(bits, count, photometric):
    white = (1 << bits) - 1
    samples = random_samples((6, 11, count), np.uint16) & np.uint16(white)
    image = read_image(packed_tiff(samples, bits, photometric))
    most = 255 if bits < 8 else 65535
    expected = np.floor(samples.astype(np.float64) * most / white + 0.5)
    assert image.bits == (8 if bits < 8 else 16)
    assert np.array_equal(image.pixels, most - expected if photometric == 0 else expected)
    assert image.notes == ()


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_deep_samples_are_those_of_peers(bits):
    samples = random_samples((6, 11, 3), np.uint16) & np.uint16((1 << bits) - 1)
    data = packed_tiff(samples, bits, 2)
    ours = read_image(data).pixels
    theirs = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)[..., ::-1]
    # OpenCV shifts, so that its white is short of 65535.
    assert np.array_equal(ours >> (16 - bits), theirs >> (16 - bits))
    gray = packed_tiff(samples[..., :1], bits, 1)
    if bits == 12:  # the only one of these that Pillow knows
        with PilImage.open(io.BytesIO(gray)) as picture:
            assert np.array_equal(np.asarray(picture), samples[..., 0])
    assert np.array_equal(read_image(gray).pixels >> (16 - bits), samples[..., :1])


@pytest.mark.parametrize(
    "options", [{"deflate": True}, {"order": ">"}, {"tile": 16}, {"extra": (2,)}]
)
def test_twelve_bits_in_other_layouts(options):
    count = 4 if "extra" in options else 3
    samples = random_samples((16, 37, count), np.uint16) & np.uint16(4095)
    image = read_image(packed_tiff(samples, 12, 2, **options))
    expected = np.floor(samples * (65535 / 4095) + 0.5)
    assert np.array_equal(image.pixels, expected[..., :3])
    assert (image.alpha is not None) == (count == 4)
    assert image.alpha is None or np.array_equal(image.alpha, expected[..., 3])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
def test_alpha_of_inks_is_kept(dtype, compression):
    inks = random_samples((7, 9, 5), dtype)
    if compression == "lzw":
        gray = np.ascontiguousarray(inks).reshape(7, 45)
        data = _relabelled(gray, 5, photometric=5, extra=(2,))
    else:
        data = tiff_bytes(
            inks, photometric="separated", extrasamples=["unassalpha"], compression=compression
        )
    image = read_image(data)
    eight = inks if dtype == np.uint8 else ((inks.astype(np.uint32) + 128) // 257).astype(np.uint8)
    assert np.array_equal(image.alpha, eight[..., 4])
    assert not any("transparency" in note for note in image.notes)
    plain = tiff_bytes(np.ascontiguousarray(inks[..., :4]), photometric="separated")
    assert np.array_equal(image.pixels, read_image(plain).pixels)


def _relabelled(rows: np.ndarray, samples: int, *, photometric: int, extra=()) -> bytes:
    """(H, W * samples) as libtiff compresses it, by LZW, with the directory saying what it is."""
    if rows.dtype == np.uint8:
        data = bytearray(pillow_bytes(rows[..., None], "TIFF", compression="tiff_lzw"))
    else:
        options = [cv2.IMWRITE_TIFF_COMPRESSION, 5, cv2.IMWRITE_TIFF_PREDICTOR, 1]
        data = bytearray(cv2.imencode(".tif", rows, options)[1].tobytes())
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        tags = {t.code: (t.dtype, t.count, t.value) for t in file.pages[0].tags.values()}
    bits = rows.itemsize * 8
    tags[256] = (LONG, 1, rows.shape[1] // samples)
    tags[258] = (SHORT, samples, (bits,) * samples)
    tags[262], tags[277] = (SHORT, 1, photometric), (SHORT, 1, samples)
    tags[338] = (SHORT, len(extra), extra)
    keep = {256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 338}
    at = len(data) + len(data) % 2
    table, behind = b"", b""
    chosen = sorted((tag, *tags[tag]) for tag in keep & tags.keys())
    start = at + 2 + 12 * len(chosen) + 4
    for tag, kind, count, value in chosen:
        code = "H" if int(kind) == SHORT else "I"
        raw = struct.pack(f"<{count}{code}", *np.atleast_1d(value).tolist())
        if len(raw) > 4:
            table += struct.pack("<HHII", tag, int(kind), count, start + len(behind))
            behind += raw
        else:
            table += struct.pack("<HHI", tag, int(kind), count) + raw.ljust(4, b"\0")
    data += b"\0" * (len(data) % 2) + struct.pack("<H", len(chosen)) + table + bytes(4) + behind
    struct.pack_into("<I", data, 4, at)
    return bytes(data)


def test_an_ink_more_is_no_alpha():
    inks = random_samples((7, 9, 5), np.uint8)
    image = read_image(tiff_bytes(inks, photometric="separated", extrasamples=["unspecified"]))
    assert image.alpha is None
    assert any("extra channels" in note for note in image.notes)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("lzw", [False, True])
def test_alpha_behind_another_channel_is_found(dtype, lzw):
    samples = random_samples((7, 9, 5), dtype)
    if lzw:
        data = _relabelled(samples.reshape(7, 45), 5, photometric=2, extra=(0, 2))
    else:
        data = tiff_bytes(samples, photometric="rgb", extrasamples=["unspecified", "unassalpha"])
    image = read_image(data)
    assert np.array_equal(image.pixels, samples[..., :3])
    assert np.array_equal(image.alpha, samples[..., 4])
    assert image.notes == ("its extra channels, which are not transparency, were left out",)


def test_descriptions_of_the_layout_are_left_out_with_a_note(tmp_path):
    pixels = random_samples((48, 64, 3), np.uint8)
    tifffile.imwrite(tmp_path / "shaped.tif", pixels)
    tifffile.imwrite(tmp_path / "x.ome.tif", pixels, metadata={"axes": "YXS"})
    tifffile.imwrite(tmp_path / "imagej.tif", pixels, imagej=True)
    tifffile.imwrite(
        tmp_path / "slide.tif", pixels, metadata=None, description="Scanner\n64x48 [0,0]"
    )
    for name in ("shaped.tif", "x.ome.tif", "imagej.tif", "slide.tif"):
        image = read_image(tmp_path / name)
        assert any("states the old picture's size" in note for note in image.notes), name
        for suffix in ("tif", "png", "jpg"):
            path = tmp_path / f"out.{suffix}"
            write_image(path, image, overwrite=True)
            with PilImage.open(path) as written:
                assert 270 not in written.getexif(), (name, suffix)


def test_a_description_of_what_is_seen_goes_on(tmp_path):
    for text in ("Two boats, 1905", "Poster of 20x30 cm", '{"title": "shape"}'):
        data = tiff_bytes(
            random_samples((48, 64, 3), np.uint8), photometric="rgb", description=text
        )
        image = read_image(data)
        assert image.notes == ()
        for suffix in ("tif", "jpg"):
            write_image(tmp_path / f"x.{suffix}", image, overwrite=True)
            with PilImage.open(tmp_path / f"x.{suffix}") as written:
                assert written.getexif()[270] == text


def test_georeferencing_leaves_with_a_note_that_names_what_keeps_it():
    tags = [
        (33550, "d", 3, (10.0, 10.0, 0.0), True), (33922, "d", 6, (0.0,) * 6, True),
        (34735, "H", 4, (1, 1, 0, 0), True),
    ]  # fmt: skip
    data = tiff_bytes(random_samples((8, 9), np.uint8), extratags=tags)
    (note,) = read_image(data).notes
    assert "GeoTIFF" in note and "swinsr raster" in note


def test_unknown_fields_and_further_pictures_are_named():
    tags = [(65000, "H", 1, 7, True), (50838, "I", 2, (1, 2), True), (34377, "B", 4, b"8BIM", True)]
    data = tiff_bytes(random_samples((8, 9), np.uint8), extratags=tags)
    assert "its fields 50838, 65000 were left out" in " ".join(read_image(data).notes)
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        writer.write(random_samples((8, 9), np.uint8), subifds=1, metadata=None)
        writer.write(random_samples((4, 5), np.uint8), subfiletype=1, metadata=None)
    assert any("further pictures in it (1)" in n for n in read_image(stream.getvalue()).notes)


def test_an_exif_directory_that_points_to_itself_ends():
    entry = struct.pack("<HHII", 0x8769, 4, 1, 26)
    block = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1) + entry + bytes(4)
    block += struct.pack("<H", 1) + entry + bytes(4)
    image = read_image(
        pillow_bytes(random_samples((8, 9, 3), np.uint8), "JPEG", exif=b"Exif\0\0" + block)
    )
    assert image.metadata.exif is not None


def test_fields_that_all_claim_the_same_bytes_are_refused_quickly(tmp_path):
    """65,000 fields of a megabyte each would be 65 GB, from a file of two."""
    size, count = 1 << 20, 65000
    entry = b"".join(struct.pack("<HHII", 1000 + n % 60000, 1, size, 8) for n in range(count))
    body = bytes(size)
    data = (
        b"II*\0" + struct.pack("<I", 8 + size) + body + struct.pack("<H", count) + entry + bytes(4)
    )
    with pytest.raises(Exception, match="claim more than the file holds"):
        read_image(data)


def test_thousands_of_pages_are_listed_and_read_one_by_one():
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        for number in range(1000):
            writer.write(np.full((2, 3), number % 256, np.uint8), metadata=None)
    frames = read_frames(stream.getvalue())
    assert frames.count == 1000
    pages = iter(frames)
    assert [next(pages).image.pixels[0, 0, 0] for _ in range(300)] == [n % 256 for n in range(300)]
