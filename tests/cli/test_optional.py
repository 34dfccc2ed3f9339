"""What needs a further package says so in one sentence, with the command that installs it."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from swinsr import Settings, Upscaler
from swinsr.demo.limits import Limits
from swinsr.errors import ConfigError
from swinsr.install import install_extra
from swinsr.video import upscale_video
from swinsr.watch.run import watch_folder


def video(folder: Path) -> None:
    upscale_video(folder / "in.mp4", folder / "out.mp4")


def onnx(folder: Path) -> None:
    (folder / "net.onnx").write_bytes(b"x")
    Upscaler.from_pretrained(folder / "net.onnx")


def watch(folder: Path) -> None:
    list(watch_folder(folder, folder / "out", Settings(model="bicubic")))


def serve(folder: Path) -> None:
    from swinsr.serve.server import serve as start

    with start(Limits(), port=0):
        pass


@pytest.mark.parametrize(
    ("package", "extra", "use"),
    [
        ("av", "video", video),
        ("onnxruntime", "onnx", onnx),
        ("watchfiles", "watch", watch),
        ("uvicorn", "serve", serve),
        ("prometheus_client", "serve", serve),
    ],
)
def test_a_missing_package_is_named_with_its_extra(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    package: str,
    extra: str,
    use: Callable[[Path], None],
) -> None:
    for name in [n for n in sys.modules if n.startswith("swinsr.serve.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=re.escape(install_extra(extra))):
        use(tmp_path)


@pytest.mark.parametrize("extra", ["video", "onnx", "watch", "serve"])
def test_extras_that_sentences_name_are_there(extra: str) -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert f"\n{extra} = [" in text
