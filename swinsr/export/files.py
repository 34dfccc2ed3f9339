"""Write exported files: each is whole or not there, and tells what it is."""

import contextlib
import dataclasses
import io
import json
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.fx.experimental import _config

from swinsr.checkpoints.save import write_file
from swinsr.errors import ConfigError
from swinsr.export.packages import need
from swinsr.export.traceable import TraceableNetwork, traceable
from swinsr.models import RestorationNetwork

OPSETS = range(17, 21)  # from the first with LayerNormalization to the last that torch traces to
DEFAULT_OPSET = 17
ANY_SIDE = torch.export.Dim.DYNAMIC
SIZES_OF_ONE = "backed_size_oblivious"


@dataclasses.dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        path: the file; OpenVINO's weights lie beside it in a .bin.
        bytes: its size, weights included.
        nodes: operations in the graph; None where the format does not count them.
        size: (height, width) that it takes; None for any.
    """

    path: Path
    bytes: int
    nodes: int | None
    size: tuple[int, int] | None


def export_onnx(
    network: RestorationNetwork,
    path: str | Path,
    *,
    dynamic: bool = False,
    size: tuple[int, int] = (64, 64),
    opset: int = DEFAULT_OPSET,
    details: dict[str, str] | None = None,
) -> Exported:
    """Write an ONNX file: input `image` (batch, C, H, W) in 0..1, output `result`, float32.

    Padding to whole windows and cropping are in the graph.

    Args:
        network: what to export.
        path: a .onnx file; replaced if it is there.
        dynamic: take any batch, height and width; else one picture of `size`.
        size: (height, width) to trace with.
        opset: one of `OPSETS`.
        details: further texts for the file's metadata, such as task and licence.

    Raises:
        ConfigError: an unusable option, or onnx or onnxscript is not installed.
        CheckpointError: the file could not be written.
    """
    path = _checked(path, ".onnx", size)
    if opset not in OPSETS:
        raise ConfigError(f"opset is {OPSETS[0]} to {OPSETS[-1]}, not {opset}")
    onnx = need("onnx", "export to ONNX")
    optimizer = need("onnxscript.optimizer", "export to ONNX")
    model = optimizer.optimize(_traced_onnx(onnx, network, dynamic, size, opset))
    notes = {"family": network.config.family, "config": json.dumps(network.config.to_dict())}
    for key, value in {**notes, "scale": str(network.config.scale), **(details or {})}.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    model.producer_name = "swinsr"
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    write_file(path, content)
    return Exported(path, len(content), len(model.graph.node), None if dynamic else size)


def _traced_onnx(
    onnx: Any, network: RestorationNetwork, dynamic: bool, size: tuple[int, int], opset: int
) -> Any:
    """The graph as torch writes it."""
    buffer = io.BytesIO()
    sides = {0: "batch", 2: "height", 3: "width"}
    result = {0: "batch", 2: "result_height", 3: "result_width"}
    with warnings.catch_warnings():
        # A trace is what is wanted; what would be frozen in it is computed by `traceable`.
        warnings.simplefilter("ignore")
        write: Any = torch.onnx.export  # its stub leaves out that it writes to streams, too
        write(
            traceable(network),
            (_picture(network, size),),
            buffer,
            dynamo=False,
            opset_version=opset,
            input_names=["image"],
            output_names=["result"],
            dynamic_axes={"image": sides, "result": result} if dynamic else None,
        )
    return onnx.load_from_string(buffer.getvalue())


def export_openvino(
    network: RestorationNetwork,
    path: str | Path,
    onnx_path: Path,
    *,
    size: tuple[int, int] | None = None,
) -> Exported:
    """Convert an exported ONNX file to OpenVINO's .xml and .bin, in float32.

    Args:
        network: what the ONNX file was exported from.
        path: a .xml file; it and the .bin beside it are replaced if they are there.
        onnx_path: what `export_onnx` wrote.
        size: (height, width) that the ONNX file takes; None for any.

    Raises:
        ConfigError: openvino is not installed, or another suffix.
        CheckpointError: a file could not be written.
    """
    path = _checked(path, ".xml", size or (1, 1))
    openvino = need("openvino", "export to OpenVINO")
    model = openvino.convert_model(str(onnx_path))
    model.set_rt_info(json.dumps(network.config.to_dict()), ["swinsr", "config"])
    model.set_rt_info(network.config.family, ["swinsr", "family"])
    with tempfile.TemporaryDirectory() as folder:
        between = Path(folder) / path.name
        openvino.save_model(model, str(between), compress_to_fp16=False)
        # The .xml last: it is not there without its weights.
        contents = {
            target: between.with_suffix(target.suffix).read_bytes()
            for target in (path.with_suffix(".bin"), path)
        }
    for target, content in contents.items():
        write_file(target, content)
    total = sum(len(content) for content in contents.values())
    return Exported(path, total, len(model.get_ops()), size)


def export_torchscript(
    network: RestorationNetwork, path: str | Path, *, size: tuple[int, int] = (64, 64)
) -> Exported:
    """Write a TorchScript program, which takes pictures of any size.

    Args:
        network: what to export.
        path: a .pt or .ts file; replaced if it is there.
        size: (height, width) to trace with.

    Raises:
        ConfigError: another suffix.
        CheckpointError: the file could not be written.
    """
    path = _checked(path, (".pt", ".ts"), size)

    def content(model: TraceableNetwork) -> tuple[bytes, int]:
        trace: Any = torch.jit.trace  # it has no types
        program = trace(model, _picture(network, size), check_trace=False)
        buffer = io.BytesIO()
        torch.jit.save(program, buffer)
        return buffer.getvalue(), sum(1 for _ in program.inlined_graph.nodes())

    return _write_program(network, path, content, None)


def export_program(
    network: RestorationNetwork,
    path: str | Path,
    *,
    dynamic: bool = False,
    size: tuple[int, int] = (64, 64),
) -> Exported:
    """Write PyTorch's exported program (torch.export).

    Args:
        network: what to export.
        path: a .pt2 file; replaced if it is there.
        dynamic: take any height and width; else pictures of `size`.
        size: (height, width) to trace with.

    Raises:
        ConfigError: another suffix, or this torch cannot export for any size.
        CheckpointError: the file could not be written.
    """
    path = _checked(path, ".pt2", size)

    def content(model: TraceableNetwork) -> tuple[bytes, int]:
        shapes = {"image": {2: ANY_SIDE, 3: ANY_SIDE}} if dynamic else None
        image = _picture(network, size)
        with sizes_of_one() if dynamic else contextlib.nullcontext():
            program = torch.export.export(model, (image,), dynamic_shapes=shapes, strict=False)
        buffer = io.BytesIO()
        torch.export.save(program, buffer)
        return buffer.getvalue(), len(program.graph.nodes)

    return _write_program(network, path, content, None if dynamic else size)


def sizes_of_one() -> contextlib.AbstractContextManager[None]:
    """While it is open, torch.export does not take dimensions of one apart.

    It would else refuse pictures, or maps of windows, with a side of one.

    Raises:
        ConfigError: this torch has no such setting.
    """
    if not hasattr(_config, SIZES_OF_ONE):
        raise ConfigError(
            f"torch {torch.__version__} cannot export a program for any size; install 2.7 or "
            "later, or leave --dynamic out"
        )
    config: Any = _config  # it gets `patch` when it is imported
    patched: contextlib.AbstractContextManager[None] = config.patch({SIZES_OF_ONE: True})
    return patched


def _write_program(
    network: RestorationNetwork,
    path: Path,
    content: Callable[[TraceableNetwork], tuple[bytes, int]],
    size: tuple[int, int] | None,
) -> Exported:
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # as for ONNX
        data, nodes = content(traceable(network, crops_by_view=path.suffix != ".pt2"))
    write_file(path, data)
    return Exported(path, len(data), nodes, size)


def _picture(network: RestorationNetwork, size: tuple[int, int]) -> Tensor:
    return torch.rand(1, network.config.in_chans, *size)


def _checked(path: str | Path, suffix: str | tuple[str, ...], size: tuple[int, int]) -> Path:
    path = Path(path)
    allowed = (suffix,) if isinstance(suffix, str) else suffix
    if path.suffix not in allowed:
        raise ConfigError(f"{path.name} has to end in {' or '.join(allowed)}")
    if min(size) < 1:
        raise ConfigError(f"a picture has at least one pixel a side, not {size[0]}x{size[1]}")
    return path
