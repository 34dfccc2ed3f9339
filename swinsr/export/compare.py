"""An exported file held to the network it came from."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from swinsr.errors import ConfigError
from swinsr.export.packages import need
from swinsr.models import RestorationNetwork
from swinsr.ops.pad import pad_to_multiple

# The traced size, one that the window divides, and one that it does not.
CHECKED_SIZES = ((64, 64), (72, 104), (17, 33))


@torch.inference_mode()
def expected(network: RestorationNetwork, image: Tensor) -> Tensor:
    """The network's result on the padded picture, cropped: what an exported file shall give.

    Args:
        network: in evaluation mode.
        image: (batch, C, H, W).
    """
    height, width = (side * network.config.scale for side in image.shape[-2:])
    padded = pad_to_multiple(image, network.config.window_size)
    return network.forward_head(padded).image[..., :height, :width]


def largest_difference(
    network: RestorationNetwork, path: str | Path, size: tuple[int, int]
) -> float:
    """The largest absolute difference of an exported file's output from the network's.

    Args:
        network: what was exported, on the CPU.
        path: a .onnx, .xml (OpenVINO), .pt2 or TorchScript file.
        size: (height, width) of a random picture in 0..1.

    Raises:
        ConfigError: the package that runs such files is not installed.
    """
    path = Path(path)
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, network.config.in_chans, *size, generator=generator)
    ours = expected(network.eval(), image).numpy()
    theirs = run(path, image.numpy())
    if theirs.shape != ours.shape:
        raise ConfigError(f"{path} gives {theirs.shape} where {ours.shape} is expected")
    return float(np.abs(theirs - ours).max())


def run(path: Path, image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Run an exported file on the CPU.

    Raises:
        ConfigError: the package that runs such files is not installed.
    """
    if path.suffix == ".onnx":
        runtime = need("onnxruntime", "run ONNX files")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        (result,) = session.run(None, {"image": image})
        return np.asarray(result, np.float32)
    if path.suffix == ".xml":
        core = need("openvino", "run OpenVINO files").Core()
        # Left to itself it computes in bfloat16 where the processor has it.
        model = core.compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        return np.asarray(model(image)[0], np.float32)
    with torch.inference_mode():
        if path.suffix == ".pt2":
            program = torch.export.load(str(path)).module()
        else:
            load: Any = torch.jit.load  # it has no types
            program = load(str(path))
        result = program(torch.from_numpy(image))
    assert isinstance(result, Tensor)
    return result.numpy()
