"""The options of formats, depths, sizes and streams, each by what it writes."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from swinsr.image import read_image
from tests.cli.conftest import Call, photograph

BICUBIC = ("-m", "bicubic", "-s", 2)


def save(name: str, samples: np.ndarray | None = None, **options: object) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(photograph() if samples is None else samples).save(name, **options)


@pytest.mark.parametrize("form", ["png", "jpg", "webp", "tif", "bmp", "gif"])
def test_format_names_and_writes_the_output(call: Call, form: str) -> None:
    save("in.png")
    assert call("upscale", "in.png", *BICUBIC, "--format", form).status == 0
    with Image.open(f"in_x2.{form}") as picture:
        assert picture.size == (64, 48)
        assert picture.format == {"jpg": "JPEG", "tif": "TIFF"}.get(form, form.upper())


def test_format_wins_over_the_name_of_the_output(call: Call) -> None:
    save("in.png")
    assert call("upscale", "in.png", *BICUBIC, "--format", "webp", "-o", "x.dat").status == 0
    with Image.open("x.dat") as picture:
        assert picture.format == "WEBP"


def test_quality_and_lossless_reach_the_encoder(call: Call) -> None:
    save("in.png", photograph(64, 64))
    sizes = {}
    for name, options in {"low": ("--quality", 20), "high": ("--quality", 95)}.items():
        assert call("upscale", "in.png", *BICUBIC, "-o", f"{name}.jpg", *options).status == 0
        sizes[name] = Path(f"{name}.jpg").stat().st_size
    assert sizes["low"] < sizes["high"] / 2
    assert call("upscale", "in.png", *BICUBIC, "-o", "x.webp", "--lossless").status == 0
    assert call("upscale", "in.png", *BICUBIC, "-o", "x.png").status == 0
    assert np.array_equal(read_image("x.webp").pixels, read_image("x.png").pixels)


def test_bits_are_computed_and_not_padded(call: Call) -> None:
    save("in.png")
    for bits, dtype in ((8, np.uint8), (16, np.uint16), (32, np.float32)):
        assert call("upscale", "in.png", *BICUBIC, "--bits", bits, "-o", f"{bits}.tif").status == 0
        assert read_image(f"{bits}.tif").pixels.dtype == dtype
    deep = read_image("16.tif").pixels
    assert (deep % 257 != 0).mean() > 0.5  # more than 8 bits' worth of values
    assert np.abs(deep / 257 - read_image("8.tif").pixels).max() <= 0.51


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--bits", 16, "--format", "jpg"), "JPEG has no 16 bits"),
        (("--lossless", "--format", "jpg"), "not written without loss"),
        (("--lossless", "--quality", 5), "contradict"),
        (("--overwrite", "--skip-existing"), "contradict"),
        (("--format", "xyz"), "png, jpg"),
        (("--bits", 12), "8, 16 or 32"),
        (("--width", 9), "contradict"),
    ],
)
def test_options_that_cannot_be_honoured_are_refused_before_the_work(
    call: Call, options: tuple[object, ...], words: str
) -> None:
    save("in.png")
    ran = call("upscale", "in.png", *BICUBIC, *options)
    assert ran.status == 1
    assert words in ran.err
    assert [path.name for path in Path().iterdir()] == ["in.png"]


def test_strip_metadata_leaves_the_profile_alone(call: Call) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010F] = "Acme"
    save("in.png", exif=exif, icc_profile=profile, dpi=(300, 300))
    assert call("upscale", "in.png", *BICUBIC, "--strip-metadata").status == 0
    with Image.open("in_x2.png") as picture:
        assert picture.info["icc_profile"] == profile
        assert not picture.getexif()
        assert "dpi" not in picture.info


def test_sizes_of_the_result(call: Call) -> None:
    save("in.png", np.dstack([photograph(), photograph()[..., 0]]))
    for options, size in (
        (("--width", 100), (100, 75)),
        (("--max-side", 16), (16, 12)),
        (("--width", 50, "--height", 50, "--fit", "crop"), (50, 50)),
    ):
        done = call("upscale", "in.png", "-m", "bicubic", "-o", "x.png", "--overwrite", *options)
        assert done.status == 0, done.err
        with Image.open("x.png") as picture:
            assert picture.size == size
            assert picture.mode == "RGBA"


def test_streams_in_and_out(call: Call) -> None:
    save("in.png")
    data = Path("in.png").read_bytes()
    both = call("upscale", "-", *BICUBIC, "--format", "webp", given=data)
    assert both.status == 0, both.err
    with Image.open(io.BytesIO(both.out)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (64, 48))
    assert "standard input -> standard output" in both.err
    assert call("upscale", "-", *BICUBIC, "-o", "x.png", given=data).status == 0
    out = call("upscale", "in.png", *BICUBIC, "-o", "-", "-q")
    assert out.out == Path("x.png").read_bytes()
    assert out.err == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-", "in.png"), "take one picture"),
        (("-", "--json"), "--json"),
        (("folder", "-o", "-"), "folder does not fit"),
    ],
)
def test_streams_are_for_one_picture(call: Call, arguments: tuple[str, ...], words: str) -> None:
    save("in.png")
    save("folder/a.png")
    ran = call("upscale", *arguments, *BICUBIC, given=b"")
    assert ran.status == 1
    assert words in ran.err


def test_a_damaged_stream_is_called_standard_input(call: Call) -> None:
    ran = call("upscale", "-", *BICUBIC, given=b"this is text")
    assert ran.status == 1
    assert ran.out == b""
    assert "standard input: not a PNG" in ran.err


def test_json_has_a_record_for_every_picture(call: Call) -> None:
    save("d/a.png")
    Path("d/b.png").write_text("no picture")
    save("d/c.jpg")
    Path("out").mkdir()
    save("out/c_x2.png")
    ran = call("upscale", "d", "-o", "out", *BICUBIC, "--json", "--skip-existing")
    assert ran.status == 1
    a, b, c = (json.loads(line) for line in ran.text.splitlines())
    assert (a["status"], a["size"], a["output_size"]) == ("done", [32, 24], [64, 48])
    assert (a["model"], a["frames"], a["notes"], a["error"]) == ("bicubic", 1, [], None)
    assert a["output"] == str(Path("out/a_x2.png"))
    assert b["status"] == "failed"
    assert b["error"].startswith(str(Path("d/b.png")))
    assert not b["error"].endswith(".")
    assert c["status"] == "skipped"


def test_recursive_keeps_the_tree_and_leaves_the_outputs_out(call: Call) -> None:
    for name in ("t/a.png", "t/x/b.png", "t/x/y/c.jpg", "t/.hidden/d.png"):
        save(name)
    for _ in range(2):
        ran = call("upscale", "t", "-r", "-o", "t/out", *BICUBIC, "--overwrite")
        assert ran.status == 0, ran.err
        written = sorted(str(p.relative_to("t/out")) for p in Path("t/out").rglob("*.png"))
        assert written == ["a_x2.png", str(Path("x/b_x2.png")), str(Path("x/y/c_x2.png"))]


def test_patterns_are_expanded_where_the_shell_did_not(call: Call) -> None:
    for name in ("s/a.png", "s/b.png", "s/c.jpg", "s/d/e.png"):
        save(name)
    assert call("upscale", "s/*.png", *BICUBIC, "-o", "one/").status == 0
    assert sorted(p.name for p in Path("one").iterdir()) == ["a_x2.png", "b_x2.png"]
    assert call("upscale", "s/**/*.png", *BICUBIC, "-o", "all/").status == 0
    assert len(list(Path("all").iterdir())) == 3
    none = call("upscale", "s/*.tif", *BICUBIC)
    assert none.status == 1
    assert "no picture fits this pattern" in none.err
    save("odd[1].png")  # a file of that very name comes first
    assert call("upscale", "odd[1].png", *BICUBIC).status == 0
    assert Path("odd[1]_x2.png").exists()


def test_a_name_with_a_separator_at_its_end_is_a_folder(call: Call) -> None:
    save("in.png")
    assert call("upscale", "in.png", *BICUBIC, "-o", "v1.2/").status == 0
    assert Path("v1.2/in_x2.png").exists()


@pytest.mark.parametrize(("form", "suffix"), [("GIF", "gif"), ("WEBP", "webp"), ("PNG", "png")])
def test_animations_come_out_frame_by_frame(call: Call, form: str, suffix: str) -> None:
    frames = [Image.fromarray(np.roll(photograph(), 5 * i, 1)) for i in range(3)]
    some = {"save_all": True, "append_images": frames[1:], "duration": [50, 80, 400]}
    frames[0].save(f"in.{suffix}", form, **some)
    ran = call("upscale", f"in.{suffix}", *BICUBIC, "-o", f"out.{suffix}")
    assert ran.status == 0, ran.err
    assert "3 frames" in ran.text
    with Image.open(f"out.{suffix}") as picture:
        assert (picture.size, picture.n_frames) == ((64, 48), 3)
        times = []
        for number in range(3):
            picture.seek(number)
            picture.load()
            times.append(round(picture.info["duration"]))
    assert times == [50, 80, 400]


def test_an_animation_into_jpeg_is_its_first_frame_with_a_note(call: Call) -> None:
    frames = [Image.fromarray(np.roll(photograph(), 5 * i, 1)) for i in range(3)]
    frames[0].save("in.gif", save_all=True, append_images=frames[1:])
    ran = call("upscale", "in.gif", *BICUBIC, "--format", "jpg")
    assert ran.status == 0
    assert "only the first was written" in ran.err


def test_help_names_no_types_of_python(call: Call) -> None:
    for command in ("upscale", "restore", "info", "models"):
        shown = call(command, "--help").text
        for word in ("<bool>", "<str>", "<float>", "list[", "<int"):
            assert word not in shown, f"{command}: {word}"
