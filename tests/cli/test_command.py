"""The command as a user runs it: a real process, real files, exit status and sentences."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from swinsr.image import Image as Picture
from swinsr.image import read_image, write_image
from swinsr.version import __version__
from tests.helpers.command import run_python

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `swinsr` in an empty folder."""

    def start(*arguments: object) -> "subprocess.CompletedProcess[str]":
        return run_python("-m", "swinsr", *arguments, cwd=tmp_path)

    return start


def photograph(height: int = 24, width: int = 32) -> np.ndarray:
    from skimage import data

    return data.astronaut()[100 : 100 + height, 200 : 200 + width].copy()


def test_upscales_beside_the_input_by_four(run: Run, tmp_path: Path) -> None:
    Image.fromarray(photograph()).save(tmp_path / "in.png")
    done = run("upscale", "in.png")
    assert done.returncode == 0, done.stderr
    assert "in.png -> in_x4.png  32x24 -> 128x96" in done.stdout
    out = np.asarray(Image.open(tmp_path / "in_x4.png"))
    again = np.asarray(
        Image.fromarray(out).resize((32, 24), Image.Resampling.BOX)
    )  # brought back, it is the picture
    assert np.abs(again.astype(int) - photograph()).mean() < 4


def test_never_overwrites_unless_asked(run: Run, tmp_path: Path) -> None:
    Image.fromarray(photograph()).save(tmp_path / "in.png")
    (tmp_path / "in_x2.png").write_bytes(b"mine")
    refused = run("upscale", "in.png", "--scale", 2)
    assert refused.returncode == 1
    assert "already there" in refused.stderr
    assert (tmp_path / "in_x2.png").read_bytes() == b"mine"
    assert run("upscale", "in.png", "--scale", 2, "--overwrite").returncode == 0
    assert Image.open(tmp_path / "in_x2.png").size == (64, 48)


def test_mixed_folder_does_the_good_and_names_the_bad(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    good = photograph()
    Image.fromarray(good).save(folder / "good.png")
    (folder / "text.png").write_text("this is no picture\n" * 50)
    Image.fromarray(photograph(64, 64)).save(folder / "whole.jpg")
    data = (folder / "whole.jpg").read_bytes()
    (folder / "whole.jpg").unlink()
    (folder / "cut.jpg").write_bytes(data[: len(data) // 2])
    (folder / "empty.png").touch()
    deep = good.astype(np.uint16) * 257
    alpha = np.full(good.shape[:2], 65535, np.uint16)
    alpha[:8] = 0
    write_image(folder / "deep.png", Picture(deep, alpha))
    palette = Image.fromarray(good).quantize(16)
    palette.info["transparency"] = 0
    palette.save(folder / "palette.png", transparency=0)
    Image.fromarray(good).convert("CMYK").save(folder / "cmyk.jpg")

    done = run("upscale", "mixed", "-o", "out", "--scale", 2)
    assert done.returncode == 1
    failures = [line for line in done.stderr.splitlines() if not line.startswith("note: ")]
    assert len(failures) == 4  # three pictures and the sum
    for name in ("text.png", "cut.jpg", "empty.png"):
        assert sum(name in line for line in failures) == 1
    assert "Traceback" not in done.stderr
    written = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert written == ["cmyk_x2.png", "deep_x2.png", "good_x2.png", "palette_x2.png"]
    results = {p.stem[:-3]: read_image(p) for p in (tmp_path / "out").iterdir()}
    assert all(r.pixels.shape == (48, 64, 3) for r in results.values())
    assert results["deep"].pixels.dtype == np.uint16
    assert results["deep"].alpha is not None
    assert results["deep"].alpha[:14].max() == 0
    assert results["deep"].alpha[20:].min() == 65535
    assert results["palette"].alpha is not None
    assert results["palette"].alpha.min() == 0
    assert np.abs(results["cmyk"].pixels.astype(int) - results["good"].pixels).mean() < 40
    assert np.abs(results["deep"].pixels[24:] / 257 - results["good"].pixels[24:]).mean() < 2


def test_profile_and_exif_are_carried_and_orientation_applied(run: Run, tmp_path: Path) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned
    exif[0x010E] = "a face"
    Image.fromarray(photograph()).save(
        tmp_path / "in.jpg", icc_profile=profile, exif=exif, quality=95
    )
    done = run("upscale", "in.jpg", "-s", 2)
    assert done.returncode == 0, done.stderr
    out = Image.open(tmp_path / "in_x2.png")
    assert out.size == (48, 64)
    assert out.info["icc_profile"] == profile
    assert out.getexif()[0x010E] == "a face"
    assert out.getexif().get(0x0112, 1) == 1


def test_baseline_goes_through_the_same_path(run: Run, tmp_path: Path) -> None:
    Image.fromarray(photograph()).save(tmp_path / "ü 漢.png")
    done = run("upscale", "ü 漢.png", "--model", "bicubic", "-s", 2.5, "-o", "größer.webp")
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "größer.webp").size == (80, 60)


def test_two_inputs_of_one_stem_both_get_an_output(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    Image.fromarray(photograph()).save(folder / "a.jpg")
    Image.fromarray(photograph()).save(folder / "a.png")
    assert run("upscale", "in", "-m", "bicubic", "-s", 2).returncode == 0
    assert (folder / "a_x2.png").exists()
    assert (folder / "a_png_x2.png").exists()
    again = run("upscale", "in", "-m", "bicubic", "-s", 2, "--overwrite")
    assert again.returncode == 0
    assert len(list(folder.iterdir())) == 4  # outputs are not taken for inputs


def test_output_problems_show_before_the_work(run: Run, tmp_path: Path) -> None:
    Image.fromarray(photograph()).save(tmp_path / "in.png")
    for name, words in (("out.xyz", "no format"), ("no/such/out.png", "folder does not exist")):
        done = run("upscale", "in.png", "-m", "bicubic", "-o", name)
        assert done.returncode == 1
        assert words in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("upscale",), 2, "INPUT"),
        (("upscale", "in.png", "--scale", "big"), 2, "scale"),
        (("upscale", "in.png", "--nonsense"), 2, "nonsense"),
        (("upscale", "missing.png"), 1, "missing.png"),
        (("upscale", "in.png", "--scale", "0.5"), 1, "between 1 and 64"),
        (("upscale", "in.png", "--scale", "0"), 1, "between 1 and 64"),
        (("upscale", "in.png", "--tile", "7"), 1, "at least 16 pixels a side"),
        (("upscale", "in.png", "--tile", "64", "--overlap", "64"), 1, "leaves nothing of tiles"),
        (("upscale", "in.png", "--model", "swinsr-light-x44"), 1, "did you mean"),
        (("upscale", "in.png", "--device", "toaster"), 1, "toaster"),
        (("upscale", "in.png", "--max-pixels", "100"), 1, "--max-pixels"),
        (("upscale", "in.png", "in.png", "-o", "out.png"), 0, ""),
        (("upscale", "in.png", "b.png", "-o", "in.png"), 1, "need a folder"),
        (("upscale", "folder"), 1, "no picture"),
        (("info", "in.png"), 1, "in.png"),
    ],
)
def test_exit_status_and_sentence(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], status: int, words: str
) -> None:
    Image.fromarray(photograph()).save(tmp_path / "in.png")
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.rglob("*"))
    done = run(*arguments)
    assert done.returncode == status
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    if status:
        assert sorted(tmp_path.rglob("*")) == before


def test_version_and_lists(run: Run) -> None:
    assert run("--version").stdout.strip() == f"swinsr {__version__}"
    listed = run("models").stdout
    for name in ("swinsr-light-x4", "bicubic", "swin2sr-classical-x4"):
        assert name in listed
    shown = run("info", "swinsr-light-x4").stdout
    for words in ("swinir", "classical_sr", "x4", "embed_dim", "training"):
        assert words in shown


def test_doctor_tells_what_was_chosen(run: Run) -> None:
    done = run("doctor")
    assert done.returncode == 0, done.stderr
    for words in ("torch", "device", "window attention", "linear bfloat16", "precision", "bundled"):
        assert words in done.stdout


def test_quiet_prints_nothing(run: Run, tmp_path: Path) -> None:
    Image.fromarray(photograph()).save(tmp_path / "in.png")
    done = run("upscale", "in.png", "-q", "-m", "bicubic")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_help_does_not_load_torch() -> None:
    code = "import sys, swinsr.cli.commands; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
