"""3x3 convolutions of maps with channels last by the compiled kernels, for inference.

Winograd's F(2x2, 3x3): 16 products where the definition takes 36, with float32 rounding like the
definition's. What surrounds a convolution in a network (nearest-neighbour enlargement before it,
leaky ReLU, pixel shuffle or an addition after it) is part of reading and writing. Registered as
`swinsr::convolution_into`.
"""

import ctypes

import torch
from torch import Tensor

from swinsr.errors import ShapeMismatchError
from swinsr.ops.native.calls import ConvolutionCall, address
from swinsr.ops.native.library import kernels, kernels_of
from swinsr.ops.native.scratch import floats, give_back, take
from swinsr.ops.native.threads import run, threads_for
from swinsr.ops.operator import nothing, operator

SHARES = 64


class Convolution:
    """One layer's weights in the kernels' form; later changes of the weights are not seen."""

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        *,
        nearest: int = 1,
        slope: float = 1.0,
        shuffle: int = 1,
        bfloat16: bool = False,
    ) -> None:
        """Take a layer and what goes with it, in this order.

        Args:
            weight: (outputs, inputs, 3, 3), on the CPU.
            bias: (outputs,) or None.
            nearest: factor by which the input is enlarged first, a power of 2.
            slope: of a leaky ReLU, 0 to 1, which stands for none.
            shuffle: factor of a pixel shuffle; its square divides the outputs.
            bfloat16: multiply in bfloat16 where the processor does so natively; sums are float32.

        Raises:
            ShapeMismatchError: a shape that is none of these.
        """
        outputs, inputs, *sides = weight.shape
        if sides != [3, 3] or shuffle < 1 or outputs % shuffle**2:
            raise ShapeMismatchError(
                f"a weight is (outputs, inputs, 3, 3), outputs a multiple of {shuffle}^2, "
                f"not {tuple(weight.shape)}"
            )
        if bias is not None and tuple(bias.shape) != (outputs,):
            raise ShapeMismatchError(
                f"a bias of {outputs} outputs is ({outputs},), not {tuple(bias.shape)}"
            )
        if nearest < 1 or nearest & (nearest - 1) or not 0.0 <= slope <= 1.0:
            raise ShapeMismatchError(
                f"an enlargement is a power of 2, not {nearest}, and a slope in 0..1, not {slope}"
            )
        self._given = (weight, bias, nearest, slope, shuffle, bfloat16)
        self.nearest, self.shuffle, self.channels = nearest, shuffle, outputs // shuffle**2
        self.inputs = inputs
        weight = weight.detach().to(torch.float32).contiguous()
        bias = None if bias is None else bias.detach().to(torch.float32).contiguous()
        native = kernels()
        # What is prepared is in the order of one instruction set.
        self._settings = (native.isa, nearest, slope, shuffle, bfloat16)
        call = _call(inputs, outputs, *self._settings[1:])
        call.weight, call.bias = address(weight), address(bias)
        pointer = ctypes.byref(call)
        self._prepared = floats(native.convolution_prepared(pointer))
        call.prepared = address(self._prepared)
        native.convolution_prepare(pointer)

    def __reduce__(self) -> tuple[object, ...]:
        """Copied and pickled as what it was made of: addresses mean nothing elsewhere."""
        return _made_again, self._given

    def into(self, out: Tensor, x: Tensor, *, top: int = 0, add: bool = False) -> None:
        """Convolve, rows and columns outside x being zero.

        Args:
            out: float32 (batch, rows * shuffle, W * nearest * shuffle, channels), contiguous but
                for the batch's stride; as many rows are computed as it has.
            x: float32 (batch, H, W, inputs), likewise; none of out's memory.
            top: the row of x, once that is enlarged, where the result's first row lies.
            add: add to what is in `out`, before the leaky ReLU.

        Raises:
            ShapeMismatchError: shapes, strides or types are none of these.
        """
        batch, _, width, inputs = x.shape
        rows = out.shape[1] // self.shuffle
        wide = width * self.nearest
        expected = (batch, rows * self.shuffle, wide * self.shuffle, self.channels)
        if inputs != self.inputs or tuple(out.shape) != expected:
            raise ShapeMismatchError(
                f"a map of {tuple(x.shape)} with {self.inputs} inputs does not give one of "
                f"{tuple(out.shape)}, but of {expected}"
            )
        for name, tensor in (("input", x), ("result", out)):
            if tensor.dtype != torch.float32 or not tensor[:1].is_contiguous():
                raise ShapeMismatchError(f"the {name} is not contiguous float32 with channels last")
        if out.numel():
            convolution_into(out, x, self._prepared, *self._settings, top, add)


def _made_again(
    weight: Tensor, bias: Tensor | None, nearest: int, slope: float, shuffle: int, bfloat16: bool
) -> Convolution:
    return Convolution(
        weight, bias, nearest=nearest, slope=slope, shuffle=shuffle, bfloat16=bfloat16
    )


def _call(
    inputs: int, outputs: int, nearest: int, slope: float, shuffle: int, bfloat16: bool
) -> ConvolutionCall:
    """What the kernels are told about a layer."""
    return ConvolutionCall(
        inputs=inputs,
        outputs=outputs,
        nearest=nearest.bit_length() - 1,
        shuffle=shuffle,
        bfloat16=bfloat16,
        slope=slope,
    )


def _into(
    out: Tensor,
    x: Tensor,
    prepared: Tensor,
    isa: str,
    nearest: int,
    slope: float,
    shuffle: int,
    bfloat16: bool,
    top: int,
    add: bool,
) -> None:
    """See `Convolution`; `prepared` are the weights in the order of the instruction set `isa`."""
    batch, height, width, inputs = x.shape
    call = _call(inputs, out.shape[3] * shuffle**2, nearest, slope, shuffle, bfloat16)
    call.prepared = address(prepared)
    call.batch, call.height, call.width = batch, height, width
    call.top, call.rows, call.add = top, out.shape[1] // shuffle, add
    call.x, call.x_image = address(x), x.stride(0)
    call.out, call.out_image = address(out), out.stride(0)
    native, pointer = kernels_of(isa), ctypes.byref(call)
    call.shares = SHARES
    threads = threads_for(SHARES)
    counter = torch.zeros(1, dtype=torch.int64, device="cpu")
    call.next = address(counter)
    call.scratch_words = native.convolution_scratch(pointer)
    scratch = take(threads * call.scratch_words)
    call.scratch = address(scratch)
    run(native.convolution_forward, pointer, threads, [call, prepared, counter, scratch, x, out])
    give_back(scratch)


convolution_into = operator(
    "convolution_into(Tensor(a!) out, Tensor x, Tensor prepared, str isa, int nearest, "
    "float slope, int shuffle, bool bfloat16, int top, bool add) -> ()",
    _into,
    shape=nothing,
)
