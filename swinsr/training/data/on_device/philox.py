"""Random numbers that are a function of their counter: the same on every device.

A generator with a state would have to be saved, and PyTorch's give other numbers on a GPU than on
a CPU. Of these, any number can be asked for by itself; all is arithmetic on whole tensors, so that
it can be captured, and nothing is read back.
"""

import math

import torch
from torch import Tensor

# Of Philox4x32 (see `philox`).
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10
_LOW = 0xFFFFFFFF
# What the numbers are for: streams of one step and place that have nothing in common.
CROPS, NOISE, MASK, POOL = range(4)


def philox(counter: tuple[Tensor, ...], key: tuple[int, int]) -> tuple[Tensor, ...]:
    """Four random words for each counter.

    Args:
        counter: four int64 tensors that broadcast, each in 0..2^32 - 1.
        key: two numbers in 0..2^32 - 1.

    Returns:
        Four int64 tensors in 0..2^32 - 1.

    Source: Philox4x32-10 of J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
    SC 2011.
    """
    a, b, c, d = counter
    first, second = key
    for _ in range(_ROUNDS):
        # Products of 64 bits wrap around, which leaves both halves right.
        left, right = a * _MULTIPLIERS[0], c * _MULTIPLIERS[1]
        a, b, c, d = (
            ((right >> 32) & _LOW) ^ b ^ first,
            right & _LOW,
            ((left >> 32) & _LOW) ^ d ^ second,
            left & _LOW,
        )
        first, second = (first + _WEYL[0]) & _LOW, (second + _WEYL[1]) & _LOW
    return a, b, c, d


def words(step: Tensor, places: Tensor, count: int, seed: int, stream: int) -> Tensor:
    """Random words of a step for some places in the batch.

    Args:
        step: the step's number, an int64 scalar of the device.
        places: (batch,) int64, in the batch of all processes together.
        count: how many for each place.
        seed: of the run.
        stream: one of the constants above.

    Returns:
        (batch, count) int64 in 0..2^32 - 1.
    """
    blocks = torch.arange(-(-count // 4), device=places.device)[None, :]
    counter = (blocks, places[:, None], step & _LOW, step >> 32)
    found = philox(counter, (seed & _LOW, stream))
    shape = (places.shape[0], blocks.shape[1])
    return torch.stack([word.expand(shape) for word in found], dim=2).flatten(1)[:, :count]


def share(word: Tensor) -> Tensor:
    """Float64 numbers in 0..1, 1 excluded."""
    return word * 2.0**-32


def below(word: Tensor, limit: Tensor | int) -> Tensor:
    """Whole numbers from 0 to below a limit, which is at most 2^31."""
    return (word * limit) >> 32


def normal(word: Tensor) -> Tensor:
    """Standard normal float32 numbers, (batch, count) with an even count.

    Source: G. Box and M. Muller, Ann. Math. Statist. 29(2), 1958.
    """
    first, second = word.chunk(2, dim=1)
    radius = ((first + 0.5) * 2.0**-32).float().log_().mul_(-2).sqrt_()
    angle = (second * (2.0**-31 * math.pi)).float()
    return torch.cat([radius * angle.cos(), radius * angle.sin()], dim=1)
