"""Networks as files for other programs: ONNX, OpenVINO, TorchScript, PyTorch's exported program."""

from swinsr.export.compare import CHECKED_SIZES, largest_difference
from swinsr.export.files import (
    OPSETS,
    Exported,
    export_onnx,
    export_openvino,
    export_program,
    export_torchscript,
)
from swinsr.export.traceable import TraceableNetwork, traceable

__all__ = [
    "CHECKED_SIZES",
    "OPSETS",
    "Exported",
    "TraceableNetwork",
    "export_onnx",
    "export_openvino",
    "export_program",
    "export_torchscript",
    "largest_difference",
    "traceable",
]
