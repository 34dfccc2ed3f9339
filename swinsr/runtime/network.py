"""A network made ready to run: streamed, exact, in memory of a few feature maps.

The whole picture goes through layer by layer; inside a layer the work is done in chunks that stay
in the cache. The result is that of one plain pass: nothing is tiled, nothing is blended. What
computes the layers is an `Executor`.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from swinsr.models import RestorationNetwork
from swinsr.nn.block import SwinBlock
from swinsr.nn.heads import PixelShuffleHFHead
from swinsr.nn.patch import to_image, to_tokens
from swinsr.nn.residual import RSTB
from swinsr.ops.backend import block_backend
from swinsr.ops.pad import pad_to_multiple
from swinsr.runtime.captured import CapturedShapes
from swinsr.runtime.emulation import all_native
from swinsr.runtime.executor import Executor
from swinsr.runtime.modules.executor import ModulesExecutor
from swinsr.runtime.native.chain import Chain
from swinsr.runtime.native.executor import NativeExecutor
from swinsr.runtime.precision import (
    bfloat16_is_near,
    check_tf32,
    dtype_of,
    exact_float32,
    tf32_products,
)
from swinsr.runtime.progress import Progress, Steps, silent
from swinsr.runtime.strips import rows_per_strip

_PROCESSORS = {"cpu": "processor", "cuda": "GPU"}


class Ready:
    """A callable from (batch, C, H, W) float32 to the float32 result; see `prepare`."""

    def __init__(
        self, network: RestorationNetwork, dtype: torch.dtype, *, tf32: bool = False
    ) -> None:
        """Prepare copies of the weights; the network itself is left as it is."""
        self.config, self.dtype, self.device = network.config, dtype, network.mean.device
        self.tf32 = tf32
        self.captured = CapturedShapes(self.compute) if self.device.type == "cuda" else None
        self.executor = _executor(network, dtype)
        self.network = self.executor.network

    @property
    def native(self) -> bool:
        """Whether blocks run by the compiled kernels."""
        return self.executor.native

    @property
    def head_chain(self) -> Chain | None:
        """What the compiled kernels run as the head; None where PyTorch does."""
        return self.executor.head_chain

    @property
    def emulated(self) -> bool:
        """Whether `dtype` is made of float32 arithmetic in blocks, attention or convolutions."""
        return self.device.type in _PROCESSORS and not self.executor.multiplies

    @property
    def precision(self) -> str:
        """What is computed in, for people: "float32", or "bfloat16 (emulated)"."""
        if self.tf32:
            return "tf32"
        name = str(self.dtype).removeprefix("torch.")
        return f"{name} (emulated)" if self.emulated else name

    @property
    def notes(self) -> tuple[str, ...]:
        """What those who asked for this precision should know."""
        if not self.emulated:
            return ()
        name = str(self.dtype).removeprefix("torch.")
        return (
            f"{name} is emulated: this {_PROCESSORS[self.device.type]} does not multiply it; "
            "the result has its rounding, and float32 is quicker here",
        )

    @torch.inference_mode()
    def __call__(self, x: Tensor, progress: Progress = silent) -> Tensor:
        """Restore pictures.

        Args:
            x: (batch, in_chans, H, W) float32 in 0..1, any H, W >= 1, on the network's device.
            progress: notified with the share of the work done.

        Returns:
            (batch, in_chans, H * scale, W * scale) float32, not clipped.
        """
        with tf32_products if self.tf32 else exact_float32:
            if self.captured is None:
                return self.compute(x, progress)
            out = self.captured(x, progress)
        progress(1.0)
        return out

    def compute(self, x: Tensor, progress: Progress = silent) -> Tensor:
        """As a call, in the caller's gradient mode and float32 setting; for tracing."""
        network, config = self.network, self.config
        height, width = x.shape[-2:]
        image = (pad_to_multiple(x, config.window_size) - network.mean) * config.img_range
        # The head counts as a fifth of a body: near enough for a progress bar.
        body = float(config.blocks)
        bodies = 2 if isinstance(network.head, PixelShuffleHFHead) else 1
        steps = Steps(bodies * body + 0.2 * body, progress)
        first = self.first(image)
        features = self.body(first, network.layers, network.conv_after_body, steps)
        out = self.head(features, image, steps)
        out = out.div_(config.img_range).add_(network.mean)
        scale = config.upscale
        return out[..., : height * scale, : width * scale]

    def first(self, image: Tensor) -> Tensor:
        """Shallow features: (batch, in_chans, H, W) -> (batch, C, H, W), channels last."""
        return self.executor.convolve(self.network.conv_first, image)

    def body(
        self, first: Tensor, layers: Iterable[nn.Module], last: nn.Module, steps: Steps
    ) -> Tensor:
        """RSTBs and the convolution after them, with the long residual: (batch, C, H, W)."""
        executor, network = self.executor, self.network
        tokens = self._embed(first)
        group = torch.empty_like(tokens)
        for layer in layers:
            assert isinstance(layer, RSTB)
            source = tokens
            for block in layer.residual_group.blocks:
                assert isinstance(block, SwinBlock)
                executor.block(block, source, group)
                source = group
                steps.advance(1.0)
            projection = layer.patch_embed if network.projects else None
            executor.add(layer.conv, projection, to_image(group), to_image(tokens))
        executor.add(last, None, self._normed(tokens), first)
        return first

    def head(self, features: Tensor, image: Tensor, steps: Steps) -> Tensor:
        """The picture in the network's range: (batch, in_chans, H * scale, W * scale)."""
        head, executor = self.network.head, self.executor
        weight = 0.2 * self.config.blocks
        if not isinstance(head, PixelShuffleHFHead):
            return executor.enlarge(
                head,
                lambda f, i, size: head(f, i, size).image,
                features,
                image,
                lambda share: steps.advance(weight * share),
            )

        def tick(share: float) -> None:
            steps.advance(0.5 * weight * share)

        # Two branches; the second has a body, which is streamed like the first.
        before = executor.convolve(head.conv_before_upsample, features)
        first = executor.convolve(head.conv_first_hf, before)
        out = executor.enlarge(head.conv_last, lambda f, *_: head.plain(f), before, image, tick)
        del before
        high = self.body(first, head.layers_hf, head.conv_after_body_hf, steps)
        return out.add_(executor.enlarge(head, lambda f, *_: head.high(f), high, image, tick))

    def _embed(self, first: Tensor) -> Tensor:
        """Shallow features (batch, C, H, W) to tokens (batch, H, W, C), contiguous."""
        network = self.network
        embed = network.patch_embed
        projected = self.executor.convolve(embed.proj, first) if network.projects else first
        tokens = network.place(embed.norm(to_tokens(projected)))
        unchanged = not network.projects and isinstance(embed.norm, nn.Identity)
        if unchanged and network.absolute_pos_embed is None:
            tokens = tokens.clone()  # it is added to in place and `first` is needed again
        return tokens.contiguous()

    def _normed(self, tokens: Tensor) -> Tensor:
        for item in tokens.unbind():
            # An eighth of a strip stays in the cache.
            for row in torch.split(item, rows_per_strip(item.shape[1], 8 * item.shape[2], 0)):
                row.copy_(self.network.norm(row))
        return to_image(tokens)


def _executor(network: RestorationNetwork, dtype: torch.dtype) -> Executor:
    """The compiled kernels where they can run every block."""
    unknown = "" if dtype != torch.float16 else "the kernels take float32 and bfloat16"
    ways = {
        block_backend("auto", network.mean.device, unknown or block.obstacle(network.mean))
        for block in network.modules()
        if isinstance(block, SwinBlock)
    }
    if ways == {"native"}:
        return NativeExecutor(network, dtype)
    return ModulesExecutor(network, dtype, halves=ways == {"triton"})


def prepare(
    network: RestorationNetwork,
    precision: str = "float32",
    *,
    device: torch.device | None = None,
    force_float16: bool = False,
) -> Ready:
    """Make a network ready to run.

    Args:
        network: it is put into evaluation mode. Weights that are changed afterwards are seen in
            part: prepare it again.
        precision: "float32", or "bfloat16" for all but the residual stream, the first and the last
            convolution; emulated, and `notes` says so, where the device does not multiply it.
            "auto" takes bfloat16 where the device does and the network in it stays within one of
            255 levels on a test picture. "tf32" is float32 whose products are rounded to 10 bits
            on a CUDA GPU. "float16" as "bfloat16", where it is forced.
        device: where the network is moved to; where it is by default.
        force_float16: take float16 although most networks overflow in it and give black pictures.

    Returns:
        A callable from (batch, in_chans, H, W) float32 to the float32 result; its `dtype` tells
        the choice.

    Raises:
        ConfigError: an unknown precision, float16 that is not forced, or tf32 on another device.
    """
    network.eval()
    dtype = dtype_of(precision, force_float16=force_float16)
    if precision == "tf32":
        check_tf32(device or network.mean.device)
    if device is not None:
        network.to(device)
    ready = Ready(network, dtype, tf32=precision == "tf32")
    if precision == "auto" and all_native(
        network.mean.device, torch.bfloat16, kernels=ready.native, pytorch=False
    ):
        rough = Ready(network, torch.bfloat16)
        if not rough.emulated and bfloat16_is_near(network, ready, rough):
            return rough
    return ready
