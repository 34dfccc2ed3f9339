"""Places that do not take an output, or are not what they seem: a sentence, and nothing changed."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Call, photograph

BICUBIC = ("-m", "bicubic", "-s", 2)


@pytest.fixture(autouse=True)
def picture(tmp_path: Path) -> bytes:
    Image.fromarray(photograph()).save(tmp_path / "in.png")
    return (tmp_path / "in.png").read_bytes()


def test_an_output_that_is_the_input_is_replaced_only_when_asked(
    call: Call, picture: bytes
) -> None:
    refused = call("upscale", "in.png", *BICUBIC, "-o", "in.png")
    assert refused.status == 1
    assert "already there" in refused.err
    assert Path("in.png").read_bytes() == picture
    assert call("upscale", "in.png", *BICUBIC, "-o", "in.png", "--overwrite").status == 0
    with Image.open("in.png") as result:
        assert result.size == (64, 48)


def test_a_folder_named_like_a_picture(call: Call) -> None:
    Path("out.png").mkdir()
    assert call("upscale", "in.png", *BICUBIC, "-o", "out.png").status == 0
    assert Path("out.png/in_x2.png").exists()
    Path("in_x2.png").mkdir()
    for options in ((), ("--overwrite",), ("--skip-existing",)):
        ran = call("upscale", "in.png", *BICUBIC, *options)
        assert ran.status == 1
        assert "a folder of that name is there" in ran.err


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_links_are_read_through_and_written_through(call: Call, picture: bytes) -> None:
    Path("link.png").symlink_to("in.png")
    Path("nowhere.png").symlink_to("gone.png")
    ran = call("upscale", "link.png", "nowhere.png", *BICUBIC, "-o", "out/")
    assert ran.status == 1
    assert "nowhere.png: there is no such file" in ran.err
    assert Path("out/link_x2.png").exists()
    Path("kept").mkdir()
    Path("kept/real.png").write_bytes(b"old")
    Path("out.png").symlink_to(Path("kept/real.png"))
    assert call("upscale", "in.png", *BICUBIC, "-o", "out.png").status == 1
    assert Path("kept/real.png").read_bytes() == b"old"
    assert call("upscale", "in.png", *BICUBIC, "-o", "out.png", "--overwrite").status == 0
    assert Path("out.png").is_symlink()
    assert Path("kept/real.png").read_bytes() != b"old"
    assert Path("in.png").read_bytes() == picture


def test_an_input_that_goes_meanwhile_fails_alone(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    from swinsr.files.parallel import ahead as module

    Path("d").mkdir()
    for name in "abc":
        Path(f"d/{name}.png").write_bytes(Path("in.png").read_bytes())
    run = module.read_ahead

    def and_remove(*arguments: object) -> object:
        Path("d/b.png").unlink(missing_ok=True)
        return run(*arguments)

    monkeypatch.setattr(module, "read_ahead", and_remove)
    ran = call("upscale", "d", "-o", "out", *BICUBIC)
    assert ran.status == 1
    assert "b.png: there is no such file" in ran.err
    assert sorted(p.name for p in Path("out").iterdir()) == ["a_x2.png", "c_x2.png"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the size of files")
@pytest.mark.parametrize("suffix", ["png", "webp", "gif", "tif"])
def test_a_disk_that_fills_up_leaves_nothing(call: Call, suffix: str) -> None:
    import resource

    noise = np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)
    frames = [Image.fromarray(np.roll(noise, i)) for i in range(3)]
    frames[0].save("in.gif", save_all=True, append_images=frames[1:])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    names = sorted(p.name for p in Path().iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        ran = call("upscale", "in.gif", *BICUBIC, "-o", f"x.{suffix}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert ran.status == 1
    assert f"x.{suffix}: " in ran.err
    assert "larger than is allowed" in ran.err
    assert sorted(p.name for p in Path().iterdir()) == names


def test_an_output_on_another_file_system(call: Call, tmp_path: Path) -> None:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system at /dev/shm")
    target = other / f"swinsr-test-{os.getpid()}.png"
    try:
        assert call("upscale", "in.png", *BICUBIC, "-o", target).status == 0
        with Image.open(target) as result:
            assert result.size == (64, 48)
    finally:
        target.unlink(missing_ok=True)
