"""Networks between two."""

import pytest
import torch

from swinsr.checkpoints.blend import blend
from swinsr.errors import WeightsMismatchError
from tests.checkpoints.samples import tiny


def test_weights_lie_on_the_line_between() -> None:
    faithful, crisp = tiny(), tiny()
    with torch.no_grad():
        for parameter in crisp.parameters():
            parameter.add_(torch.randn_like(parameter))
    first, last = (
        {name: tensor.clone() for name, tensor in network.state_dict().items()}
        for network in (faithful, crisp)
    )
    blended = blend(faithful, crisp, 0.25).state_dict()
    for name, tensor in blended.items():
        if tensor.is_floating_point():
            assert torch.allclose(tensor, 0.75 * first[name] + 0.25 * last[name], atol=1e-6)
        else:
            assert torch.equal(tensor, last[name])
    assert all(torch.equal(first[name], t) for name, t in faithful.state_dict().items())


def test_one_that_is_kept_in_half_is_blended_with_one_that_is_not() -> None:
    faithful, crisp = tiny(), tiny().half()
    first, last = faithful.state_dict(), {k: v.clone() for k, v in crisp.state_dict().items()}
    for name, tensor in blend(faithful, crisp, 0.5).state_dict().items():
        assert tensor.dtype == last[name].dtype
        if tensor.is_floating_point():
            wanted = (first[name] + last[name].float()) / 2
            assert torch.allclose(tensor.float(), wanted, atol=2e-3)


def test_refuses_networks_of_two_architectures() -> None:
    for other in (tiny(embed_dim=8), tiny("swin2sr")):
        with pytest.raises(WeightsMismatchError, match="two architectures"):
            blend(tiny(), other, 0.5)
