"""Several pictures: read and written beside the computing, with the results of single runs."""

import json
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from swinsr.files.convert import Conversion
from swinsr.files.engines import Engines
from swinsr.files.parallel import ahead
from swinsr.files.plan import Job
from swinsr.files.settings import Settings
from tests.cli.conftest import Call

BICUBIC = ("--model", "bicubic", "--scale", "2")


def make_pictures() -> None:
    rng = np.random.default_rng(0)
    Path("d").mkdir()
    for number in range(4):
        pixels = rng.integers(0, 256, (9 + number, 12, 3), np.uint8)
        Image.fromarray(pixels).save(f"d/{number}.png")
    frames = [Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8)) for _ in range(3)]
    frames[0].save("d/5.gif", save_all=True, append_images=frames[1:], duration=100)
    Path("d/6.png").write_bytes(Path("d/0.png").read_bytes()[:60])


def test_results_are_those_of_single_runs(call: Call) -> None:
    make_pictures()
    ran = call("upscale", "d", "-o", "all", *BICUBIC, "--json", "--format", "png")
    records = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.status == 1
    assert [Path(r["input"]).name for r in records] == [
        *(f"{i}.png" for i in range(4)),
        "5.gif",
        "6.png",
    ]
    assert [r["status"] for r in records] == ["done"] * 5 + ["failed"]
    assert "6.png" in records[-1]["error"]
    assert all(r["seconds"] > 0 for r in records[:5])
    for record in records[:5]:
        source = Path(record["input"])
        single = f"single_{source.stem}.png"
        assert call("upscale", str(source), "-o", single, *BICUBIC).status == 0
        assert Path(single).read_bytes() == Path(record["output"]).read_bytes()


def test_files_are_read_and_written_outside_the_computing_thread(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_pictures()
    where: dict[str, set[str]] = {}
    for name in ("read", "compute", "write"):
        real = getattr(Conversion, name)

        def noted(self: Conversion, *arguments: object, name: str = name, real=real) -> object:  # type: ignore[no-untyped-def]
            where.setdefault(name, set()).add(threading.current_thread().name)
            return real(self, *arguments)

        monkeypatch.setattr(Conversion, name, noted)
    call("upscale", *(f"d/{i}.png" for i in range(4)), "-o", "out", *BICUBIC)
    assert where == {
        "read": {"swinsr-read_0"},
        "compute": {threading.main_thread().name},
        "write": {"swinsr-write_0"},
    }


def test_large_pictures_are_not_read_ahead(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    make_pictures()
    monkeypatch.setattr(ahead, "LARGEST_AHEAD", 10 * 12)
    read: list[str] = []
    real = ahead.read_ahead

    def noted(*arguments: object) -> object:
        found = real(*arguments)  # type: ignore[arg-type]
        read.append(type(found).__name__)
        return found

    monkeypatch.setattr(ahead, "read_ahead", noted)
    ran = call("upscale", *(f"d/{i}.png" for i in range(4)), "-o", "out", *BICUBIC)
    assert ran.status == 0
    assert read == ["Conversion", "Conversion", "NoneType", "NoneType"]
    assert len(list(Path("out").iterdir())) == 4


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_pipes_are_left_to_the_main_thread(call: Call) -> None:
    os.mkfifo("pipe.png")
    work = Settings(model="bicubic")
    job = Job(Path("pipe.png"), Path("out.png"))
    assert ahead.read_ahead(Engines(work), job, work) is None


def test_pictures_that_are_there_are_skipped_in_order(call: Call) -> None:
    make_pictures()
    Path("out").mkdir()
    Path("out/1_x2.png").write_bytes(b"kept")
    names = [f"d/{i}.png" for i in range(3)]
    ran = call("upscale", *names, "-o", "out", *BICUBIC, "--skip-existing", "--json")
    assert [json.loads(line)["status"] for line in ran.out.splitlines()] == [
        "done",
        "skipped",
        "done",
    ]
    assert Path("out/1_x2.png").read_bytes() == b"kept"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_picture_comes_whole_through_a_named_pipe(call: Call) -> None:
    make_pictures()
    content = Path("d/0.png").read_bytes()
    os.mkfifo("pipe.png")
    writer = threading.Thread(target=Path("pipe.png").write_bytes, args=(content,), daemon=True)
    writer.start()
    ran = call("upscale", "pipe.png", "-o", "out.png", *BICUBIC)
    writer.join(timeout=10)
    assert ran.status == 0, ran.err
    assert call("upscale", "d/0.png", "-o", "same.png", *BICUBIC).status == 0
    assert Path("out.png").read_bytes() == Path("same.png").read_bytes()
