"""Who runs the networks: ours in each precision, and other installed implementations.

A contender that cannot run here says why; it is listed with its reason and never left out silently.
"""

import copy
import dataclasses
import importlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from benchmarks.published import Unavailable, published_network, told
from benchmarks.torchvision import supply_torchvision
from swinsr.checkpoints.layouts.huggingface import tensors_to_huggingface
from swinsr.checkpoints.layouts.huggingface_config import config_to_huggingface
from swinsr.checkpoints.layouts.official import official_buffers
from swinsr.errors import SwinsrError
from swinsr.inference import prepare
from swinsr.models import RestorationNetwork
from swinsr.nn.attention import WindowAttention

Run = Callable[[Tensor], Tensor]


@dataclasses.dataclass(frozen=True)
class Contender:
    """One implementation.

    Attributes:
        name: in tables.
        precision: "float32" or "bfloat16"; decides which floor and which bound apply.
        families: the network families it knows.
        make: a ready network for inputs of a size, or raises `Unavailable`.
    """

    name: str
    precision: str
    families: tuple[str, ...]
    make: Callable[[RestorationNetwork, tuple[int, int]], Run]


def _ours(precision: str) -> Callable[[RestorationNetwork, tuple[int, int]], Run]:
    def make(network: RestorationNetwork, size: tuple[int, int]) -> Run:
        try:
            ready = prepare(network, precision)
        except SwinsrError as error:
            raise Unavailable(str(error)) from error
        if ready.emulated:
            raise Unavailable(f"{precision} is emulated here, which nobody would choose")
        return ready

    return make


def _plain(network: RestorationNetwork, size: tuple[int, int]) -> Run:
    """Our modules called as any PyTorch network is: no preparation, no streaming."""

    def run(x: Tensor) -> Tensor:
        with torch.inference_mode():
            return network.forward_head(x).image

    return run


def _basicsr(network: RestorationNetwork, size: tuple[int, int]) -> Run:
    published = published_network(network)
    return _module(published, network.config.window_size, network.config.upscale)


def _module(module: torch.nn.Module, window: int, scale: int) -> Run:
    """A module that leaves padding to its caller."""
    module.eval()

    def run(x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        assert height % window == 0
        assert width % window == 0
        with torch.inference_mode():
            out: Tensor = module(x)
        return out[..., : height * scale, : width * scale]

    return run


def _transformers(network: RestorationNetwork, size: tuple[int, int]) -> Run:
    """Transformers' Swin2SR."""
    with told("transformers"):
        library = importlib.import_module("transformers")
        config = library.Swin2SRConfig(**config_to_huggingface(network.config))
        module = library.Swin2SRForImageSuperResolution(config)
    tensors = tensors_to_huggingface(network.state_dict(), network.config)
    module.load_state_dict(tensors, strict=False)
    module.eval()

    def run(x: Tensor) -> Tensor:
        with torch.inference_mode():
            out: Tensor = module(pixel_values=x).reconstruction
        return out

    return run


def _spandrel(network: RestorationNetwork, size: tuple[int, int]) -> Run:
    """Spandrel's copy of the published networks, as chaiNNer and ComfyUI use it."""
    with told("spandrel"):
        supply_torchvision()
        library = importlib.import_module("spandrel")
        # It tells the window from the published buffers.
        state = dict(network.state_dict()) | official_buffers(network)
        loaded = library.ModelLoader().load_from_state_dict(state)
    return _module(loaded.model, network.config.window_size, network.config.upscale)


class _Plain(torch.nn.Module):
    """A network as PyTorch's own operators, for a trace that another program reads."""

    def __init__(self, network: RestorationNetwork) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).eval()
        for module in self.network.modules():
            if isinstance(module, WindowAttention):
                module.backend = "reference"

    def forward(self, x: Tensor) -> Tensor:
        return self.network.forward_head(x).image


def _openvino(precision: str) -> Callable[[RestorationNetwork, tuple[int, int]], Run]:
    def make(network: RestorationNetwork, size: tuple[int, int]) -> Run:
        with told("openvino"):
            library = importlib.import_module("openvino")
            example = torch.rand(1, network.config.in_chans, *size)
            plain = _Plain(network)
            with torch.no_grad():
                trace: Any = torch.jit.trace  # it has no types
                converted = library.convert_model(
                    trace(plain, example, check_trace=False),
                    example_input=example,
                    input=[tuple(example.shape)],
                )
            hint = {"float32": "f32", "bfloat16": "bf16"}[precision]
            compiled = library.Core().compile_model(
                converted, "CPU", {"INFERENCE_PRECISION_HINT": hint}
            )
            taken = str(compiled.get_property("INFERENCE_PRECISION_HINT").to_string())
            if taken != hint:
                raise Unavailable(f"OpenVINO computes {taken} here where {hint} is asked for")

        def run(x: Tensor) -> Tensor:
            return torch.from_numpy(compiled(x.numpy())[0])

        return run

    return make


CONTENDERS = (
    Contender("published (BasicSR)", "float32", ("swinir",), _basicsr),
    Contender("transformers", "float32", ("swin2sr",), _transformers),
    Contender("spandrel", "float32", ("swinir", "swin2sr"), _spandrel),
    Contender("OpenVINO float32", "float32", ("swinir", "swin2sr"), _openvino("float32")),
    Contender("OpenVINO bfloat16", "bfloat16", ("swinir", "swin2sr"), _openvino("bfloat16")),
    Contender("swinsr modules", "float32", ("swinir", "swin2sr"), _plain),
    Contender("swinsr float32", "float32", ("swinir", "swin2sr"), _ours("float32")),
    Contender("swinsr bfloat16", "bfloat16", ("swinir", "swin2sr"), _ours("bfloat16")),
)
