"""Muon against its definition, torch's AdamW and torch's Muon."""

import pytest
import torch
from torch import nn

from swinsr.models import RestorationConfig, build
from swinsr.models.config import Swin2SRConfig, SwinIRConfig
from swinsr.training.steps.muon import Muon, count_matrices, orthogonalise


class Body(nn.Module):
    """Parameters by the names that decide: two matrices (one of three), a bias, a first layer."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.ModuleDict({"qkv": nn.Linear(8, 24), "fc": nn.Linear(8, 20)})
        self.conv_first = nn.Conv2d(3, 8, 3)


def step(network: Body, optimizer: torch.optim.Optimizer, steps: int) -> None:
    torch.manual_seed(1)
    for _ in range(steps):
        for parameter in network.parameters():
            parameter.grad = torch.randn_like(parameter)
        optimizer.step()


@pytest.mark.parametrize("shape", [(3, 48, 48), (2, 48, 432), (2, 96, 48), (1, 1, 5)])
def test_singular_values_come_near_one_and_vectors_stay(shape: tuple[int, int, int]) -> None:
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    left, _, right = torch.linalg.svd(matrices.double(), full_matrices=False)
    inside = left.mT @ orthogonalise(matrices).double() @ right.mT
    values = inside.diagonal(dim1=-2, dim2=-1)
    # A random square matrix has singular values so near 0 that five rounds do not lift them.
    assert values.max() < 1.3
    assert values.median() > 0.65
    torch.testing.assert_close(inside - torch.diag_embed(values), 0 * inside, atol=1e-4, rtol=0)


def test_zeros_stay_zeros() -> None:
    assert not orthogonalise(torch.zeros(2, 4, 6)).any()


def test_what_is_no_matrix_goes_as_by_adamw() -> None:
    ours, theirs = Body(), Body()
    step(ours, Muon(ours, 1e-2, (0.9, 0.99), 0.1), 5)
    step(theirs, torch.optim.AdamW(theirs.parameters(), 1e-2, (0.9, 0.99), weight_decay=0.1), 5)
    for name, parameter in ours.named_parameters():
        expected = theirs.get_parameter(name)
        if count_matrices(name, parameter):
            assert not torch.allclose(parameter, expected, atol=1e-3)
        else:
            torch.testing.assert_close(parameter, expected)


def test_a_matrix_goes_as_by_torch() -> None:
    muon = getattr(torch.optim, "Muon", None)
    if muon is None:
        pytest.skip(f"torch {torch.__version__} has no Muon; 2.9 has")
    ours, theirs = Body(), Body()
    weight = theirs.layers["fc"].weight
    start = weight.detach().clone()
    step(ours, Muon(ours, 1e-2, (0.9, 0.99), 0.1), 5)
    step(theirs, muon([weight], 1e-2, 0.1, adjust_lr_fn="match_rms_adamw"), 5)
    moved, expected = ours.layers["fc"].weight - start, weight - start
    # torch iterates in bfloat16.
    assert (moved - expected).norm() < 0.03 * expected.norm()


def test_queries_keys_and_values_are_three_matrices() -> None:
    network = Body()
    step(network, Muon(network, 0.0, (0.9, 0.99), 0.0), 1)
    before = network.layers["qkv"].weight.detach().clone()
    torch.manual_seed(1)
    gradients = [torch.randn_like(p) for p in network.parameters()]
    fresh = Body()
    step(fresh, Muon(fresh, 1.0, (0.9, 0.99), 0.0), 1)
    moved = before - fresh.layers["qkv"].weight
    for part, gradient in zip(moved.split(8), gradients[0].split(8), strict=True):
        expected = orthogonalise(gradient[None])[0] * 0.2 * 8**0.5
        torch.testing.assert_close(part, expected)


@pytest.mark.parametrize("config", [SwinIRConfig, Swin2SRConfig])
def test_matrices_are_the_linear_layers_and_convolutions_of_the_body(
    config: type[RestorationConfig],
) -> None:
    small = {"depths": (1,), "num_heads": (2,), "embed_dim": 8, "window_size": 4}
    network = build(config(upscale=2, upsampler="pixelshuffledirect", **small))
    found = {n for n, p in network.named_parameters() if count_matrices(n, p)}
    block = "layers.0.residual_group.blocks.0"
    names = ("attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2")
    expected = {f"{block}.{n}.weight" for n in names} | {"layers.0.conv.weight"}
    if config is Swin2SRConfig:  # its groups end in a patch embedding of 1x1
        expected.add("layers.0.patch_embed.proj.weight")
    assert found == expected
