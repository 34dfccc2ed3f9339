"""`swinsr export`: a model as a file for other programs."""

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from swinsr.cli.views.complete import model_names
from swinsr.cli.views.console import report_note
from swinsr.errors import ConfigError, OutputExistsError

if TYPE_CHECKING:
    from swinsr.checkpoints import LoadedModel
    from swinsr.export import Exported

BOUND = 1e-4  # beyond float32 rounding of the deepest published network


def export(
    model: str = typer.Argument(
        ..., metavar="MODEL", help="A model's name, file or folder.", autocompletion=model_names
    ),
    output: Path = typer.Argument(
        ..., metavar="OUT", help="out.onnx, .xml, .pt, .ts, .pt2, .safetensors, or a folder."
    ),
    dynamic: bool = typer.Option(False, "--dynamic", help="Take pictures of any size."),
    size: str = typer.Option("64x64", metavar="HxW", help="The size to trace, or the only one."),
    opset: int = typer.Option(17, help="Of ONNX, 17 to 20."),
    openvino: bool = typer.Option(False, "--openvino", help="OUT.xml and OUT.bin for OpenVINO."),
    torchscript: bool = typer.Option(False, "--torchscript", help="A TorchScript program."),
    pt2: bool = typer.Option(False, "--pt2", help="PyTorch's exported program."),
    keep_buffers: bool = typer.Option(
        False, "--keep-buffers", help="OUT.safetensors, weights for spandrel and the tools on it."
    ),
    huggingface: bool = typer.Option(
        False, "--huggingface", help="OUT, a folder that transformers loads (Swin2SR)."
    ),
    check: bool = typer.Option(True, help="Run the file and compare it with the network."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace OUT where it is there."),
) -> None:
    """Write a model as a file for other programs.

    For ONNX, OpenVINO or PyTorch to run, or as weights in the layout of other programs.

    A file that runs takes a picture (batch, channels, height, width) in 0..1, pads it to whole
    windows, and gives the result cropped to its size times the scale.
    """
    if openvino + torchscript + pt2 + keep_buffers + huggingface > 1:
        raise ConfigError(
            "choose one of --openvino, --torchscript, --pt2, --keep-buffers and --huggingface"
        )
    height, width = _size(size)
    if output.exists() and not overwrite:
        raise OutputExistsError(f"{output} is already there; replace it with --overwrite")
    from swinsr.zoo import find_weights

    path = find_weights(model)
    from swinsr.checkpoints import load
    from swinsr.export import export_program, export_torchscript

    loaded = load(path)
    if keep_buffers or huggingface:
        _weights(loaded, output, huggingface=huggingface)
        return
    if torchscript:
        done = export_torchscript(loaded.network, output, size=(height, width))
    elif pt2:
        done = export_program(loaded.network, output, dynamic=dynamic, size=(height, width))
    elif openvino:
        with tempfile.TemporaryDirectory() as folder:
            between = Path(folder) / "model.onnx"
            _onnx(loaded, between, dynamic=dynamic, size=(height, width), opset=opset)
            from swinsr.export import export_openvino

            only = None if dynamic else (height, width)
            done = export_openvino(loaded.network, output, between, size=only)
    else:
        done = _onnx(loaded, output, dynamic=dynamic, size=(height, width), opset=opset)
    takes = "any height and width" if dynamic or torchscript else f"{height}x{width} only"
    typer.echo(f"{done.path}  {done.bytes / 1e6:.1f} MB, {done.nodes:,} nodes, {takes}")
    if check:
        _compare(loaded, done, None if dynamic or torchscript else (height, width))


def _weights(loaded: "LoadedModel", output: Path, *, huggingface: bool) -> None:
    """Write the weights in a layout of other programs.

    Raises:
        ConfigError: that program cannot read the network, or would compute something else.
    """
    from swinsr.checkpoints import save, save_huggingface
    from swinsr.checkpoints.layouts.huggingface_config import otherwise_in_huggingface
    from swinsr.checkpoints.layouts.spandrel import spandrel_obstacle
    from swinsr.checkpoints.metadata import RESERVED

    if huggingface:
        save_huggingface(loaded.network, output)
        otherwise = otherwise_in_huggingface(loaded.config)
        if otherwise is not None:
            report_note(f"this network {otherwise}")
    else:
        obstacle = spandrel_obstacle(loaded.config)
        if obstacle is not None:
            raise ConfigError(
                f"this network {obstacle}; export it to ONNX instead, or save it from Python for "
                "other tools with swinsr.checkpoints.save(..., keep_buffers=True)"
            )
        notes = {k: v for k, v in loaded.metadata.items() if k not in RESERVED}
        save(
            loaded.network,
            output,
            task=loaded.metadata.get("task", "unknown"),
            licence=loaded.metadata.get("licence"),
            provenance=notes,
            keep_buffers=True,
        )
    typer.echo(str(output))


def _onnx(
    loaded: "LoadedModel", path: Path, *, dynamic: bool, size: tuple[int, int], opset: int
) -> "Exported":
    from swinsr.export import export_onnx

    details = {k: v for k, v in loaded.metadata.items() if k in ("task", "licence")}
    return export_onnx(
        loaded.network, path, dynamic=dynamic, size=size, opset=opset, details=details
    )


def _compare(loaded: "LoadedModel", done: "Exported", only: tuple[int, int] | None) -> None:
    """Say how far the file is from the network.

    Raises:
        ConfigError: further than rounding explains.
    """
    from swinsr.export import CHECKED_SIZES, largest_difference

    for size in (only,) if only is not None else CHECKED_SIZES:
        try:
            difference = largest_difference(loaded.network, done.path, size)
        except ConfigError as error:
            report_note(f"not compared with the network: {error}")
            return
        typer.echo(f"  {size[0]}x{size[1]}: largest difference {difference:.1e}")
        if not difference <= BOUND:
            raise ConfigError(
                f"{done.path} differs from the network by {difference:.1e}; do not use it, and "
                "try another --opset or version of torch"
            )


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if match is None:
        raise ConfigError(f"--size is HEIGHTxWIDTH such as 64x64, not {text!r}")
    return int(match[1]), int(match[2])
