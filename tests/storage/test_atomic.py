"""Outputs are there whole or not at all, and nothing else is left behind."""

import errno
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from swinsr.errors import ImageWriteError, OutputExistsError
from swinsr.image import Image, atomic_output, read_image, write_image
from swinsr.storage import temporary as leftovers

PICTURE = Image(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))
POSIX = pytest.mark.skipif(os.name == "nt", reason="needs POSIX permissions and links")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "failure", [ValueError, OSError, KeyboardInterrupt, SystemExit, MemoryError]
)
@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif", "bmp"])
def test_failing_encoder_leaves_the_old_file_and_no_temporary(
    tmp_path, monkeypatch, suffix, failure
):
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(b"the old picture")

    def fail(stream, *_args, **_options):
        stream.write(b"half a picture")
        raise failure("stopped")

    encoder = {"jpg": "jpeg", "tif": "tiff"}.get(suffix, suffix)
    place = "bmp.codec" if suffix == "bmp" else f"{encoder}.write"
    monkeypatch.setattr(f"swinsr.image.formats.{place}.encode_{encoder}", fail)
    ours = failure in (KeyboardInterrupt, SystemExit)
    with pytest.raises(failure if ours else ImageWriteError):
        write_image(path, PICTURE, overwrite=True)
    assert path.read_bytes() == b"the old picture"
    assert names(tmp_path) == [path.name]


def test_existing_output_is_kept_unless_asked(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(b"mine")
    with pytest.raises(OutputExistsError, match="--overwrite") as caught:
        write_image(path, PICTURE)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == b"mine"
    write_image(path, PICTURE, overwrite=True)
    assert np.array_equal(read_image(path).pixels, PICTURE.pixels)
    assert names(tmp_path) == ["x.png"]


@pytest.mark.parametrize("hard_links", [True, False])
def test_output_that_appears_meanwhile_is_kept(tmp_path, monkeypatch, hard_links):
    if not hard_links:
        monkeypatch.setattr(os, "link", refuse_link)
    path = tmp_path / "x.png"
    with pytest.raises(OutputExistsError), atomic_output(path, overwrite=False) as stream:
        stream.write(b"ours")
        path.write_bytes(b"theirs")
    assert path.read_bytes() == b"theirs"
    assert names(tmp_path) == ["x.png"]


def refuse_link(*_args, **_options):
    raise OSError(errno.EPERM, "no hard links here")


def test_disk_without_hard_links_is_written_to(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", refuse_link)
    write_image(tmp_path / "x.png", PICTURE)
    assert np.array_equal(read_image(tmp_path / "x.png").pixels, PICTURE.pixels)
    assert names(tmp_path) == ["x.png"]


def test_failed_move_leaves_no_empty_file(tmp_path, monkeypatch):
    def fail(*_args):
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "link", refuse_link)
    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(ImageWriteError, match="input/output error"):
        write_image(tmp_path / "x.png", PICTURE)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("code", "sentence"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "not permitted"), (errno.EIO, "could not be")],
)
def test_full_or_failing_disk_gets_a_sentence(tmp_path, monkeypatch, code, sentence):
    def fail(_number):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ImageWriteError, match=sentence) as caught:
        write_image(tmp_path / "x.png", PICTURE)
    assert str(tmp_path / "x.png") in str(caught.value)
    assert names(tmp_path) == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the size of files")
@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif", "bmp"])
def test_disk_that_fills_up_while_encoding(tmp_path, suffix):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(ImageWriteError, match=r"larger than is allowed|could not be"):
            write_image(tmp_path / f"x.{suffix}", Image(noise))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert names(tmp_path) == []


def test_missing_folder_gets_a_sentence(tmp_path):
    with pytest.raises(ImageWriteError, match="folder does not exist"):
        write_image(tmp_path / "none" / "x.png", PICTURE)


def test_file_in_place_of_the_folder_gets_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ImageWriteError):
        write_image(tmp_path / "file" / "x.png", PICTURE)


def test_folder_in_place_of_the_output_gets_a_sentence(tmp_path):
    (tmp_path / "x.png").mkdir()
    for overwrite in (False, True):
        with pytest.raises(ImageWriteError, match="a folder of that name"):
            write_image(tmp_path / "x.png", PICTURE, overwrite=overwrite)


def test_too_long_name_gets_a_sentence(tmp_path):
    with pytest.raises(ImageWriteError, match="too long"):
        write_image(tmp_path / ("x" * 300 + ".png"), PICTURE)


def test_longest_name_is_written(tmp_path):
    name = "x" * 251 + ".png"
    write_image(tmp_path / name, PICTURE)
    assert names(tmp_path) == [name]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_read_only_folder_gets_a_sentence(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ImageWriteError, match="not permitted"):
        write_image(tmp_path / "x.png", PICTURE)


@POSIX
def test_new_file_has_the_usual_permissions_and_a_replaced_one_keeps_its_own(tmp_path):
    (tmp_path / "other").touch()
    write_image(tmp_path / "x.png", PICTURE)
    usual = stat.S_IMODE((tmp_path / "other").stat().st_mode)
    assert stat.S_IMODE((tmp_path / "x.png").stat().st_mode) == usual
    (tmp_path / "x.png").chmod(0o640)
    write_image(tmp_path / "x.png", PICTURE, overwrite=True)
    assert stat.S_IMODE((tmp_path / "x.png").stat().st_mode) == 0o640


@POSIX
def test_symbolic_link_is_written_through(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "real.png").write_bytes(b"old")
    (tmp_path / "x.png").symlink_to(tmp_path / "far" / "real.png")
    with pytest.raises(OutputExistsError):
        write_image(tmp_path / "x.png", PICTURE)
    write_image(tmp_path / "x.png", PICTURE, overwrite=True)
    assert (tmp_path / "x.png").is_symlink()
    assert read_image(tmp_path / "far" / "real.png").width == 4
    assert names(tmp_path / "far") == ["real.png"]


@POSIX
def test_device_is_not_replaced():
    with (
        pytest.raises(ImageWriteError, match="device"),
        atomic_output(Path("/dev/null"), overwrite=True),
    ):
        pass
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


LOCKS = pytest.mark.skipif(os.name == "nt", reason="needs locks that end with their program")


@LOCKS
def test_what_a_killed_program_left_is_removed_at_the_next_write(tmp_path):
    writer = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom swinsr.image import atomic_output\n"
        "with atomic_output(Path(sys.argv[1]), overwrite=False) as stream:\n"
        "    stream.write(b'half')\n    stream.flush()\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    script = [sys.executable, "-c", writer, str(tmp_path / "x.png")]
    assert subprocess.run(script, check=False, timeout=60).returncode == -9
    (left,) = names(tmp_path)
    assert left.endswith(".tmp")
    (tmp_path / ".swinsr-mine.tmp").touch()  # of another pattern: not ours
    leftovers._cleaned.clear()  # an earlier test's folder may have had this one's number
    write_image(tmp_path / "x.png", PICTURE)
    assert names(tmp_path) == [".swinsr-mine.tmp", "x.png"]


@LOCKS
def test_a_temporary_file_in_use_is_left_alone(tmp_path):
    with atomic_output(tmp_path / "x.png", overwrite=False) as stream:
        leftovers._cleaned.clear()  # as another process would begin
        write_image(tmp_path / "y.png", PICTURE)
        stream.write(b"whole")
    assert (tmp_path / "x.png").read_bytes() == b"whole"
    assert names(tmp_path) == ["x.png", "y.png"]


@LOCKS
def test_a_link_under_the_name_of_a_temporary_file_is_not_followed(tmp_path):
    (tmp_path / "mine").write_bytes(b"precious")
    (tmp_path / f".swinsr-{'0' * 16}.tmp").symlink_to("mine")
    write_image(tmp_path / "x.png", PICTURE)
    assert (tmp_path / "mine").read_bytes() == b"precious"


def test_of_many_that_write_one_file_at_once_one_wins_and_the_others_are_told(tmp_path):
    def attempt(number):
        try:
            write_image(tmp_path / "x.png", Image(np.full((9, 9, 1), number, np.uint8)))
        except OutputExistsError:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        winners = [n for n in pool.map(attempt, range(16)) if n is not None]
    assert len(winners) == 1
    assert (read_image(tmp_path / "x.png").pixels == winners[0]).all()
    assert names(tmp_path) == ["x.png"]
