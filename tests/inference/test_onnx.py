"""Exported networks of any origin, found out by running them, through tiles, alpha and resume."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as PilImage

from swinsr import Settings, Upscaler, upscale_file
from swinsr.errors import CheckpointReadError, ConfigError, SwinsrError
from swinsr.export import export_onnx
from swinsr.models import from_published
from swinsr.tiling import work_path

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
pytest.importorskip("onnxscript", reason="onnxscript is not installed")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

TINY = {
    "upscale": 2, "embed_dim": 12, "depths": [2], "num_heads": [2], "window_size": 8,
    "img_size": 16, "upsampler": "pixelshuffledirect",
}  # fmt: skip


def nearest(
    path: Path,
    *,
    scale: int = 2,
    shape: tuple[Any, ...] = ("n", 3, "h", "w"),
    bias: float = 0.0,
    low: float = 0.0,
    high: float = 1.0,
    step: int = 1,
    last: bool = False,
    kind: int = TensorProto.FLOAT,
) -> Path:
    """A network that repeats pixels, in its own range of samples and layout.

    It fails on sides that are no multiples of `step`, as networks do that fold pixels into
    channels, and clips to its range.
    """
    half = (high - low) / 2
    nodes, values = [], {}

    def add(kind: str, inputs: list[str], name: str, **options: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [name], **options))
        return name

    def constant(name: str, value: Any, dtype: Any = np.float32) -> str:
        values[name] = np.asarray(value, dtype)
        return name

    at = "image"
    if kind != TensorProto.FLOAT:
        at = add("Cast", [at], "float", to=TensorProto.FLOAT)
    if last:
        at = add("Transpose", [at], "first", perm=[0, 3, 1, 2])
    if step > 1:  # which refuses what it does not divide, and brings the pixels back
        at = add("SpaceToDepth", [at], "folded", blocksize=step)
        at = add("DepthToSpace", [at], "unfolded", blocksize=step)
    at = add("Resize", [at, "", constant("scales", [1, 1, scale, scale])], "big", mode="nearest")
    # Bound to the range: a network that knows 0 to 255 makes gray of what lies within 0 to 1.
    middle = constant("middle", low + half)
    at = add("Sub", [at, middle], "centred")
    at = add("Div", [at, constant("half", half)], "unit")
    at = add("Clip", [at, constant("lowest", -1), constant("highest", 1)], "clipped")
    at = add("Mul", [at, "half"], "spread")
    at = add("Add", [at, constant("back", low + half + bias)], "moved")
    if last:
        at = add("Transpose", [at], "turned", perm=[0, 2, 3, 1])
    add("Cast", [at], "result", to=kind)
    channels = shape[3] if last else shape[1]
    out = ("n", "H", "W", channels) if last else ("n", channels, "H", "W")
    graph = helper.make_graph(
        nodes,
        "nearest",
        [helper.make_tensor_value_info("image", kind, shape)],
        [helper.make_tensor_value_info("result", kind, out)],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, str(path))
    return path


def flat(path: Path) -> None:
    """A network that takes vectors."""
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ("n", 3)) for n in ("in", "out")]
    graph = helper.make_graph(
        [helper.make_node("Neg", ["in"], ["out"])], "flat", *[[e] for e in ends]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, str(path))


def picture(height: int, width: int, channels: int = 3) -> np.ndarray:
    coarse = np.random.default_rng(5).integers(0, 256, (height // 4 + 1, width // 4 + 1, 4), "u1")
    big = PilImage.fromarray(coarse).resize((width, height), PilImage.Resampling.BICUBIC)
    return np.ascontiguousarray(np.asarray(big)[..., :channels])


def repeated(pixels: np.ndarray, scale: int) -> np.ndarray:
    return pixels.repeat(scale, 0).repeat(scale, 1)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    torch.manual_seed(0)
    network = from_published("swinir", TINY).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(0.5)
        # Its result is to look like a picture: the input goes past the body.
        network.conv_first.weight.zero_()
        for channel in range(3):
            network.conv_first.weight[channel, channel, 1, 1] = 1
        shuffled = network.upsample[0]
        shuffled.weight.mul_(0.05)
        for out in range(12):
            shuffled.weight[out, out // 4, 1, 1] += 0.5
    path = tmp_path_factory.mktemp("onnx") / "tiny.onnx"
    export_onnx(network, path, dynamic=True, size=(16, 16))
    return network, path


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "RGB, x2, samples from 0 to 1"),
        # Its error is one of 255 levels at most; in 0 to 1 it would be all of the range.
        ({"scale": 4, "high": 255, "bias": 0.8}, "RGB, x4, samples from 0 to 255"),
        ({"shape": ("n", 1, "h", "w"), "scale": 3}, "gray, x3, samples from 0 to 1"),
        ({"shape": (1, 3, 24, 40)}, "RGB, x2, samples from 0 to 1, 40x24 pixels at a time"),
        ({"shape": ("n", "h", "w", 3), "last": True}, "RGB, x2, samples from 0 to 1"),
        ({"step": 8}, "RGB, x2, samples from 0 to 1"),
        ({"kind": TensorProto.FLOAT16}, "RGB, x2, samples from 0 to 1"),
        ({"kind": TensorProto.UINT8, "high": 255}, "RGB, x2, samples from 0 to 255"),
    ],
)
def test_layout_scale_and_range_are_found_and_any_size_is_done(
    tmp_path: Path, options: dict[str, Any], told: str
) -> None:
    path = nearest(tmp_path / "net.onnx", **options)
    upscaler = Upscaler.from_pretrained(path)
    assert upscaler.scale == options.get("scale", 2)
    assert upscaler.engine.notes == (f"found by running it: {told}",)
    for height, width in ((61, 97), (5, 3), (1, 1)):
        pixels = picture(height, width)
        done = upscaler(pixels)
        wanted = repeated(pixels, int(upscaler.scale))
        assert np.abs(done.astype(int) - wanted).max() <= 1
    assert upscaler(picture(9, 9)[..., 0]).shape == (9 * upscaler.scale, 9 * upscaler.scale)


def test_a_network_that_knows_only_minus_one_to_one_is_found(tmp_path: Path) -> None:
    path = nearest(tmp_path / "net.onnx", low=-1, bias=0.08)  # too far off in 0 to 1
    (told,) = Upscaler.from_pretrained(path).engine.notes
    assert "samples from -1 to 1" in told


def test_an_exported_network_gives_the_networks_result(tiny: tuple[Any, Path]) -> None:
    network, path = tiny
    pixels = picture(45, 70)
    x = torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)[None]
    with torch.inference_mode():
        wanted = network(x)[0].permute(1, 2, 0).clamp(0, 1).numpy() * 255
    done = Upscaler.from_pretrained(path)(pixels)
    assert np.abs(done - wanted).max() <= 1


def test_the_command_writes_the_same_with_alpha_and_metadata(
    tiny: tuple[Any, Path], tmp_path: Path
) -> None:
    image = PilImage.fromarray(picture(40, 56, 4))
    image.save(tmp_path / "in.png", dpi=(300, 300))
    command = [
        *(sys.executable, "-m", "swinsr", "upscale", str(tmp_path / "in.png")),
        *("-o", str(tmp_path / "out.png"), "-m", str(tiny[1]), "--json"),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    record = json.loads(run.stdout)
    assert record["model"] == "tiny.onnx" and "x2" in record["notes"][0]
    with PilImage.open(tmp_path / "out.png") as done:
        assert (done.size, done.mode) == ((112, 80), "RGBA")
        assert done.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    upscale_file(tmp_path / "in.png", tmp_path / "again.png", Settings(model=str(tiny[1])))
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "out.png").read_bytes()


def test_large_pictures_go_through_tiles_and_resume(
    tiny: tuple[Any, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from swinsr.inference.onnx.engine import OnnxEngine

    PilImage.fromarray(picture(130, 150)).save(tmp_path / "in.png")
    asked = Settings(model=str(tiny[1]), tile=64, overlap=16)
    upscale_file(tmp_path / "in.png", tmp_path / "whole.png", asked)
    run, seen = OnnxEngine.run, []

    class Killed(BaseException):
        pass

    def dies(*arguments: Any) -> Any:
        seen.append(1)
        if len(seen) == 5:
            raise Killed
        return run(*arguments)

    monkeypatch.setattr(OnnxEngine, "run", dies)
    with pytest.raises(Killed):
        upscale_file(tmp_path / "in.png", tmp_path / "out.png", asked)
    record = upscale_file(tmp_path / "in.png", tmp_path / "out.png", asked)
    assert any("tiles of an earlier run" in note for note in record.notes)
    assert (tmp_path / "out.png").read_bytes() == (tmp_path / "whole.png").read_bytes()


def test_the_memory_is_measured(tiny: tuple[Any, Path]) -> None:
    engine = Upscaler.from_pretrained(tiny[1]).engine
    small, large = engine.memory(256, 256), engine.memory(512, 512)
    # At least the widest map of the network, 12 channels of floats; and it grows with the pixels.
    assert small > 256 * 256 * 12 * 4
    assert 3 < large / small < 4.01


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_bytes(b""), "cannot open it"),
        (lambda path: path.write_bytes(b"\x08\x07no network"), "cannot open it"),
        (lambda path: nearest(path, shape=("n", 4, "h", "w")), "4 channels"),
        (lambda path: flat(path), "batch, channels, height and width"),
        (lambda path: nearest(path, bias=3.0), "does not look like its input"),
    ],
)
def test_what_is_no_such_network_is_refused(tmp_path: Path, make: Any, said: str) -> None:
    path = tmp_path / "net.onnx"
    make(path)
    with pytest.raises(CheckpointReadError, match=said) as refused:
        Upscaler.from_pretrained(path)
    assert str(path) in str(refused.value) and "\n" not in str(refused.value)


def test_options_that_a_file_cannot_honour_are_refused(tmp_path: Path) -> None:
    path = nearest(tmp_path / "net.onnx", shape=(1, 3, 32, 32))
    with pytest.raises(ConfigError, match="its own precision"):
        Upscaler.from_pretrained(path, precision="bfloat16")
    with pytest.raises(ConfigError, match="32x32 pixels at a time"):
        Upscaler.from_pretrained(path, mode="exact")
    with pytest.raises(SwinsrError, match="enlarges by 2 and does not restore"):
        PilImage.fromarray(picture(8, 8)).save(tmp_path / "in.png")
        upscale_file(
            tmp_path / "in.png", tmp_path / "out.png", Settings(task="denoise", model=str(path))
        )


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_command_goes_on_with_the_tiles_of_a_file_of_one_size(tmp_path: Path) -> None:
    model = nearest(tmp_path / "net.onnx", shape=(1, 3, 48, 32), scale=3, high=255, bias=0.8)
    PilImage.fromarray(picture(300, 420, 4)).save(tmp_path / "in.png", dpi=(300, 300))
    words = ["upscale", str(tmp_path / "in.png"), "-m", str(model), "--tile", "32"]
    words += ["--overlap", "8", "--json", "-o"]
    command = [sys.executable, "-m", "swinsr", *words]
    subprocess.run([*command, str(tmp_path / "whole.png")], check=True, capture_output=True)
    output = tmp_path / "out.png"
    # It kills itself: a watcher would now and then come after the last tile.
    dying = (
        "import os, signal, swinsr.tiling.workspace as w\n"
        "put, done = w.WorkStore.put, []\n"
        "def put_and_die(*given):\n"
        "    put(*given)\n"
        "    done.append(1)\n"
        "    if len(done) == 3: os.kill(os.getpid(), signal.SIGKILL)\n"
        "w.WorkStore.put = put_and_die\n"
        "from swinsr.cli import main\n"
        "main()"
    )
    killed = subprocess.run([sys.executable, "-c", dying, *words, str(output)], check=False)
    assert killed.returncode == -signal.SIGKILL and not output.exists()
    ledger = work_path(output) / "ledger"
    assert ledger.read_bytes().count(b'"tile"') >= 3
    again = subprocess.run([*command, str(output)], check=True, capture_output=True, text=True)
    assert any("tiles of an earlier run" in note for note in json.loads(again.stdout)["notes"])
    assert output.read_bytes() == (tmp_path / "whole.png").read_bytes()
    with PilImage.open(output) as done:
        assert (done.size, done.mode) == ((1260, 900), "RGBA")
    assert {path.name for path in tmp_path.iterdir()} == {
        *("in.png", "net.onnx", "whole.png", "out.png"),
    }
