"""Every way in gives the bytes of `swinsr upscale` for a picture."""

import http.client
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import numpy as np
import pytest
from PIL import Image as PilImage
from typer.testing import CliRunner

from swinsr import Settings, Upscaler, upscale_file
from swinsr.cli.commands import app
from swinsr.demo.catalogue import Catalogue
from swinsr.demo.folder import Folder
from swinsr.demo.jobs import Submission
from swinsr.demo.limits import Limits
from swinsr.demo.tasks.choose import Saving, WantedSize
from swinsr.demo.tasks.convert import Workshop

SCALES = (2.0, 3.0, 4.0, 4.1, 5.0, 6.5, 8.0)


def pixels(height: int = 14, width: int = 19) -> np.ndarray:
    """Smooth enough that networks and JPEG have something to do."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 3 + k) * np.cos(y / (2 + k)) for k in range(3)]
    return (np.stack(waves, axis=2) * 110 + 128).astype(np.uint8)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWINSR_HOME", str(tmp_path / "home"))


def command(*words: object) -> None:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, (done.output, done.exception)


@pytest.fixture(scope="module")
def shop() -> Iterator[Workshop]:
    folder = Folder(3600)
    yield Workshop(folder, Limits(), Catalogue())
    folder.close()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    pytest.importorskip("prometheus_client", reason="prometheus_client is not installed")
    from swinsr.serve.server import in_background, serve

    with serve(Limits(), port=0) as running, in_background(running):
        yield urlsplit(running.url).netloc


def by_page(shop: Workshop, source: Path, model: str, scale: float) -> bytes:
    uploaded = shop.folder.new_file(source.name)
    uploaded.write_bytes(source.read_bytes())
    done = shop.process(
        Submission(600),
        str(uploaded),
        model,
        WantedSize(scale),
        Saving(),
        restores=False,
        shown=True,
    )
    assert done.lossless == done.file
    return done.file.read_bytes()


def by_server(server: str, source: Path, **asked: Any) -> bytes:
    connection = http.client.HTTPConnection(server, timeout=120)
    query = urlencode({"name": source.name, **asked})
    connection.request("POST", f"/v1/upscale?{query}", source.read_bytes())
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    connection.close()
    return body


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("suffix", (".png", ".jpg"))
def test_the_choice_of_networks_is_one(
    shop: Workshop, server: str, home: None, tmp_path: Path, scale: float, suffix: str
) -> None:
    """Of scales that are a network's, near one, and beyond: there it is several networks."""
    source, output = tmp_path / f"in{suffix}", tmp_path / "out.png"
    PilImage.fromarray(pixels()).save(source)
    record = upscale_file(source, output, Settings(scale=scale))
    wanted = output.read_bytes()
    assert record.model is not None and (" + " in record.model) == (scale > 6)
    assert by_page(shop, source, "auto", scale) == wanted
    assert by_server(server, source, scale=scale) == wanted
    command("upscale", source, "-o", tmp_path / "command.png", "--scale", scale)
    assert (tmp_path / "command.png").read_bytes() == wanted
    if suffix == ".png":  # an array says nothing of what it has been through
        made = Upscaler.from_pretrained(scale=scale)(pixels(), scale)
        with PilImage.open(output) as picture:
            assert np.array_equal(made, np.array(picture))


def test_crispness_is_one(shop: Workshop, server: str, home: None, tmp_path: Path) -> None:
    source = tmp_path / "in.png"
    PilImage.fromarray(pixels()).save(source)
    made = {}
    for sharpness in (0.4, 1):
        output = tmp_path / f"{sharpness}.png"
        command("upscale", source, "-o", output, "-s", 4, "--sharpness", sharpness)
        made[sharpness] = output.read_bytes()
        assert by_server(server, source, scale=4, sharpness=sharpness) == made[sharpness]
    assert made[0.4] != made[1]
    assert by_page(shop, source, "crisp", 4) == made[1]


def by_watching(source: Path, folder: Path, model: str) -> bytes:
    pytest.importorskip("watchfiles", reason="watchfiles is not installed")
    (folder / "watched").mkdir()
    (folder / "watched" / source.name).write_bytes(source.read_bytes())
    words = ("-o", folder / "seen", "-s", 2, "-m", model, "--once", "--settle", 0.1)
    command("watch", folder / "watched", *words)
    return (folder / "seen" / "in_x2.png").read_bytes()


def by_frames(source: Path, folder: Path, model: str) -> bytes:
    pytest.importorskip("av", reason="PyAV is not installed")
    (folder / "frames").mkdir()
    for number in (1, 2):
        (folder / f"frames/{number}.png").write_bytes(source.read_bytes())
    words = ("-o", folder / "made/%d.png", "-s", 2, "-m", model)
    command("video", folder / "frames/%d.png", *words)
    assert (folder / "made/2.png").read_bytes() == (folder / "made/1.png").read_bytes()
    return (folder / "made/1.png").read_bytes()


WAYS: dict[str, Callable[[Path, Path, str], bytes]] = {
    "watch": by_watching,
    "numbered pictures": by_frames,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("model", ("bicubic", "swinsr-fast-x2"))
def test_folders_and_frames_have_the_bytes_of_upscale(
    home: None, tmp_path: Path, way: str, model: str
) -> None:
    source = tmp_path / "in.png"
    PilImage.fromarray(pixels()).save(source)
    command("upscale", source, "-o", tmp_path / "out.png", "-s", 2, "-m", model)
    assert WAYS[way](source, tmp_path, model) == (tmp_path / "out.png").read_bytes()


@pytest.mark.parametrize("model", ("bicubic", "swinsr-fast-x2"))
def test_frames_of_a_lossless_video_have_the_pixels_of_upscale(
    home: None, tmp_path: Path, model: str
) -> None:
    av = pytest.importorskip("av", reason="PyAV is not installed")
    source = tmp_path / "1.png"
    PilImage.fromarray(pixels()).save(source)
    with av.open(str(tmp_path / "in.mkv"), "w") as out:
        stream = out.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 19, 14, "bgr0"
        frame = av.VideoFrame.from_ndarray(pixels(), format="rgb24").reformat(format="bgr0")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    command("upscale", source, "-o", tmp_path / "out.png", "-s", 2, "-m", model)
    words = ("-o", tmp_path / "out.mkv", "-s", 2, "-m", model, "--codec", "ffv1")
    command("video", tmp_path / "in.mkv", *words)
    with ExitStack() as stack:
        video = stack.enter_context(av.open(str(tmp_path / "out.mkv")))
        picture = stack.enter_context(PilImage.open(tmp_path / "out.png"))
        (frame,) = video.decode(video=0)
        assert np.array_equal(frame.to_ndarray(format="rgb24"), np.array(picture))
