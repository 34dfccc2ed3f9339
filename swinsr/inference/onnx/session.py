"""ONNX Runtime: a file opened, and run on arrays; its errors as ours."""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from swinsr.errors import CheckpointReadError, ConfigError, DeviceError
from swinsr.install import install_extra

FloatArray = NDArray[np.float32]
_CUDA, _CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}


def runtime() -> Any:
    """The package.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"to run an ONNX file, ONNX Runtime has to be installed: {install_extra('onnx')}"
        ) from error
    return onnxruntime


class RunFailedError(RuntimeError):
    """A run that the file refused, most often for the picture's size; or memory that was short."""


class Session:
    """One file, open: a picture in, a picture out, in the file's own layout.

    Attributes:
        path: the file.
        shape: of the input; None where any size is taken.
        dtype: of the input.
        device: where it runs.
        metadata: what its maker wrote into it.
    """

    def __init__(self, path: Path, device: torch.device) -> None:
        """Open it.

        Raises:
            CheckpointReadError: it is damaged, or takes other things than one picture.
            DeviceError: this ONNX Runtime does not run on the device.
            ConfigError: ONNX Runtime is not installed.
        """
        self.path, self.device = path, device
        self._library = runtime()
        errors: Any = self._library.capi.onnxruntime_pybind11_state
        names = [name for name in dir(errors) if isinstance(getattr(errors, name), type)]
        kinds = (getattr(errors, name) for name in names)
        self._errors: tuple[type[Exception], ...] = (
            *(kind for kind in kinds if issubclass(kind, Exception)),
            ValueError,
            RuntimeError,
        )
        if device.type == "cuda" and _CUDA not in self._library.get_available_providers():
            raise DeviceError(
                "this ONNX Runtime has no CUDA; install onnxruntime-gpu, or use --device cpu"
            )
        self._session = self._open(self._options())
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type not in _TYPES:
            told = ", ".join(f"{i.name} {i.shape} {i.type}" for i in inputs)
            raise CheckpointReadError(
                f"{path}: it takes {told}, and a network for pictures takes one tensor of batch, "
                "channels, height and width"
            )
        self._input, self._output = inputs[0].name, outputs[0].name
        self.shape = tuple(side if isinstance(side, int) else None for side in inputs[0].shape)
        self.dtype = np.dtype(_TYPES[inputs[0].type])
        self.metadata = dict(self._session.get_modelmeta().custom_metadata_map)

    def _options(self) -> Any:
        options = self._library.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 4  # what goes wrong is raised, and told once
        return options

    def _open(self, options: Any) -> Any:
        providers: list[Any] = [_CPU]
        if self.device.type == "cuda":
            providers = [(_CUDA, {"device_id": self.device.index or 0}), _CPU]
        try:
            return self._library.InferenceSession(str(self.path), options, providers=providers)
        except self._errors as error:
            reason = str(error).strip().splitlines()[0][:300]
            raise CheckpointReadError(
                f"{self.path}: ONNX Runtime cannot open it ({reason}); export it again, with its "
                "external data beside it if it has any"
            ) from error

    def run(self, batch: FloatArray) -> FloatArray:
        """One run over a batch in the file's layout.

        Raises:
            RunFailedError: it refuses this size, or memory is short.
        """
        return self._run(self._session, batch)

    def _run(self, session: Any, batch: FloatArray) -> FloatArray:
        given: NDArray[Any] = batch
        if self.dtype == np.uint8:
            given = np.clip(batch + np.float32(0.5), 0, 255)
        given = np.ascontiguousarray(given.astype(self.dtype, copy=False))
        settings = self._library.RunOptions()
        settings.log_severity_level = 4
        if self.device.type == "cpu":
            # Else the memory of the largest picture so far is kept.
            settings.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        try:
            (result,) = session.run([self._output], {self._input: given}, settings)
        except self._errors as error:
            raise RunFailedError(str(error)) from error
        return np.asarray(result, np.float32)

    def peak(self, batch: FloatArray) -> int:
        """Bytes that a run over a batch holds at most, weights included, as measured."""
        with tempfile.TemporaryDirectory() as folder:
            options = self._options()
            options.enable_profiling = True
            options.profile_file_prefix = str(Path(folder) / "run")
            session = self._open(options)
            self._run(session, batch)
            events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
        found = [event.get("args", {}) for event in events]
        peaks = [int(args["mem_in_use_peak"]) for args in found if args.get("mem_in_use_peak")]
        # Versions without it tell each node's own arrays.
        single = [
            int(args.get("output_size") or 0) + int(args.get("activation_size") or 0)
            for args in found
        ]
        return max(peaks, default=2 * max(single, default=0))
