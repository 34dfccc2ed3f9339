"""A network made ready to run: streamed, exact, in memory of a few feature maps.

The whole picture goes through layer by layer; inside a layer the work is done in chunks that stay
in the cache (`windows`, `strips`). The result is that of one plain pass: nothing is tiled, nothing
is blended.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from swinsr.models import RestorationNetwork
from swinsr.nn.block import SwinBlock
from swinsr.nn.heads import PixelShuffleHFHead, RestorationHead
from swinsr.nn.patch import to_image, to_tokens
from swinsr.nn.residual import RSTB
from swinsr.ops.backend import block_backend
from swinsr.ops.pad import pad_to_multiple
from swinsr.runtime.block import Forward, fast_block
from swinsr.runtime.chain import Chain
from swinsr.runtime.convolution import add_convolution, adds_in_place
from swinsr.runtime.emulation import all_native
from swinsr.runtime.fuse import chains_of
from swinsr.runtime.precision import (
    bfloat16_is_near,
    dtype_of,
    exact_float32,
    with_rounded_convolutions,
)
from swinsr.runtime.progress import Progress, Steps, silent
from swinsr.runtime.strips import convolve, enlarge, rows_per_strip
from swinsr.runtime.windows import run_block

# Rows of low-resolution features that any head sees above and below, rounded up.
HEAD_HALO = 5
_PROCESSORS = {"cpu": "processor", "cuda": "GPU"}
HeadFunction = Callable[[Tensor, Tensor, tuple[int, int]], Tensor]


class PreparedNetwork:
    """A callable from (batch, C, H, W) float32 to the float32 result; see `prepare`."""

    def __init__(self, network: RestorationNetwork, dtype: torch.dtype) -> None:
        """Prepare copies of the weights; the network itself is left as it is."""
        self.config = network.config
        self.dtype = dtype
        blocks = [block for block in network.modules() if isinstance(block, SwinBlock)]
        self.device = network.mean.device
        unknown = "" if dtype != torch.float16 else "the kernels take float32 and bfloat16"
        self.native = all(
            block_backend("auto", self.device, unknown or block.obstacle(network.mean)) == "native"
            for block in blocks
        )
        self._chains: dict[nn.Module, Chain] = chains_of(network, dtype) if self.native else {}
        if dtype != torch.float32 and network.head not in self._chains:
            # By PyTorch's modules; the copy's parts that have a chain are not used.
            originals = list(network.modules())
            network = with_rounded_convolutions(network, dtype)
            copies = dict(zip(originals, network.modules(), strict=True))
            self._chains = {copies[module]: chain for module, chain in self._chains.items()}
            blocks = [block for block in network.modules() if isinstance(block, SwinBlock)]
        # Asked once: variables may name another way later.
        self._all_native = all_native(
            self.device, dtype, kernels=self.native, pytorch=network.head not in self._chains
        )
        self.network = network
        self._chunked: dict[SwinBlock, Forward] = (
            {} if self.native else {block: fast_block(block, dtype) for block in blocks}
        )

    @property
    def emulated(self) -> bool:
        """Whether `dtype` is made of float32 arithmetic in blocks, attention or convolutions."""
        return self.device.type in _PROCESSORS and not self._all_native

    @property
    def precision(self) -> str:
        """What is computed in, for people: "float32", or "bfloat16 (emulated)"."""
        name = str(self.dtype).removeprefix("torch.")
        return f"{name} (emulated)" if self.emulated else name

    @property
    def notes(self) -> tuple[str, ...]:
        """What whoever asked for this precision should know."""
        if not self.emulated:
            return ()
        name = str(self.dtype).removeprefix("torch.")
        return (
            f"{name} is emulated: this {_PROCESSORS[self.device.type]} does not multiply it; "
            "the result has its rounding, and float32 is quicker here",
        )

    @property
    def head_chain(self) -> Chain | None:
        """What the compiled kernels run as the head; None where PyTorch does."""
        return self._chains.get(self.network.head)

    @torch.inference_mode()
    def __call__(self, x: Tensor, progress: Progress = silent) -> Tensor:
        """Restore pictures.

        Args:
            x: (batch, in_chans, H, W) float32 in 0..1, any H, W >= 1, on the network's device.
            progress: told the share of the work done.

        Returns:
            (batch, in_chans, H * scale, W * scale) float32, not clipped.
        """
        with exact_float32:
            return self._run_whole(x, progress)

    def _run_whole(self, x: Tensor, progress: Progress) -> Tensor:
        network, config = self.network, self.config
        height, width = x.shape[-2:]
        image = (pad_to_multiple(x, config.window_size) - network.mean) * config.img_range
        head = network.head
        two_bodies = isinstance(head, PixelShuffleHFHead)
        # The head counts as a fifth of a body: near enough for a progress bar.
        body = float(config.blocks)
        steps = Steps((2 * body if two_bodies else body) + 0.2 * body, progress)

        first = self._first(image, steps)
        features = self._body(first, network.layers, network.conv_after_body, steps)
        if isinstance(head, PixelShuffleHFHead):
            out = self._two_branches(head, features, image, steps)
        elif head in self._chains:
            out = self._run(head, features, steps, 0.2 * body)
            if isinstance(head, RestorationHead):
                out += image
        else:
            out = self._enlarge(
                lambda f, i, size: head(f, i, size).image, features, image, steps, 0.2 * body
            )
        out = out.div_(config.img_range).add_(network.mean)
        scale = config.upscale
        return out[..., : height * scale, : width * scale]

    def _first(self, image: Tensor, steps: Steps) -> Tensor:
        """Shallow features: (batch, in_chans, H, W) -> (batch, C, H, W), channels last."""
        conv = self.network.conv_first
        if conv in self._chains:
            return self._run(conv, image, steps, 0.0)
        return convolve(conv, image, halo=1, channels=self.config.embed_dim)

    def _embed(self, first: Tensor, steps: Steps) -> Tensor:
        """Shallow features (batch, C, H, W) to tokens (batch, H, W, C)."""
        network = self.network
        projection = network.patch_embed.proj
        if projection not in self._chains:
            return network.embed(first)
        tokens = to_tokens(self._run(projection, first, steps, 0.0))
        return network.place(network.patch_embed.norm(tokens))

    def _body(
        self, first: Tensor, layers: Iterable[nn.Module], last: nn.Module, steps: Steps
    ) -> Tensor:
        """RSTBs and the convolution after them, with the long residual: (batch, C, H, W)."""
        network = self.network
        tokens = self._embed(first, steps)
        if tokens.data_ptr() == first.data_ptr():
            tokens = tokens.clone()  # it is added to in place and `first` is needed again
        tokens = tokens.contiguous()
        group = torch.empty_like(tokens)
        for layer in layers:
            assert isinstance(layer, RSTB)
            source = tokens
            for block in layer.residual_group.blocks:
                assert isinstance(block, SwinBlock)
                self._block(block, source, group)
                source = group
                steps.advance(1.0)
            projection = layer.patch_embed if network.projects else None
            self._add(layer.conv, to_image(group), to_image(tokens), projection)
        normed = self._features(tokens)
        self._add(last, normed, first)
        return first

    def _block(self, block: SwinBlock, tokens: Tensor, out: Tensor) -> None:
        """One block from a map into another or the same: as one kernel, or in chunks."""
        if self.native:
            block.run_native_into(out, tokens, bfloat16=self.dtype == torch.bfloat16)
            return
        if out is not tokens:
            out.copy_(tokens)
        run_block(block, self._chunked[block], out)

    def _features(self, tokens: Tensor) -> Tensor:
        for item in tokens.unbind():
            # An eighth of a strip stays in the cache.
            for row in torch.split(item, rows_per_strip(item.shape[1], 8 * item.shape[2], 0)):
                row.copy_(self.network.norm(row))
        return to_image(tokens)

    def _add(
        self, conv: nn.Module, x: Tensor, target: Tensor, then: nn.Module | None = None
    ) -> None:
        """Add a 1conv or 3conv, with Swin2SR's projection after it, to a map in place."""
        if conv in self._chains:
            self._chains[conv].into(to_tokens(target), to_tokens(x), add=True)
            return
        if then is None and adds_in_place(conv, target):
            assert isinstance(conv, nn.Conv2d)
            add_convolution(conv, x, target)
            return

        def module(strip: Tensor) -> Tensor:
            out: Tensor = conv(strip)
            return out if then is None else to_image(then(out))

        halo = 1 if self.config.resi_connection == "1conv" else 2
        target += convolve(module, x, halo=halo, channels=self.config.embed_dim)

    def _run(self, module: nn.Module, x: Tensor, steps: Steps, weight: float) -> Tensor:
        """A module that has a chain: (batch, C, H, W) -> the same, channels last in memory."""
        chain = self._chains[module]
        batch, _, height, width = x.shape
        out = x.new_empty(batch, height * chain.scale, width * chain.scale, chain.channels)
        chain.into(out, to_tokens(x).contiguous(), tick=lambda share: steps.advance(weight * share))
        return to_image(out)

    def _enlarge(
        self, module: HeadFunction, features: Tensor, image: Tensor, steps: Steps, weight: float
    ) -> Tensor:
        scale = self.config.upscale
        return enlarge(
            module,
            features,
            image,
            scale=scale,
            halo=HEAD_HALO,
            width_inside=64 * scale * scale,
            tick=lambda share: steps.advance(weight * share),
        )

    def _two_branches(
        self, head: PixelShuffleHFHead, features: Tensor, image: Tensor, steps: Steps
    ) -> Tensor:
        """The high-frequency head: its second body is streamed like the first."""
        weight = 0.1 * self.config.blocks
        dim = self.config.embed_dim
        if self.native:
            before = self._run(head.conv_before_upsample, features, steps, 0.0)
            first = self._run(head.conv_first_hf, before, steps, 0.0)
            out = self._run(head.conv_last, before, steps, weight)
            del before
            high = self._body(first, head.layers_hf, head.conv_after_body_hf, steps)
            return out.add_(self._run(head, high, steps, weight))
        before = convolve(head.conv_before_upsample, features, halo=1, channels=64)
        first = convolve(head.conv_first_hf, before, halo=1, channels=dim)
        out = self._enlarge(
            lambda f, i, size: head.conv_last(head.upsample(f)), before, image, steps, weight
        )
        high = self._body(first, head.layers_hf, head.conv_after_body_hf, steps)
        return out.add_(
            self._enlarge(
                lambda f, i, size: head.conv_last_hf(
                    head.upsample_hf(head.conv_before_upsample_hf(f))
                ),
                high,
                image,
                steps,
                weight,
            )
        )


def prepare(
    model: RestorationNetwork, precision: str = "float32", *, force_float16: bool = False
) -> PreparedNetwork:
    """Make a network ready to run.

    Args:
        model: the network; it is put into evaluation mode. Weights that are changed afterwards
            are seen in part: prepare it again.
        precision: "float32", or "bfloat16" for all but the residual stream, the first and the last
            convolution; emulated, and `notes` says so, where the device does not multiply it.
            "auto" takes bfloat16 where the device does and the network in it stays within one of
            255 levels on a test picture. "float16" as "bfloat16", where it is forced.
        force_float16: take float16 although most networks overflow in it and give black pictures.

    Returns:
        A callable from (batch, in_chans, H, W) float32 to the float32 result; its `dtype` tells
        the choice.

    Raises:
        ConfigError: an unknown precision, or float16 that is not forced.
    """
    model.eval()
    prepared = PreparedNetwork(model, dtype_of(precision, force_float16=force_float16))
    if precision == "auto" and all_native(
        model.mean.device, torch.bfloat16, kernels=prepared.native, pytorch=False
    ):
        rough = PreparedNetwork(model, torch.bfloat16)
        if not rough.emulated and bfloat16_is_near(model, prepared, rough):
            return rough
    return prepared
