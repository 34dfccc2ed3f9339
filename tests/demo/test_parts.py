"""The demo's parts without a page: names, folder, uploads, jobs, models."""

import asyncio
import math
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swinsr.demo import Limits
from swinsr.demo.catalogue import Catalogue, find_offer, offers
from swinsr.demo.folder import Folder
from swinsr.demo.jobs import Jobs, JobTimeError, StoppedJobError, Submission
from swinsr.demo.names import free_name, safe_name
from swinsr.demo.tasks.choose import Saving, WantedSize
from swinsr.demo.tasks.convert import Workshop
from swinsr.demo.uploads import open_upload
from swinsr.demo.widgets.viewer import result_facts
from swinsr.errors import (
    ConfigError,
    ImageReadError,
    ImageTooLargeError,
    ModelNotFoundError,
)
from swinsr.image import read_image
from tests.demo import samples


@pytest.fixture
def shop(tmp_path: Path):
    folder = Folder(3600)
    yield Workshop(folder, Limits(max_pixels=10_000, max_files=4), Catalogue())
    folder.close()


def uploaded(shop: Workshop, file: Path) -> str:
    target = shop.folder.new_file(file.name)
    target.write_bytes(file.read_bytes())
    return str(target)


@given(st.text())
def test_no_name_leaves_its_folder_or_hides(name: str) -> None:
    safe = safe_name(name)
    assert safe == Path(safe).name and safe not in ("", ".", "..")
    assert not safe.startswith(".") and "/" not in safe and "\\" not in safe
    assert all(c.isprintable() for c in safe) and len(safe) < 100


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\cat.png", "cat.png"),
        ("<img src=x>.png", "_img src=x_.png"),
        ("con.png", "_con.png"),
        ("..", "picture"),
        ("été 1.jpg", "été 1.jpg"),
    ],
)
def test_names_of_uploads_are_made_safe(given_name: str, safe: str) -> None:
    assert safe_name(given_name) == safe


def test_names_in_an_archive_differ() -> None:
    assert free_name("A.png", {"a.png", "a_2.png"}) == "A_3.png"


def test_files_outside_the_folder_are_not_read(shop: Workshop, tmp_path: Path) -> None:
    outside = samples.picture(tmp_path / "outside.png")
    link = shop.folder.root / "link.png"
    link.symlink_to(outside)
    for path in (str(outside), str(link), f"{shop.folder.root}/../{outside.name}", "a\0b"):
        with pytest.raises(ImageReadError):
            open_upload(path, shop.folder, shop.limits)


def test_sweep_deletes_old_files_and_keeps_the_pages_own(tmp_path: Path) -> None:
    folder = Folder(60)
    own = folder.new_file("example.png")
    own.write_bytes(b"1")
    folder.keep_present()
    visitors = folder.new_file("upload.png")
    visitors.write_bytes(b"2")
    folder.sweep()
    assert visitors.exists()
    folder.sweep(now=time.time() + 120)
    assert own.exists() and not visitors.exists() and not visitors.parent.exists()
    folder.close()
    assert not folder.root.exists()


def test_a_bomb_is_refused_by_its_header_alone(shop: Workshop, tmp_path: Path) -> None:
    bomb = uploaded(shop, samples.png_bomb(tmp_path / "bomb.png"))
    start = time.perf_counter()
    with pytest.raises(ImageTooLargeError, match=r"bomb.png: 100000 x 100000 .* at most 10,000"):
        shop.open(bomb)
    assert time.perf_counter() - start < 1.0


def test_data_beyond_the_header_is_not_unpacked(shop: Workshop, tmp_path: Path) -> None:
    import tracemalloc

    upload = shop.open(uploaded(shop, samples.lying_png(tmp_path / "lying.png")))
    tracemalloc.start()
    try:
        upload.read()
    except ImageReadError as error:
        assert "lying.png" in str(error)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_archives_and_cut_pictures_are_named_and_refused(shop: Workshop, tmp_path: Path) -> None:
    with pytest.raises(ImageReadError, match=r"zip.png: not a .* but a ZIP archive"):
        shop.open(uploaded(shop, samples.zip_bomb(tmp_path / "zip.png")))
    upload = shop.open(uploaded(shop, samples.cut_short(tmp_path / "cut.png")))
    with pytest.raises(ImageReadError, match=r"^cut.png: "):
        upload.read()


def test_limits_are_told_with_their_numbers() -> None:
    with pytest.raises(ConfigError, match="max_files is 0"):
        Limits(max_files=0)
    with pytest.raises(ImageTooLargeError, match="at most 100"):
        Limits(max_output_pixels=100).check_output("a.png", 11, 10)


def test_requests_name_models_and_never_files(tmp_path: Path) -> None:
    for name in (str(tmp_path), "weights/swinsr-light-x2.safetensors", "", "../x"):
        with pytest.raises(ModelNotFoundError):
            find_offer(name)
    with pytest.raises(ModelNotFoundError, match="cannot restore"):
        find_offer("swinsr-light-x2", restores=True)
    assert {"swinsr-light-x2", "bicubic"} <= {offer.name for offer in offers()}


def test_a_model_is_loaded_once_and_shared() -> None:
    catalogue, job = Catalogue(), Submission(60)
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(catalogue.get("swinsr-light-x2", job)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3 and len({id(model) for model in found}) == 1


def test_a_result_keeps_depth_alpha_and_metadata(shop: Workshop, tmp_path: Path) -> None:
    source = samples.rich_picture(tmp_path / "rich.png")
    done = shop.process(
        Submission(60), uploaded(shop, source), "bicubic", WantedSize(2), Saving(), restores=False
    )
    before, after = read_image(source), read_image(done.file)
    assert (after.width, after.height, after.bits) == (56, 40, 16)
    assert after.alpha is not None and after.metadata.icc == before.metadata.icc
    assert after.metadata.dpi == pytest.approx(before.metadata.dpi, abs=0.1)
    assert after.metadata.exif is not None and b"a camera" in after.metadata.exif
    assert read_image(done.after).bits == 8  # what the browser is shown
    again = shop.save_again(Submission(60), str(done.lossless), Saving("TIFF"))
    assert again.name == "rich_x2.tif"
    assert [name for name, _ in result_facts(done)] == ["Size", "Time", "Model", "Computed with"]
    assert (read_image(again).pixels == after.pixels).all()


def test_short_memory_falls_back_to_tiles_and_is_told(
    shop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from swinsr.inference.engine import NetworkEngine

    engine = shop.catalogue.get("swinsr-light-x2", Submission(60)).engine
    path = uploaded(shop, samples.picture(tmp_path / "a.png", 100, 96))
    whole = shop.process(
        Submission(60), path, "swinsr-light-x2", WantedSize(2), Saving(), restores=False
    )
    assert isinstance(engine, NetworkEngine) and whole.notes == ()
    run, failed = engine.run, []

    def short_once(planes, progress):
        if not failed:
            failed.append(planes.shape)
            raise MemoryError
        return run(planes, progress)

    monkeypatch.setattr(engine, "run", short_once)
    done = shop.process(
        Submission(60), path, "swinsr-light-x2", WantedSize(2), Saving(), restores=False
    )
    assert failed and done.size == (192, 200)
    assert "going on in tiles of" in " ".join(done.notes)


def test_sizes_are_reached_exactly(shop: Workshop, tmp_path: Path) -> None:
    path = uploaded(shop, samples.picture(tmp_path / "a.png"))
    done = shop.process(
        Submission(60), path, "bicubic", WantedSize(width=77), Saving("JPEG", 80), restores=False
    )
    assert done.size[0] == 77 and done.file.name == "a_w77.jpg"
    with pytest.raises(ConfigError, match="larger than the size"):
        shop.process(Submission(60), path, "bicubic", WantedSize(width=3), Saving(), restores=False)
    for width in (math.nan, math.inf, -math.inf, 0, 0.4, 1e300, 10**400):
        with pytest.raises(ConfigError, match="width or height is from 1"):
            WantedSize(width=width).settings("upscale", Saving(), 10**6)
    with pytest.raises(ConfigError, match="one of scale, width and height"):
        shop.process(Submission(60), path, "bicubic", WantedSize(2, 100), Saving(), restores=False)


def run(jobs: Jobs, work, owner: str = "me"):
    return asyncio.run(jobs.run(owner, work, lambda share, text: None))


def test_stopping_ends_the_work_itself() -> None:
    jobs, rounds = Jobs(1, 60), [0]

    def work(job: Submission) -> None:
        for _ in range(2000):
            job.report(0.1)
            rounds[0] += 1
            time.sleep(0.01)

    threading.Timer(0.3, lambda: jobs.stop("me")).start()
    with pytest.raises(StoppedJobError):
        run(jobs, work)
    seen = rounds[0]
    time.sleep(0.1)
    assert rounds[0] == seen < 2000 and jobs.running == 0


def test_work_ends_when_nobody_waits_any_more() -> None:
    jobs, ended = Jobs(1, 60), threading.Event()

    def work(job: Submission) -> None:
        try:
            while True:
                job.report(0.1)
                time.sleep(0.01)
        finally:
            ended.set()

    async def leave() -> None:
        waiting = asyncio.create_task(jobs.run("me", work, lambda share, text: None))
        await asyncio.sleep(0.2)
        waiting.cancel()

    asyncio.run(leave())
    assert ended.wait(5)


def test_a_job_that_takes_too_long_is_ended() -> None:
    def work(job: Submission) -> None:
        while True:
            job.report(0.5)
            time.sleep(0.01)

    with pytest.raises(JobTimeError, match=r"0.2 seconds"):
        run(Jobs(1, 0.2), work)


def test_the_time_left_is_told() -> None:
    job = Submission(60)
    job.begin()
    job.stage("Enlarging")
    job._stage_begun -= 30
    job.report(0.25)
    assert job.line() == "Enlarging, about 2 min left"
