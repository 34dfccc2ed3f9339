"""Fresh weights that make a network start as an interpolator (or, at scale 1, as the identity).

The first channels of `conv_first` carry the picture through, the body's last convolution is damped
so that the residual around it dominates, and the head's convolutions fold a cubic interpolation
of those channels into their 3x3 taps. Other weights keep their random values, damped where they
would drown the picture. Training then starts near bicubic quality instead of at a gray picture.

Cubic: R. Keys, IEEE TASSP 29(6), 1981, a = -0.5; its fourth tap is added to its neighbour.
"""

import torch
from torch import Tensor, nn

from swinsr.models import RestorationNetwork
from swinsr.nn.heads import (
    NearestConvHead,
    PixelShuffleAuxHead,
    PixelShuffleDirectHead,
    PixelShuffleHead,
    PixelShuffleHFHead,
    RestorationHead,
)

DAMPING = 0.1
Route = tuple[int, int, float]  # output channel, input channel, factor


def make_interpolator(network: RestorationNetwork) -> None:
    """Change a fresh network's weights in place."""
    with torch.no_grad():
        channels = network.config.in_chans
        _carry(network.conv_first, _straight(channels))
        body = _last_convolution(network.conv_after_body)
        _damp(body)
        for values in (body.weight, _bias(body)):
            values[:channels] *= DAMPING  # these add straight to the picture
        head = network.head
        if isinstance(head, PixelShuffleDirectHead):
            _fold_cubic(_convolution(head.upsample[0]), network.config.scale, channels, [(0, 1.0)])
        elif isinstance(head, PixelShuffleHFHead):
            _pixel_shuffle(head.conv_before_upsample, head.upsample, head.conv_last, channels)
            _damp(head.conv_last_hf)
        elif isinstance(head, PixelShuffleHead):
            _pixel_shuffle(head.conv_before_upsample, head.upsample, head.conv_last, channels)
        elif isinstance(head, PixelShuffleAuxHead):
            _auxiliary(head, channels)
        elif isinstance(head, NearestConvHead):
            _nearest(head, channels)
        elif isinstance(head, RestorationHead):
            _damp(head.conv_last)


def cubic_taps(scale: int) -> Tensor:
    """Weights of the left, middle and right pixel at each of `scale` phases, (scale, 3)."""
    taps = torch.zeros(scale, 3, dtype=torch.float64)
    for phase in range(scale):
        position = (phase + 0.5) / scale - 0.5  # of the new pixel, from the middle one's centre
        for offset in (-2, -1, 0, 1, 2):
            taps[phase, min(max(offset, -1), 1) + 1] += _cubic(abs(position - offset))
    return taps.float()


def _cubic(x: float) -> float:
    if x <= 1:
        return (1.5 * x - 2.5) * x * x + 1
    return ((-0.5 * x + 2.5) * x - 4) * x + 2 if x <= 2 else 0.0


def _convolution(module: nn.Module) -> nn.Conv2d:
    assert isinstance(module, nn.Conv2d)
    return module


def _last_convolution(module: nn.Module) -> nn.Conv2d:
    return _convolution([m for m in module.modules() if isinstance(m, nn.Conv2d)][-1])


def _bias(conv: nn.Conv2d) -> Tensor:
    assert conv.bias is not None
    return conv.bias


def _damp(conv: nn.Conv2d) -> None:
    conv.weight.mul_(DAMPING)
    _bias(conv).mul_(DAMPING)


def _carry(conv: nn.Conv2d, routes: list[Route], *, others: float = 0.0) -> None:
    """Make output channel `out` the sum of factor * input channel, for each (out, input, factor).

    What the other input channels add to these outputs is multiplied by `others`.
    """
    outputs = sorted({out for out, _, _ in routes})
    inputs = sorted({channel for _, channel, _ in routes})
    conv.weight[outputs] *= others
    for out in outputs:
        conv.weight[out, inputs] = 0
        _bias(conv)[out] = 0
    for out, channel, factor in routes:
        conv.weight[out, channel, 1, 1] = factor


def _pairs(channels: int) -> list[Route]:
    """Routes to each channel and, behind them, to each channel's negative.

    A leaky ReLU of slope s bends both, and relu(x) - relu(-x) = (1 + s) x gives the channel back.
    """
    return _straight(channels) + [(channels + c, c, -1.0) for c in range(channels)]


def _unpair(channels: int, slope: float) -> list[tuple[int, float]]:
    """(offset to a channel's copies, factor) that undo `_pairs` after a leaky ReLU."""
    return [(0, 1 / (1 + slope)), (channels, -1 / (1 + slope))]


def _unpaired(channels: int, slope: float) -> list[Route]:
    """`_unpair` as routes."""
    return [(c, c + o, f) for c in range(channels) for o, f in _unpair(channels, slope)]


def _straight(channels: int) -> list[Route]:
    """Routes that pass each channel on."""
    return [(c, c, 1.0) for c in range(channels)]


def _fold_cubic(
    conv: nn.Conv2d, scale: int, channels: int, copies: list[tuple[int, float]]
) -> None:
    """Let a convolution before a pixel shuffle enlarge its first channels cubically.

    Args:
        conv: gives scale ** 2 channels for each enlarged one.
        scale: the pixel shuffle's factor.
        channels: how many to enlarge; the others' outputs stay random but damped.
        copies: (offset, factor): the picture's channel c is the sum of factor * input[c + offset].
    """
    _damp(conv)
    taps = cubic_taps(scale)
    kernels = torch.einsum("ay,bx->abyx", taps, taps).flatten(0, 1)  # (scale ** 2, 3, 3)
    for c in range(channels):
        out = slice(c * scale**2, (c + 1) * scale**2)
        _bias(conv)[out] = 0
        for offset, _ in copies:
            conv.weight[out, offset : offset + channels] = 0
        for offset, factor in copies:
            conv.weight[out, c + offset] = factor * kernels


def _pixel_shuffle(
    before: nn.Sequential, upsample: nn.Sequential, last: nn.Conv2d, channels: int
) -> None:
    first, act = _convolution(before[0]), before[1]
    assert isinstance(act, nn.LeakyReLU)
    _carry(first, _pairs(channels))
    copies = _unpair(channels, act.negative_slope)
    stages = list(upsample)
    for conv, shuffle in zip(stages[::2], stages[1::2], strict=True):
        assert isinstance(shuffle, nn.PixelShuffle)
        _fold_cubic(_convolution(conv), shuffle.upscale_factor, channels, copies)
        copies = [(0, 1.0)]
    _carry(last, _straight(channels), others=DAMPING)


def _auxiliary(head: PixelShuffleAuxHead, channels: int) -> None:
    """The auxiliary picture starts as the input; the result as torch's bicubic of the input."""
    first, act = _convolution(head.conv_before_upsample[0]), head.conv_before_upsample[1]
    assert isinstance(act, nn.LeakyReLU)
    _carry(first, _pairs(channels))
    _carry(head.conv_aux, _unpaired(channels, act.negative_slope), others=DAMPING)
    _carry(head.conv_bicubic, _straight(channels))
    stages = list(head.upsample)
    for conv in stages[::2]:
        _damp(_convolution(conv))
    last, shuffle = _convolution(stages[-2]), stages[-1]
    assert isinstance(shuffle, nn.PixelShuffle)
    for values in (last.weight, _bias(last)):
        values[: channels * shuffle.upscale_factor**2] *= DAMPING
    _carry(head.conv_last, _straight(channels), others=DAMPING)


def _nearest(head: NearestConvHead, channels: int) -> None:
    """Each step of 2 smooths the repeated pixels with 1-2-1, which makes it bilinear."""
    first, act = _convolution(head.conv_before_upsample[0]), head.conv_before_upsample[1]
    assert isinstance(act, nn.LeakyReLU)
    _carry(first, _pairs(channels))
    slope = act.negative_slope
    line = torch.tensor([0.25, 0.5, 0.25])
    for conv in (*head.steps, head.conv_hr):
        smooth = conv is not head.conv_hr
        routes = [
            (sign * channels + c, c + offset, (1 - 2 * sign) * factor)
            for sign in (0, 1)
            for c in range(channels)
            for offset, factor in _unpair(channels, slope)
        ]
        _carry(conv, routes)
        if smooth:
            for out, channel, factor in routes:
                conv.weight[out, channel] = factor * line[:, None] * line[None, :]
        slope = 0.2  # of the activations inside NearestConvHead.forward
    _carry(head.conv_last, _unpaired(channels, slope), others=DAMPING)
