"""A rerun: what is done is said to be done, and what is not known is refused as ever."""

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from swinsr.version import __version__
from tests.cli.conftest import Call, photograph

BICUBIC = ("-m", "bicubic", "-s", 2)


def save(name: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(photograph()).save(path)
    return path


def test_a_rerun_over_finished_pictures_says_so(call: Call) -> None:
    for name in ("d/a.png", "d/b.jpg", "d/ü.png"):
        save(name)
    assert call("d", *BICUBIC).status == 0
    before = {path: path.stat().st_mtime_ns for path in Path("d").iterdir()}
    again = call("d", *BICUBIC, "--json")
    assert again.status == 0, again.err
    records = [json.loads(line) for line in again.text.splitlines()]
    assert [(r["status"], r["reason"]) for r in records] == [("skipped", "already done")] * 3
    assert call("d/a.png", *BICUBIC).text == "d/a.png -> d/a_x2.png  already done\n"
    assert {path: path.stat().st_mtime_ns for path in Path("d").iterdir()} == before
    save("d/c.png")  # one more: only that is done
    more = call("d", *BICUBIC)
    assert more.status == 0
    assert more.text.count("already done") == 3 and "c.png -> " in more.text
    Path("d/e.png").write_text("no picture")
    assert "1 of 5 pictures failed; the others are done\n" in call("d", *BICUBIC).err
    refused = call("d", *BICUBIC, "--lossless").err
    assert refused.endswith("5 of 5 pictures failed\n")


@pytest.mark.parametrize("change", ["source", "output", "settings", "model", "forgotten"])
def test_what_is_not_known_to_be_done_is_refused(call: Call, home: Path, change: str) -> None:
    source = save("in.png")
    options = list(BICUBIC)
    assert call("in.png", *options).status == 0
    output = Path("in_x2.png")
    if change == "source":
        Image.fromarray(photograph()[::-1]).save(source)
    elif change == "output":
        output.write_bytes(b"mine")
    elif change == "settings":
        options += ["--strip-metadata"]
    elif change == "model":
        options[1] = "lanczos"
    else:
        for file in (home / "finished").iterdir():
            file.write_text("damaged\n{}\n[1]\n")
    content = output.read_bytes()
    again = call("in.png", *options)
    assert again.status == 1
    assert "already there" in again.err
    assert output.read_bytes() == content


def test_overwrite_and_another_output_are_as_ever(call: Call) -> None:
    save("in.png")
    assert call("in.png", *BICUBIC).status == 0
    assert "already done" not in call("in.png", *BICUBIC, "--overwrite").text
    assert "skipped, it is there" in call("in.png", *BICUBIC, "--skip-existing").text
    assert call("in.png", *BICUBIC, "-o", "other.png").status == 0
    assert call("in.png", *BICUBIC, "-o", "other.png").text.endswith("already done\n")


def test_an_input_that_changed_after_the_run_began_is_not_noted(call: Call) -> None:
    source = save("in.png")
    os.utime(source, (2**31, 2**31))
    assert call("in.png", *BICUBIC).status == 0
    assert "already there" in call("in.png", *BICUBIC).err


def test_a_home_that_cannot_be_written_costs_nothing_else(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    save("in.png")
    Path("file").touch()
    monkeypatch.setenv("SWINSR_HOME", "file")
    assert call("in.png", *BICUBIC).status == 0
    assert "already there" in call("in.png", *BICUBIC).err


def test_what_an_earlier_version_did_is_done_and_said_to_be_its_work(
    call: Call, home: Path
) -> None:
    save("in.png")
    assert call("in.png", *BICUBIC).status == 0
    (file,) = (home / "finished").iterdir()
    file.write_text(file.read_text().replace(f'"{__version__}"', '"0.0.7"'))
    assert call("in.png", *BICUBIC).text.endswith("already done by swinsr 0.0.7\n")


def test_a_user_without_a_home_misses_nothing_else(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    save("in.png")
    for name in ("SWINSR_HOME", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    assert call("in.png", *BICUBIC).status == 0
    assert "already there" in call("in.png", *BICUBIC).err


def test_notes_do_not_grow_for_ever(
    call: Call, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from swinsr.files.kept import finished

    monkeypatch.setattr(finished, "_SLACK", 2)
    save("in.png")
    for _ in range(8):
        assert call("in.png", *BICUBIC, "--overwrite").status == 0
    assert call("in.png", *BICUBIC).text.endswith("already done\n")
    (file,) = (home / "finished").iterdir()
    assert len(file.read_bytes().splitlines()) == 1


def test_json_lines_are_utf8_and_json_whatever_the_names(call: Call) -> None:
    for name in ("\udce9.png", "漢.png", "a\x7fb\x85c.png", 'q"\\.png'):
        save(f"d/{name}")
    for options in ((), ("-j", 2)):
        ran = call("d", *BICUBIC, "-o", f"out{len(options)}", "--json", *options)
        assert ran.status == 0, ran.err
        lines = ran.out.decode("utf-8", "strict").splitlines()
        names = {Path(json.loads(line)["input"]).name for line in lines}
        assert names == {path.name for path in Path("d").iterdir()}
        assert not any(0x7F <= ord(character) < 0xA0 for character in ran.out.decode())
