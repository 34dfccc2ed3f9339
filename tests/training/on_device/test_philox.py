"""Random numbers: the published ones, the same however a batch is divided, and well spread."""

import math

import pytest
import torch
from torch import Tensor

from swinsr.training.data.on_device.philox import below, normal, philox, share, words

CPU = torch.device("cpu")


# The known answers that come with the authors' Random123.
@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ("00000000 " * 4, "00000000 " * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff " * 4, "ffffffff " * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            "243f6a88 85a308d3 13198a2e 03707344",
            "a4093822 299f31d0",
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_gives_the_published_words(counter: str, key: str, answer: str) -> None:
    given = tuple(torch.tensor(int(word, 16)) for word in counter.split())
    first, second = (int(word, 16) for word in key.split())
    assert [f"{int(word):08x}" for word in philox(given, (first, second))] == answer.split()


def drawn(step: int = 5, batch: int = 64, count: int = 1000, seed: int = 0) -> Tensor:
    return words(torch.tensor(step), torch.arange(batch), count, seed, 0)


def test_words_are_of_the_step_the_place_and_the_seed_alone() -> None:
    whole = drawn()
    part = words(torch.tensor(5), torch.arange(1, 64, 2), 1000, 0, 0)
    assert torch.equal(part, whole[1::2])
    assert torch.equal(drawn(count=10), whole[:, :10])
    others = [drawn(6), drawn(seed=1), words(torch.tensor(5), torch.arange(64), 1000, 0, 1)]
    # 64,000 words: that one agrees by chance is improbable.
    assert all(not (other == whole).any() for other in others)
    assert not torch.equal(drawn(5 + 2**32), whole)


def test_numbers_are_spread_evenly() -> None:
    numbers = share(drawn()).flatten()
    assert numbers.min() >= 0 and numbers.max() < 1
    counts = torch.histc(numbers.float(), 64, 0, 1)
    expected = numbers.numel() / 64
    # Chi-square of 63 degrees of freedom: mean 63, standard deviation 11.
    assert float(((counts - expected) ** 2 / expected).sum()) < 63 + 5 * 11
    assert abs(float(torch.corrcoef(torch.stack([numbers[:-1], numbers[1:]]))[0, 1])) < 0.02
    whole = below(drawn(), 7)
    assert whole.min() == 0 and whole.max() == 6
    counts = torch.bincount(whole.flatten()).double()
    assert float((counts / counts.mean() - 1).abs().max()) < 0.05


def test_normal_numbers_are_normal() -> None:
    numbers = normal(drawn()).double().flatten().sort().values
    assert torch.isfinite(numbers).all()
    upto = 0.5 * (1 + torch.erf(numbers / math.sqrt(2)))
    place = (torch.arange(len(numbers)) + 0.5) / len(numbers)
    # Kolmogorov and Smirnov: 1.95 of the root is passed once in a thousand.
    assert float((upto - place).abs().max()) * math.sqrt(len(numbers)) < 1.95
    extremes = torch.tensor([[0, 0], [0xFFFFFFFF, 0xFFFFFFFF]])
    assert torch.isfinite(normal(extremes)).all()
