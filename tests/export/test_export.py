"""Exported files: right at sizes other than the traced one, whole, and telling what they are."""

import builtins
import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from swinsr.checkpoints import load, save
from swinsr.cli import app
from swinsr.errors import CheckpointError, ConfigError
from swinsr.export import (
    CHECKED_SIZES,
    export_onnx,
    export_openvino,
    export_program,
    export_torchscript,
    files,
    largest_difference,
    traceable,
)
from swinsr.export.compare import expected
from swinsr.install import install_extra
from swinsr.models import RestorationNetwork, from_published

BOUND = 5e-6  # of pictures in 0..1, in float32
SMALL_SIZES = ((8, 40), (40, 5), (1, 1))  # of a window, and below
TINY = {"embed_dim": 12, "depths": [2, 2], "num_heads": [2, 2], "window_size": 8, "img_size": 64}
HEADS = [
    ("swinir", {"upscale": 2, "upsampler": "pixelshuffle"}),
    ("swinir", {"upscale": 3, "upsampler": "pixelshuffledirect"}),
    ("swinir", {"upscale": 4, "upsampler": "nearest+conv", "resi_connection": "3conv"}),
    ("swinir", {"upscale": 1, "window_size": 7, "img_size": 126, "img_range": 255.0,
                "in_chans": 1}),
    ("swin2sr", {"upscale": 4, "upsampler": "pixelshuffle_aux"}),
    ("swin2sr", {"upscale": 4, "upsampler": "pixelshuffle_hf"}),
    ("swin2sr", {"upscale": 2, "upsampler": "pixelshuffledirect", "qkv_bias": False}),
    ("swinir", {"upscale": 2, "upsampler": "pixelshuffledirect", "img_size": 8}),  # no shift
]  # fmt: skip


def network(family: str = "swinir", **changes: Any) -> RestorationNetwork:
    torch.manual_seed(0)
    changes = changes or {"upscale": 2, "upsampler": "pixelshuffle"}
    built = from_published(family, TINY | changes)
    with torch.no_grad():
        for name, parameter in built.named_parameters():
            if "norm" not in name:
                parameter.add_(torch.randn_like(parameter) * 0.02)
    return built


@pytest.fixture(scope="module")
def onnx() -> Any:
    pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    return pytest.importorskip("onnx", reason="onnx is not installed")


@pytest.mark.parametrize(("family", "changes"), HEADS)
def test_rewritten_network_equals_the_network(family: str, changes: dict[str, Any]) -> None:
    built = network(family, **changes)
    for size in (*CHECKED_SIZES, (1, 1), (2, 9)):
        image = torch.rand(2, built.config.in_chans, *size)
        with torch.inference_mode():
            assert (traceable(built)(image) - expected(built, image)).abs().max() <= BOUND


@pytest.mark.parametrize(("family", "changes"), HEADS)
def test_onnx_is_right_at_sizes_it_was_not_traced_at(
    onnx: Any, tmp_path: Path, family: str, changes: dict[str, Any]
) -> None:
    built = network(family, **changes)
    done = export_onnx(built, tmp_path / "model.onnx", dynamic=True)
    for size in CHECKED_SIZES:
        assert largest_difference(built, done.path, size) <= BOUND
    assert done.size is None and done.bytes == done.path.stat().st_size
    assert done.nodes == len(onnx.load(str(done.path)).graph.node)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (9, 200), (8, 8)])
def test_onnx_is_right_at_small_and_long_sizes(
    onnx: Any, tmp_path: Path, size: tuple[int, int]
) -> None:
    built = network()
    done = export_onnx(built, tmp_path / "model.onnx", dynamic=True, size=(24, 24))
    assert largest_difference(built, done.path, size) <= BOUND


def test_onnx_takes_batches(onnx: Any, tmp_path: Path) -> None:
    import onnxruntime

    built = network()
    done = export_onnx(built, tmp_path / "model.onnx", dynamic=True)
    image = torch.rand(3, 3, 20, 28)
    session = onnxruntime.InferenceSession(str(done.path), providers=["CPUExecutionProvider"])
    (result,) = session.run(None, {"image": image.numpy()})
    assert (torch.from_numpy(result) - expected(built, image)).abs().max() <= BOUND


def test_fixed_onnx_is_smaller_and_takes_its_size_alone(onnx: Any, tmp_path: Path) -> None:
    built = network()
    fixed = export_onnx(built, tmp_path / "fixed.onnx", size=(20, 28))
    free = export_onnx(built, tmp_path / "free.onnx", dynamic=True)
    assert fixed.nodes is not None and free.nodes is not None and fixed.nodes < free.nodes
    assert fixed.size == (20, 28)
    assert largest_difference(built, fixed.path, (20, 28)) <= BOUND
    shape = onnx.load(str(fixed.path)).graph.input[0].type.tensor_type.shape.dim
    assert [side.dim_value for side in shape] == [1, 3, 20, 28]


@pytest.mark.parametrize("opset", [17, 18, 20])
def test_opset_is_the_one_asked_for(onnx: Any, tmp_path: Path, opset: int) -> None:
    built = network("swin2sr", upscale=2, upsampler="pixelshuffle")
    done = export_onnx(built, tmp_path / "model.onnx", dynamic=True, opset=opset)
    model = onnx.load(str(done.path))
    assert [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")] == [
        opset
    ]
    assert largest_difference(built, done.path, (17, 33)) <= BOUND


def test_onnx_tells_what_it_is(onnx: Any, tmp_path: Path) -> None:
    built = network()
    done = export_onnx(built, tmp_path / "model.onnx", details={"task": "classical_sr"})
    model = onnx.load(str(done.path))
    notes = {entry.key: entry.value for entry in model.metadata_props}
    assert (notes["family"], notes["scale"], notes["task"]) == ("swinir", "2", "classical_sr")
    assert json.loads(notes["config"]) == built.config.to_dict()
    assert [value.name for value in (*model.graph.input, *model.graph.output)] == [
        "image",
        "result",
    ]


def test_exporting_leaves_the_network_as_it_was(onnx: Any, tmp_path: Path) -> None:
    built = network()
    before = {name: tensor.clone() for name, tensor in built.state_dict().items()}
    export_onnx(built, tmp_path / "model.onnx")
    assert before.keys() == built.state_dict().keys()
    assert all(torch.equal(before[name], built.state_dict()[name]) for name in before)
    assert all(parameter.requires_grad for parameter in built.parameters())


@pytest.mark.parametrize("family", ["swinir", "swin2sr"])
def test_torchscript_is_right_at_sizes_it_was_not_traced_at(tmp_path: Path, family: str) -> None:
    built = network(family, upscale=2, upsampler="pixelshuffle")
    done = export_torchscript(built, tmp_path / "model.pt")
    for size in (*CHECKED_SIZES, (1, 1)):
        assert largest_difference(built, done.path, size) <= BOUND


@pytest.mark.slow
@pytest.mark.parametrize(("family", "changes"), HEADS)
def test_exported_program_is_right_at_sizes_it_was_not_traced_at(
    tmp_path: Path, family: str, changes: dict[str, Any]
) -> None:
    built = network(family, **changes)
    done = export_program(built, tmp_path / "model.pt2", dynamic=True)
    for size in (*CHECKED_SIZES, *SMALL_SIZES):
        assert largest_difference(built, done.path, size) <= BOUND


def test_exported_program_takes_sides_of_a_window_and_below(tmp_path: Path) -> None:
    torch.manual_seed(0)
    smallest = {"embed_dim": 4, "depths": [2], "num_heads": [1], "window_size": 4, "img_size": 8}
    built = from_published("swinir", smallest | {"upscale": 1})
    done = export_program(built, tmp_path / "model.pt2", dynamic=True, size=(16, 16))
    for size in ((4, 4), (3, 9), (9, 3), (1, 1), (12, 16)):
        assert largest_difference(built, done.path, size) <= BOUND


def test_a_torch_that_takes_sizes_of_one_apart_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SIZES_OF_ONE", "no_such_setting")
    with pytest.raises(ConfigError, match=r"install 2\.7"):
        export_program(network(), tmp_path / "model.pt2", dynamic=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("family", "changes"),
    [HEADS[0], *(pytest.param(*h, marks=pytest.mark.slow) for h in HEADS[1:])],
)
def test_openvino_is_right_at_sizes_it_was_not_traced_at(
    onnx: Any, tmp_path: Path, family: str, changes: dict[str, Any]
) -> None:
    pytest.importorskip("openvino", reason="openvino is not installed")
    built = network(family, **changes)
    source = export_onnx(built, tmp_path / "model.onnx", dynamic=True)
    done = export_openvino(built, tmp_path / "model.xml", source.path)
    for size in (*CHECKED_SIZES, *SMALL_SIZES):
        assert largest_difference(built, done.path, size) <= BOUND


def test_openvino_is_whole_and_tells_what_it_is(onnx: Any, tmp_path: Path) -> None:
    openvino = pytest.importorskip("openvino", reason="openvino is not installed")
    built = network()
    source = export_onnx(built, tmp_path / "model.onnx", size=(20, 28))
    done = export_openvino(built, tmp_path / "model.xml", source.path, size=(20, 28))
    assert done.size == (20, 28)
    assert done.bytes == sum((tmp_path / f"model.{kind}").stat().st_size for kind in ("xml", "bin"))
    model = openvino.Core().read_model(str(done.path))
    assert list(model.input().shape) == [1, 3, 20, 28]
    notes = json.loads(model.get_rt_info(["swinsr", "config"]).astype(str))
    assert notes == built.config.to_dict()
    assert largest_difference(built, done.path, (20, 28)) <= BOUND
    with pytest.raises(CheckpointError, match="cannot be written"):
        export_openvino(built, tmp_path / "nowhere" / "model.xml", source.path)


@pytest.mark.parametrize("package", ["onnx", "onnxscript"])
def test_a_missing_package_is_named_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    import importlib

    def refuse(name: str, *arguments: Any) -> Any:
        if name.partition(".")[0] == package:
            raise ImportError(name)
        return found(name, *arguments)

    found = importlib.import_module
    monkeypatch.setattr(importlib, "import_module", refuse)
    if package == "onnxscript":
        pytest.importorskip("onnx", reason="onnx is not installed")
    told = rf"{package} has to be installed: {re.escape(install_extra('export'))}"
    with pytest.raises(ConfigError, match=told):
        export_onnx(network(), tmp_path / "model.onnx")
    assert builtins.list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("model.pth", {}, r"end in \.onnx"),
        ("model.onnx", {"opset": 11}, "opset is 17 to 20"),
        ("model.onnx", {"size": (0, 8)}, "at least one pixel"),
    ],
)
def test_refuses_unusable_options(
    tmp_path: Path, name: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        export_onnx(network(), tmp_path / name, **options)


def test_command_reports_nodes_size_and_differences(onnx: Any, tmp_path: Path) -> None:
    weights = save(network(), tmp_path / "model.safetensors", task="classical_sr")
    out = tmp_path / "out.onnx"
    command = ["export", str(weights), str(out), "--dynamic"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "nodes, any height and width" in done.stdout
    for size in ("64x64", "72x104", "17x33"):
        assert f"{size}: largest difference" in done.stdout
    again = CliRunner().invoke(app, command)
    assert again.exit_code == 1 and "--overwrite" in str(again.exception)
    fixed = CliRunner().invoke(app, [*command[:3], "--size", "20x28", "--overwrite"])
    assert "20x28 only" in fixed.stdout


def test_command_writes_weights_with_the_published_buffers(tmp_path: Path) -> None:
    weights = save(network(), tmp_path / "model.safetensors", task="classical_sr", licence="MIT")
    out = tmp_path / "out.safetensors"
    done = CliRunner().invoke(app, ["export", str(weights), str(out), "--keep-buffers"])
    assert done.exit_code == 0, done.output
    before, after = load_file(weights), load_file(out)
    added = {name.rpartition(".")[2] for name in after.keys() - before.keys()}
    assert added == {"relative_position_index", "attn_mask"}
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert load(out).metadata | {"licence": "MIT"} == load(out).metadata


def test_command_writes_a_folder_for_transformers(tmp_path: Path) -> None:
    built = network("swin2sr", upscale=2, upsampler="pixelshuffle")
    weights = save(built, tmp_path / "model.safetensors", task="classical_sr")
    done = CliRunner().invoke(app, ["export", str(weights), str(tmp_path / "f"), "--huggingface"])
    assert done.exit_code == 0, done.output
    again = load(tmp_path / "f").network.state_dict()
    assert all(torch.equal(again[name], tensor) for name, tensor in built.state_dict().items())


@pytest.mark.parametrize("option", [["--size", "64"], ["--pt2", "--torchscript"]])
def test_command_refuses_what_does_not_go_together(tmp_path: Path, option: list[str]) -> None:
    done = CliRunner().invoke(app, ["export", "swinsr-light-x4", str(tmp_path / "o.pt"), *option])
    assert isinstance(done.exception, ConfigError)
